"""Drafts cases out of what those on call wrote, offers them, and does what is pressed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from bot.domain.casework import CASE_WANTED, CaseWanted, fragment_of
from bot.domain.conversations import Turn
from bot.domain.errors import BadRequest
from bot.domain.escalations import Escalation, State, Truth
from bot.domain.questions import ThreadKey
from bot.domain.resolved_cases import CaseSource, ResolvedCase, text_of
from bot.domain.work import Retry
from bot.services.access import Access
from bot.services.case_deciders import WHO_DECIDES, CaseDeciders
from bot.services.casework import CASE, Casework, Decider, Wording, asked_in
from bot.services.escalation_ports import Card, Escalations
from bot.services.known_cases import sees_case
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Place
from bot.slack.case_posts import offer_post
from bot.slack.case_values import CaseAct, CasePressed
from bot.slack.case_words import Remark, remarks_in
from bot.slack.desk import Records
from bot.slack.escalation_readers import ForReaders
from bot.slack.jobs import CASE_PRESSED
from bot.slack.replies import Replies
from bot.slack.saying import Saying
from bot.slack.talk.hearing import Hearing
from bot.words import mark, say

log = structlog.get_logger(__name__)

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]
Condense = Callable[[str, Sequence[str]], Awaitable[str]]
"""Says in a model's words what people wrote about a problem; "" where there is no model, or it says
nothing that they did not. Never raises."""

_STORE = Retry(attempts=6, pause=1.0, seconds=60.0)
_THREAD = Retry(attempts=5, pause=2.0, seconds=60.0)
_PAGES, _READ_SECONDS = 5, 10.0
_PARTIES = 100
_REOPENED = "opened again"  # for whoever reviews it
_NOT_YOU = mark("You may not decide about cases here. These may: {who}.")


@dataclass(frozen=True, slots=True)
class Casing:
    """What cases are made with beside Slack."""

    casework: Casework
    deciders: CaseDeciders
    access: Access
    escalations: Escalations
    condense: Condense


@dataclass(frozen=True, slots=True)
class CaseDesk:
    """Does jobs of kind `CASE_WANTED` and `CASE_PRESSED`."""

    casing: Casing
    records: Records
    replies: Replies
    hearing: Hearing
    readers: ForReaders

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {CASE_WANTED: self.draft, CASE_PRESSED: self.press}

    async def draft(self, body: CaseWanted, steps: DurableSteps) -> None:
        """Of what was corrected meanwhile the newest is drafted. What was deleted meanwhile, or of
        somebody who wants nothing kept, is not kept."""
        case = await steps.run("draft case", partial(self._draft, body), _THREAD)
        if case is None:
            await steps.run("doubt", partial(self._doubt, body), _STORE)
            return
        card = await steps.run("card", partial(self.casing.escalations.card, body.escalation))
        if card is None:
            return
        thread = ThreadKey(body.workspace, card.channel, card.ts)
        if not await steps.run("may be shown", partial(self._may_be_shown, case, thread), _STORE):
            return
        place = Place(card.channel, "", card.ts)
        await Saying(steps, body.workspace, f"{fragment_of(case.id)}offer").say(
            offer_post(case, text_of(case), place, body.workspace)
        )

    async def press(self, pressed: CasePressed, steps: DurableSteps) -> None:
        """Says to whoever pressed why nothing came of it. For a form that is wanted the listener
        has opened it."""
        if pressed.is_form_wanted:
            return
        asker, stands = pressed.asker.user_id, pressed.place
        try:
            case = await steps.run("decide", partial(self._decide, pressed), _STORE)
        except BadRequest as error:
            place = Place(stands.channel, asker, stands.thread)
            private = self.replies.private(place, pressed.workspace, pressed.key, steps)
            await private.tell(str(error))
            return
        thread = None if stands.thread == stands.message else stands.thread
        post = offer_post(case, pressed.shown, Place(stands.channel, "", thread), pressed.workspace)
        await Saying(steps, pressed.workspace, pressed.key).say(post)

    async def _draft(self, body: CaseWanted) -> ResolvedCase | None:
        casing, escalations = self.casing, self.casing.escalations
        escalation = await escalations.get(body.escalation)
        truth = await escalations.truth(body.escalation)
        if escalation is None or truth is None or escalation.state is not State.RESOLVED:
            return None
        turn = await self._turn(escalation)
        card = await escalations.card(escalation.id)
        askers = await self._askers(escalation)
        if turn is None or card is None or not await self._may_use(truth, card, askers, body):
            return None
        remarks = await self._remarks(card, askers, body.workspace)
        link = await self.replies.kit.gestures.permalink(card.channel, card.ts)
        case = casing.casework.drafted(escalation, truth, turn, link, body.workspace)
        if case is None:
            return None
        said = await self._said(case, remarks)
        case = casing.casework.drafted(escalation, truth, turn, link, body.workspace, said)
        if case is None:
            return None
        sources = [
            CaseSource(body.workspace, truth.by),
            asked_in(turn),
            *(CaseSource(body.workspace, one.user, card.channel, one.ts) for one in remarks),
        ]
        kept = await casing.casework.keep_draft(case, sources)
        log.info("case.drafted", case=case.id, kept=kept, remarks=len(remarks))
        return case if kept else None

    async def _doubt(self, body: CaseWanted) -> None:
        """What was resolved and is open again was not fixed."""
        escalation = await self.casing.escalations.get(body.escalation)
        if escalation is not None and not escalation.state.is_over:
            await self.casing.casework.cases.doubt(escalation.id, _REOPENED)

    async def _said(self, case: ResolvedCase, remarks: Sequence[Remark]) -> Sequence[str]:
        """What those on call wrote, in fewer words where there is a model."""
        words = [one.text for one in remarks]
        if not words:
            return ()
        shorter = await self.casing.condense(case.problem, [case.fix, *words])
        return [shorter] if shorter else words

    async def _turn(self, escalation: Escalation) -> Turn | None:
        name = escalation.subject.turn_id
        return await self.records.turn(name) if name else None

    async def _askers(self, escalation: Escalation) -> frozenset[str]:
        found, offset = set[str](), 0
        while True:
            page = await self.casing.escalations.parties(escalation.id, _PARTIES, offset)
            found |= {one.user_id for one in page}
            offset += len(page)
            if len(page) < _PARTIES:
                return frozenset(found - {""})

    async def _may_use(
        self, truth: Truth, card: Card, askers: frozenset[str], body: CaseWanted
    ) -> bool:
        """Never what a guest wrote, or somebody from outside, or who wants nothing kept."""
        if not truth.by or truth.by in askers:
            return False
        return await self.hearing.keeps_words(body.workspace, truth.by, card.channel)

    async def _remarks(self, card: Card, askers: frozenset[str], workspace: str) -> list[Remark]:
        gestures = self.replies.kit.gestures
        me = await gestures.identity()
        read = await gestures.replies(card.channel, card.ts, _PAGES, _READ_SECONDS)
        found = remarks_in(read, me.user_id, askers, self.replies.redact)
        users = {one.user for one in found}
        kept = {
            user
            for user in sorted(users)
            if await self.hearing.keeps_words(workspace, user, card.channel)
        }
        return [one for one in found if one.user in kept]

    async def _may_be_shown(self, case: ResolvedCase, thread: ThreadKey) -> bool:
        """Whether the channel of those on call may see the Dag that it is of; without a card it
        waits for review all the same."""
        sight = await self.readers.readers.of(thread)
        return sight is None or await sees_case(sight, case)

    async def _decide(self, pressed: CasePressed) -> ResolvedCase:
        by = await self._decider(pressed)
        casework = self.casing.casework
        shown = pressed.shown
        if pressed.act is CaseAct.REJECT:
            return await casework.reject(pressed.key, pressed.case, by, shown=shown)
        wording = Wording(pressed.fix, pressed.cause) if pressed.act is CaseAct.EDIT else None
        return await casework.approve(pressed.key, pressed.case, by, wording, shown)

    async def _decider(self, pressed: CasePressed) -> Decider:
        """Raises `BadRequest` for whoever may not, which the audit learns."""
        workspace, channel = pressed.workspace, pressed.place.channel
        by = await self.casing.deciders.decider(pressed.asker, workspace, channel)
        if isinstance(by, Decider):
            return by
        await self.casing.access.keep(
            pressed.key, pressed.asker, workspace, channel, CASE, by, detail=pressed.case
        )
        raise BadRequest(say(_NOT_YOU, who=say(WHO_DECIDES)))
