"""Offers drafts of runbooks to those who decide about them, and does what they press."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.domain.access import Decision, Denied
from bot.domain.errors import BadRequest
from bot.domain.runbook_drafts import OFFERED, DraftOffered, DraftState, RunbookDraft
from bot.domain.work import FOR_A_DAY, Retry
from bot.services.access import Access
from bot.services.channel_managers import WHO, ChannelManagers
from bot.services.ports import DurableSteps
from bot.services.runbook_growth import PATCH, RUNBOOK, Chosen, Person, RunbookGrowth
from bot.slack.arrivals import Place
from bot.slack.channel_homes import ChannelHomes
from bot.slack.escalation_values import Draft
from bot.slack.growth_posts import offer_post
from bot.slack.growth_values import DraftAct, DraftPressed
from bot.slack.jobs import DRAFT_PRESSED
from bot.slack.posts import ANSWER, Post
from bot.slack.replies import Replies
from bot.slack.saying import Saying
from bot.slack.uploads import Upload
from bot.words import mark, say

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]

_STORE = Retry(attempts=6, pause=1.0, seconds=60.0)
_NOT_YOU = mark("You may not decide about runbooks here. These may: {who}.")


@dataclass(frozen=True, slots=True)
class Growing:
    """What drafts are made of beside Slack, and the channel that they are offered in; "" for
    none."""

    growth: RunbookGrowth
    managers: ChannelManagers
    access: Access
    channel: str = ""


@dataclass(frozen=True, slots=True)
class GrowthDesk:
    """Does jobs of kind `OFFERED` and `DRAFT_PRESSED`."""

    growing: Growing
    replies: Replies
    homes: ChannelHomes

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {OFFERED: self.offer, DRAFT_PRESSED: self.press}

    @property
    def _growth(self) -> RunbookGrowth:
        return self.growing.growth

    async def offer(self, body: DraftOffered, steps: DurableSteps) -> None:
        """Raises `SlackRefused` where it cannot be shown."""
        look = partial(self._growth.drafts.get, body.id)
        draft = await steps.run("look up", look, FOR_A_DAY)
        if draft is None or draft.version != body.version:
            return
        channel = self.growing.channel
        workspace = await steps.run("workspace", partial(self._workspace, channel), FOR_A_DAY)
        post = offer_post(draft, Place(channel, ""), workspace)
        await Saying(steps, workspace, post.key).say(post)

    async def press(self, pressed: DraftPressed, steps: DurableSteps) -> None:
        """Says to whoever pressed why nothing came of it."""
        place = Place(pressed.place.channel, pressed.asker.user_id, pressed.place.thread)
        try:
            await self._press(pressed, place, steps)
        except BadRequest as error:
            workspace, key = pressed.workspace, pressed.key
            await self.replies.private(place, workspace, key, steps).tell(str(error))

    async def _press(self, pressed: DraftPressed, place: Place, steps: DurableSteps) -> None:
        await steps.run("may", partial(self._require, pressed), _STORE)
        if pressed.act is DraftAct.SHOW:
            await self._attach(pressed, place, Chosen(), steps)
            return
        draft = await steps.run("decide", partial(self._decide, pressed), _STORE)
        at = Place(pressed.place.channel, "", _head(pressed))
        await Saying(steps, pressed.workspace, pressed.key).say(
            offer_post(draft, at, pressed.workspace)
        )
        if draft.state is DraftState.APPROVED and draft.note == PATCH:
            chosen = Chosen(pressed.verdict)
            await self._attach(pressed, place, chosen, steps)

    async def _decide(self, pressed: DraftPressed) -> RunbookDraft:
        """Done again it comes to the same."""
        known = await self._growth.drafts.get(pressed.draft)
        mine = known is not None and known.decided_by == pressed.asker.user_id
        if known is not None and mine and known.state is _STATES[pressed.act]:
            return known
        decision = await self._may(pressed)
        rule = decision.rule
        by = Person(pressed.asker.user_id, pressed.workspace, pressed.place.channel, rule)
        if pressed.act is DraftAct.REJECT:
            return await self._growth.reject(pressed.key, pressed.draft, by, pressed.version)
        chosen = Chosen(pressed.verdict)
        return await self._growth.approve(pressed.key, pressed.draft, chosen, by, pressed.version)

    async def _attach(
        self, pressed: DraftPressed, place: Place, chosen: Chosen, steps: DurableSteps
    ) -> None:
        """In words where it cannot be attached."""
        make = partial(self._growth.patch, pressed.draft, chosen)
        name, words = await steps.run("patch", make, _STORE)
        key = f"{pressed.key}:patch"
        attach = self.replies.kit.poster.attach
        if not await steps.run("attach", lambda: attach(key, place, Upload(name, words))):
            post = Post(key, ANSWER, place, Draft(name, words))
            await Saying(steps, pressed.workspace, key).say(post)

    async def _require(self, pressed: DraftPressed) -> None:
        """Raises `BadRequest` for whoever may not, which the audit learns."""
        decision = await self._may(pressed)
        if not isinstance(decision, Denied):
            return
        channel, workspace = pressed.place.channel, pressed.workspace
        await self.growing.access.keep(
            pressed.key, pressed.asker, workspace, channel, RUNBOOK, decision, detail=pressed.draft
        )
        raise BadRequest(say(_NOT_YOU, who=say(WHO)))

    async def _may(self, pressed: DraftPressed) -> Decision:
        return await self.growing.managers.may_change(pressed.asker, pressed.place.channel)

    async def _workspace(self, channel: str) -> str:
        home = await self.homes.of(channel)
        return home or (await self.replies.kit.gestures.identity()).team_id


_STATES = {DraftAct.APPROVE: DraftState.APPROVED, DraftAct.REJECT: DraftState.REJECTED}


def _head(pressed: DraftPressed) -> str | None:
    """The thread in which the offer stands; None where it opens one."""
    place = pressed.place
    return None if place.thread == place.message else place.thread
