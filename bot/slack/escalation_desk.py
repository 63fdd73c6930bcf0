"""Tells everybody concerned in Slack how an escalation stands, and does what they press."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from bot.domain.casework import wanted_job
from bot.domain.errors import BadRequest
from bot.domain.escalation_course import Refused
from bot.domain.escalation_pager import PAGER
from bot.domain.escalation_work import TOLD, EscalationTold
from bot.domain.escalations import (
    WAITING,
    Deed,
    Escalation,
    Kind,
    Party,
    State,
    Truth,
    WasRight,
)
from bot.domain.oncall import OnCallNow
from bot.domain.questions import Asker, ThreadKey
from bot.domain.work import FOR_A_DAY, Retry
from bot.services.escalate import Escalator
from bot.services.escalation_pager import PagerWatch
from bot.services.escalation_pages import Pages
from bot.services.escalation_ports import Escalations
from bot.services.ports import DurableSteps
from bot.services.readers import Everybody
from bot.slack.arrivals import Asked, Place, Way
from bot.slack.desk import Records
from bot.slack.escalation_arrivals import (
    ACT,
    Acted,
    EscalationArrival,
    HumanWanted,
    Resolved,
    ResolveWanted,
)
from bot.slack.escalation_bridge import Bridge
from bot.slack.escalation_calling import Calling, Handler
from bot.slack.escalation_callouts import call_out_of
from bot.slack.escalation_cards import Cards
from bot.slack.escalation_handing import hand_in_pager
from bot.slack.escalation_holders import Holders, has_new_holder
from bot.slack.escalation_readers import ForReaders
from bot.slack.escalation_saying import say_soon
from bot.slack.escalation_status import Statuses
from bot.slack.escalation_unreacted import UNREACTED, Reactions, unreacted_job
from bot.slack.onlooking import Everybody as EverybodyMay
from bot.slack.onlooking import Rights
from bot.slack.posts import ANSWER, Post
from bot.slack.replies import Replies
from bot.slack.talk.hearing import Hearing
from bot.words import mark, say

log = structlog.get_logger(__name__)

_STORE = Retry(attempts=10, pause=1.0, seconds=15.0)
_IN_THREADS = (Way.FOLLOW_UP, Way.MENTION, Way.ASIDE, Way.DIRECT)
_QUICKER = mark(
    "Somebody was quicker to say what was true. Use Correct under the card if this is to stand in "
    "place of that:"
)
_UNSEEN = frozenset({Kind.JOINED, Kind.REMINDED})


@dataclass(frozen=True, slots=True)
class EscalationDesk:
    """Does jobs of kind `TOLD` and `ACT`."""

    calling: Calling
    records: Records
    replies: Replies
    hearing: Hearing | None = None
    readers: ForReaders = field(default_factory=lambda: ForReaders(Everybody()))
    rights: Rights = field(default_factory=EverybodyMay)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        reactions = Reactions(self.escalator, self.replies.kit.gestures)
        cards = self._cards
        watch = PagerWatch(
            self.pages, cards.link, self.escalator.do, self.pages.now, cards.as_shown
        )
        return {
            TOLD: self.tell,
            ACT: self.act,
            UNREACTED: reactions.work,
            PAGER: watch.look,
            **self.calling.handlers,
        }

    @property
    def _cards(self) -> Cards:
        return Cards(self.calling, self.records, self.replies, self.readers)

    @property
    def channel(self) -> str:
        return self.calling.channel

    @property
    def escalations(self) -> Escalations:
        return self.calling.escalations

    @property
    def escalator(self) -> Escalator:
        return self.calling.escalator

    @property
    def pages(self) -> Pages:
        return self.calling.pages

    @property
    def _statuses(self) -> Statuses:
        policy = self.escalator.policy
        return Statuses(self.escalations, self.replies.kit.gestures, self.readers, policy)

    @property
    def _holders(self) -> Holders:
        return Holders(self.calling, self._cards, self.replies.kit.gestures, self.readers)

    def bridged(self, work: Handler) -> Handler:
        """`work` on what arrives, once it was carried between the threads of an escalation. Where
        people talk to one another in these, the bot says nothing unless it is called."""
        name_of, home = self.replies.kit.gestures.name_of, self.calling.workspace
        bridge = Bridge(self.escalations, name_of, self.hearing, self.readers, home)

        async def carried(arrival: Any, steps: DurableSteps) -> Any:
            if isinstance(arrival, Asked) and arrival.way in _IN_THREADS:
                is_carried = await bridge.relay(arrival, steps)
                if is_carried and arrival.way is not Way.MENTION:
                    return None
            come_to = await work(arrival, steps)
            if isinstance(arrival, Asked):
                job = unreacted_job(arrival, self.calling.unanswered_after)
                if job is not None:
                    await steps.start(job)
            return come_to

        return carried

    async def tell(self, body: EscalationTold, steps: DurableSteps) -> None:
        """Shows the escalation as it is by now, and calls whoever `body.deed` says."""
        is_count = body.deed.kind is Kind.JOINED and body.party is None
        look = self.escalations.counted if is_count else self.escalations.get
        escalation = await steps.run("look up", partial(look, body.id), _STORE)
        if escalation is None:
            return
        workspace = await steps.run("workspace", self._workspace, FOR_A_DAY)
        if body.holder:
            await self._held(escalation, body, workspace, steps)
        elif body.party is not None:
            await self._statuses.tell(escalation, body.party, None, workspace, steps)
        elif body.deed.kind is Kind.LEVEL_RAISED:
            # What became of the page is shown once that is known.
            if escalation.state in WAITING:
                link = await steps.run("card link", partial(self._cards.link, body.id))
                show = partial(self._cards.as_shown, escalation)
                shown = await steps.run("for those on call", show, _STORE)
                found = await self.pages.page(shown, link, steps)
                await self._call_out(escalation, body.deed, workspace, steps, found)
        else:
            await self._shown(escalation, body.deed, workspace, steps)

    async def act(self, arrival: EscalationArrival, steps: DurableSteps) -> None:
        """Says so to whoever pressed where it changed nothing."""
        match arrival:
            case Acted():
                deed = Deed(
                    key=arrival.key,
                    kind=arrival.kind,
                    at=arrival.at,
                    by=arrival.place.user,
                    to=arrival.to,
                    until=arrival.at + timedelta(minutes=arrival.minutes),
                    seen=arrival.seen,
                )
                await self._do(arrival.escalation, deed, arrival.place, steps)
            case Resolved():
                await self._resolve(arrival, steps)
            case HumanWanted():
                await self._called(arrival, steps)
            case ResolveWanted():
                """The listener has opened it."""

    async def _do(
        self,
        escalation_id: str,
        deed: Deed,
        place: Place | None,
        steps: DurableSteps,
        truth: Truth | None = None,
    ) -> None:
        do = partial(self.escalator.do, escalation_id, deed, truth)
        come_to = await steps.run("do", do, _STORE)
        if isinstance(come_to, Refused):
            log.info("escalation.refused", kind=deed.kind.value, reason=come_to.reason)
            place = place or Place(self.channel, deed.by)
            await self._whisper(place, deed.key, come_to.reason, steps)

    async def _resolve(self, sent: Resolved, steps: DurableSteps) -> None:
        """Where somebody else was quicker, no word is lost that it took minutes to write."""
        before = await steps.run("look up", partial(self.escalations.get, sent.escalation), _STORE)
        known = await steps.run("truth", partial(self.escalations.truth, sent.escalation), _STORE)
        truth = _truth_of(sent, before)
        is_resolved = before is not None and before.state is State.RESOLVED
        if is_resolved and known is not None and not sent.corrects:
            words = f"{say(_QUICKER)}\n\n{truth.was_wrong}\n\n{truth.fixed_by}"
            await self._whisper(Place(self.channel, sent.user), sent.key, words, steps)
            return
        kind = Kind.EXPLAINED if is_resolved else Kind.RESOLVED
        deed = Deed(sent.key, kind, sent.at, by=sent.user)
        await self._do(sent.escalation, deed, None, steps, truth)

    async def _called(self, arrival: HumanWanted, steps: DurableSteps) -> None:
        place = arrival.place
        thread = ThreadKey(arrival.workspace, place.channel, place.thread or "")
        alone = Party.alone(arrival.workspace, place.user)
        party = alone if place.is_private else Party(thread, place.user)
        try:
            await steps.run("escalate", partial(self._call, arrival, party), _STORE)
        except BadRequest as error:
            await self._whisper(place, arrival.key, str(error), steps)

    async def _call(self, arrival: HumanWanted, party: Party) -> Escalation:
        turn = await self.records.turn(arrival.turn_id)
        if turn is not None:
            presser = arrival.asker or Asker(arrival.place.user)
            await self.rights.call(arrival.key, turn, presser, arrival.place.channel)
        return await self.escalator.for_turn(arrival.key, arrival.turn_id, party)

    async def _whisper(self, place: Place, key: str, words: str, steps: DurableSteps) -> None:
        workspace = key.partition(":")[0]
        await self.replies.private(place, workspace, key, steps).tell(words)

    async def _keeps_words(self, workspace: str, user: str, channel: str) -> bool:
        hearing = self.hearing
        return hearing is None or await hearing.keeps_words(workspace, user, channel)

    async def _shown(
        self, escalation: Escalation, deed: Deed, workspace: str, steps: DurableSteps
    ) -> None:
        truth = await steps.run("truth", partial(self.escalations.truth, escalation.id), _STORE)
        if escalation.state is not State.RESOLVED:
            truth = None  # of what was opened again nobody knows it yet
        cards = self._cards
        diagnosis = await steps.run("find answer", partial(cards.diagnosis, escalation), _STORE)
        handoff = await cards.handoff(escalation, diagnosis, truth, workspace, steps)
        card = await cards.put(escalation, handoff, workspace, steps)
        if card is not None and has_new_holder(escalation, deed):
            await self._holders.soon(escalation, deed, steps)
        elif card is not None:
            await self._call_out(escalation, deed, workspace, steps)
        if deed.kind not in _UNSEEN:
            await self._statuses.tell_all(escalation, truth, workspace, steps)
        if escalation.state.is_over:
            await steps.run("over", partial(self.escalator.over, escalation.id), _STORE)
        if deed.by:
            await self.pages.tell(escalation, deed.by, steps)
        if deed.by and deed.kind is Kind.HANDED_ON:
            await hand_in_pager(self.pages, escalation, deed, card, workspace, steps)
        is_told = deed.kind in (Kind.RESOLVED, Kind.EXPLAINED)
        if is_told and truth is not None and card is not None:
            keeps = partial(self._keeps_words, workspace, truth.by, card.channel)
            if await steps.run("keeps words", keeps, _STORE):
                await cards.draft(handoff, truth, card, workspace, steps)

        is_drafted = is_told and truth is not None and card is not None
        if self.calling.drafts_cases and (is_drafted or deed.kind is Kind.REOPENED):
            await steps.start(wanted_job(escalation, deed, workspace))

    async def _held(
        self, escalation: Escalation, body: EscalationTold, workspace: str, steps: DurableSteps
    ) -> None:
        """Nobody is told of what they have acknowledged by now, or somebody else has."""
        if escalation.state in WAITING and escalation.responder == body.holder:
            await self._call_out(escalation, body.deed, workspace, steps)
            await self._holders.tell(escalation, body, workspace, steps)

    async def _call_out(
        self,
        escalation: Escalation,
        deed: Deed,
        workspace: str,
        steps: DurableSteps,
        found: OnCallNow | None = None,
    ) -> None:
        """A new message in the card's thread, where the deed is to be noticed by somebody."""
        content = call_out_of(escalation, deed, found)
        card = await steps.run("card", partial(self.escalations.card, escalation.id), _STORE)
        if content is None or card is None:
            return
        if content.is_for_all:
            # Beside the thread nothing else says what it is about.
            show = partial(self._cards.as_shown, escalation)
            shown = await steps.run("for those on call", show, _STORE)
            content = replace(content, title=shown.subject.title)
        key = f"escalation:{escalation.id}:out:{deed.key}"
        post = Post(
            key,
            ANSWER,
            Place(card.channel, "", card.ts),
            content,
            workspace=workspace,
            # Whoever has not written in a thread does not see what is said there.
            is_for_channel=content.is_for_all,
        )
        await say_soon(post, steps)

    async def _workspace(self) -> str:
        return (await self.replies.kit.gestures.identity()).team_id


def _truth_of(sent: Resolved, escalation: Escalation | None) -> Truth:
    """Where the bot was right, the cause is the one that it gave."""
    was_right = sent.bot is WasRight.YES and escalation is not None
    cause = escalation.subject.cause if was_right and escalation is not None else ""
    return Truth(
        sent.escalation, sent.user, sent.at, sent.was_wrong, sent.fixed_by, sent.bot, cause
    )
