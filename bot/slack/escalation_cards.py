"""The card of an escalation in the channel of those on call, and what hangs beneath it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.answering.runbook_draft import is_worth_a_draft
from bot.domain.answers import Diagnosis
from bot.domain.conversations import Turn
from bot.domain.escalations import Deed, Escalation, Kind, Party, Truth
from bot.domain.questions import ThreadKey
from bot.domain.runbook_drafts import DraftState, draft_id
from bot.domain.verdicts import VerdictKind
from bot.domain.work import Retry
from bot.services.escalation_calls import title_of
from bot.services.escalation_ports import Card, Escalations
from bot.services.ports import DurableSteps
from bot.services.runbook_drafts import checked_draft
from bot.slack.arrivals import Place
from bot.slack.desk import Records
from bot.slack.escalation_calling import Calling
from bot.slack.escalation_readers import ForReaders
from bot.slack.escalation_saying import say_soon
from bot.slack.escalation_status import permalink_of
from bot.slack.escalation_values import Draft, Escalating, Handoff
from bot.slack.growth_posts import offer_post
from bot.slack.posts import ANSWER, Post
from bot.slack.refusals import SlackRefused
from bot.slack.replies import Replies
from bot.slack.saying import Saying
from bot.slack.uploads import Upload
from bot.words import say

log = structlog.get_logger(__name__)

_STORE = Retry(attempts=10, pause=1.0, seconds=15.0)
_LINKS = 3  # to threads that asked
_DIRECT = "D"  # begins the ids of direct messages


@dataclass(frozen=True, slots=True)
class Cards:
    """What it works with are those of `EscalationDesk`."""

    calling: Calling
    records: Records
    replies: Replies
    readers: ForReaders

    @property
    def _escalations(self) -> Escalations:
        return self.calling.escalations

    async def handoff(
        self,
        escalation: Escalation,
        diagnosis: Diagnosis | None,
        truth: Truth | None,
        workspace: str,
        steps: DurableSteps,
    ) -> Handoff:
        """What the channel of those on call may see of it."""
        reach = await steps.run("reach", partial(self._escalations.reach, escalation.id), _STORE)
        first = partial(self._escalations.parties, escalation.id, _LINKS)
        parties = await steps.run("parties", first, _STORE)
        count = partial(self._escalations.party_count, escalation.id)
        party_count = await steps.run("count parties", count, _STORE)
        asked_in = await steps.run("links", partial(self._links, parties))
        handoff = Handoff(
            escalation=_named(escalation, diagnosis),
            diagnosis=diagnosis,
            runbook=_runbook_of(escalation),
            reach=reach,
            parties=party_count,
            truth=truth,
            asked_in=tuple(asked_in),
            called_at=self.calling.escalator.policy.first_call(escalation),
        )
        limit = partial(
            self.readers.handoff, handoff, ThreadKey(workspace, self.calling.channel, "")
        )
        return await steps.run("for those on call", limit, _STORE)

    async def as_shown(self, escalation: Escalation) -> Escalation:
        """With the words that its card has: a page goes to the people of the card's channel."""
        workspace = (await self.replies.kit.gestures.identity()).team_id
        diagnosis = await self.diagnosis(escalation)
        handoff = Handoff(_named(escalation, diagnosis), diagnosis)
        here = ThreadKey(workspace, self.calling.channel, "")
        shown = (await self.readers.handoff(handoff, here)).escalation
        return replace(escalation, subject=shown.subject, fired=shown.fired)

    async def put(
        self, escalation: Escalation, handoff: Handoff, workspace: str, steps: DurableSteps
    ) -> Card | None:
        post = self._post(f"escalation:{escalation.id}:card", escalation, handoff)
        try:
            sent = await Saying(steps, workspace, post.key).say(post)
        except SlackRefused as refusal:
            await self._not_shown(escalation, refusal, steps)
            return None
        if sent.ts is None:
            return None
        card = Card(self.calling.channel, sent.ts)
        keep = partial(self._escalations.put_card, escalation.id, card)
        await steps.run("keep card", keep, _STORE)
        if escalation.fault:
            key = f"escalation:{escalation.id}:card shown:{escalation.version}"
            deed = Deed(key, Kind.CARD_SHOWN, escalation.since)
            await steps.run("keep", partial(self._escalations.do, escalation.id, deed), _STORE)
        return card

    async def link(self, escalation_id: str) -> str:
        """Where those on call find it; "" where nobody knows."""
        card = await self._escalations.card(escalation_id)
        if card is None:
            return ""
        return await self.replies.kit.gestures.permalink(card.channel, card.ts)

    async def _links(self, parties: Sequence[Party]) -> list[str]:
        """To the threads of those who asked first, but for direct messages: nobody else sees
        these."""
        threads = [one.thread for one in parties if not one.thread.channel.startswith(_DIRECT)]
        gestures = self.replies.kit.gestures
        found = [await permalink_of(gestures, one) for one in threads if one.channel]
        return [link for link in found if link]

    async def _not_shown(
        self, escalation: Escalation, refusal: SlackRefused, steps: DurableSteps
    ) -> None:
        """Whoever asked is told that nobody was."""
        log.error("escalation.card_refused", escalation=escalation.id, error=refusal.code)
        deed = Deed(
            key=f"escalation:{escalation.id}:card refused:{escalation.moves}",
            kind=Kind.CARD_REFUSED,
            at=escalation.since,
            words=say(
                "I may not post in the channel of those on call ({code}). Tell them yourself, and "
                "whoever runs this bot.",
                code=refusal.code,
            ),
        )
        await steps.run("keep", partial(self._escalations.do, escalation.id, deed), _STORE)

    async def draft(
        self, handoff: Handoff, truth: Truth, card: Card, workspace: str, steps: DurableSteps
    ) -> None:
        """Offers a runbook made of what somebody found out."""
        escalation, truth = handoff.escalation, handoff.truth or truth
        if not is_worth_a_draft(escalation, truth):
            return
        make = partial(self._drafted, escalation, truth, handoff.diagnosis, workspace)
        name, words = await steps.run("draft", make, _STORE)
        if not words:
            return
        place = Place(card.channel, truth.by, card.ts)
        key = f"escalation:{escalation.id}:draft:{escalation.version}"
        attach = self.replies.kit.poster.attach
        if not await steps.run("attach", lambda: attach(key, place, Upload(name, words))):
            await say_soon(Post(key, ANSWER, place, Draft(name, words), workspace=workspace), steps)
        await self._offer(escalation, Place(card.channel, "", card.ts), workspace, steps)

    async def _drafted(
        self, escalation: Escalation, truth: Truth, diagnosis: Diagnosis | None, workspace: str
    ) -> tuple[str, str]:
        """A file by name and words; without words where somebody has decided about it before."""
        growth = self.calling.growth
        if growth is None:
            made = await asyncio.to_thread(checked_draft, escalation, truth, diagnosis)
            return made.name, made.text
        draft = await growth.resolved(escalation, truth, diagnosis, workspace)
        return draft.file, draft.text if draft.state is DraftState.PROPOSED else ""

    async def _offer(
        self, escalation: Escalation, place: Place, workspace: str, steps: DurableSteps
    ) -> None:
        """Below the file what decides about it."""
        growth = self.calling.growth
        if growth is None:
            return
        look = partial(growth.drafts.get, draft_id(escalation.key))
        draft = await steps.run("find draft", look, _STORE)
        if draft is not None and draft.state is DraftState.PROPOSED:
            await say_soon(offer_post(draft, place, workspace), steps)

    def _post(self, key: str, escalation: Escalation, content: Escalating) -> Post:
        return Post(key, ANSWER + escalation.version, Place(self.calling.channel, ""), content)

    async def diagnosis(self, escalation: Escalation) -> Diagnosis | None:
        """In the language of here."""
        turn: Turn | None = None
        if escalation.subject.turn_id:
            turn = await self.records.turn(escalation.subject.turn_id)
        return await asyncio.to_thread(self.calling.retold, turn) if turn is not None else None


def _named(escalation: Escalation, diagnosis: Diagnosis | None) -> Escalation:
    """It was opened in the language of whoever asked."""
    if diagnosis is None:
        return escalation
    return replace(escalation, subject=replace(escalation.subject, title=title_of(diagnosis)))


def _runbook_of(escalation: Escalation) -> str:
    is_known = escalation.subject.verdict is not VerdictKind.UNKNOWN
    return escalation.subject.cause if is_known else ""
