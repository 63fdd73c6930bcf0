"""Calls a human when one is needed, and does what time brings until it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.diagnosis.incident_key import incident_key
from bot.domain.answers import Diagnosis, HumanCalled, Reply, SeenIn
from bot.domain.conversations import Rating, Score, Turn
from bot.domain.errors import BadRequest, BotError
from bot.domain.escalation_course import Advanced, Refused
from bot.domain.escalation_policy import Policy, due
from bot.domain.escalation_rules import (
    ASKED_FOR,
    DOWN_TWICE,
    by_threshold,
    by_verdict,
    is_countable,
    threshold_of,
)
from bot.domain.escalation_work import EscalationDue, due_job
from bot.domain.escalations import Call, Deed, Escalation, Fired, Kind, Party, Truth
from bot.domain.questions import Question
from bot.domain.targets import Target
from bot.domain.work import FOR_A_DAY, Retry
from bot.services.discretion import without_words
from bot.services.escalation_calls import Caller, failure_key, occurrence_of, party_of
from bot.services.escalation_ports import (
    Called,
    EscalationMeter,
    Escalations,
    NoEscalationMeter,
)
from bot.services.people_ports import Privacy, RecentThreads
from bot.services.ports import ConversationStore, DurableSteps, Steps
from bot.words import mark

log = structlog.get_logger(__name__)

_KEEP = Retry(attempts=6, pause=1.0, seconds=15.0)
_DOWNS = 2
_LATELY, _THREADS = timedelta(hours=1), 5
_PARTIES = 100  # at a time

Thresholds = Callable[[str], str]
"""What the runbook of a cause says under `escalate_after`; "" where there is none."""


class Escalator:
    """The port `Humans`, and the handler of jobs of kind `DUE`.

    `low` is the confidence below which an answer does not help (0..1). `now` gives aware UTC times.
    `levels` says how many there are at the moment, where that changes while the bot runs. Without
    `privacy` everybody has their words kept. `recent` are the threads in which somebody asked last.
    """

    def __init__(
        self,
        escalations: Escalations,
        turns: ConversationStore,
        *,
        policy: Policy,
        thresholds: Thresholds,
        now: Callable[[], datetime],
        caller: Caller | None = None,
        low: float = 0.5,
        meter: EscalationMeter | None = None,
        levels: Callable[[], int] | None = None,
        privacy: Privacy | None = None,
        recent: RecentThreads | None = None,
    ) -> None:
        self._escalations = escalations
        self._turns = turns
        self.policy = policy
        self._thresholds = thresholds
        self._now = now
        self._caller = caller or Caller()
        self._low = low
        self._meter = meter or NoEscalationMeter()
        self._levels = levels
        self._privacy = privacy
        self._recent = recent

    async def asked(self, question: Question, reference: str) -> Reply:
        """Goes by the newest diagnosis of the thread, where there is one. The message that answers
        `question` shows from then on how it stands."""
        party = party_of(question, question.id)
        turn = await self._newest_diagnosis(question)
        if turn is not None:
            called = await self._call_for(question.id, turn, ASKED_FOR, party)
        else:
            asked, party = await self._as_kept(question), await self._as_told(party)
            called = await self._call(
                self._caller.for_thread(question.id, asked, ASKED_FOR, self._now(), party)
            )
        seen_in = await self._seen_in(called.escalation, party)
        called_at = self.policy.first_call(called.escalation)
        return HumanCalled(reference, called.escalation, seen_in=seen_in, called_at=called_at)

    async def subject(self, question: Question) -> Target | None:
        turn = await self._newest_diagnosis(question)
        return turn.reply.target if turn and isinstance(turn.reply, Diagnosis) else None

    async def for_turn(self, key: str, turn_id: str, party: Party) -> Escalation:
        """Somebody asked for a human by the button under an answer.

        Raises `BadRequest` where that answer is not known any more.
        """
        turn = await self._turns.turn(turn_id)
        if turn is None:
            raise BadRequest(mark("I no longer have that answer. Write “get me a human” instead."))
        return (await self._call_for(key, turn, ASKED_FOR, party)).escalation

    async def answered(self, turn: Turn, steps: Steps) -> None:
        """A failure to call somebody is in the log: the answer stands all the same."""
        if not isinstance(turn.reply, Diagnosis):
            return
        try:
            await steps.run("escalate", partial(self._answered, turn), _KEEP)
        except BotError as error:
            log.error("escalation.not_opened", error=str(error))

    async def share(self, key: str, turn: Turn) -> Escalation | None:
        """Joins the escalation that is open for the same incident; None where there is none, and
        nobody is called for it then."""
        if not isinstance(turn.reply, Diagnosis):
            return None
        incident = incident_key(turn.reply.verdict, turn.reply.target, turn.evidence)
        for one in await self._escalations.of_thread(turn.question.thread):
            if one.key == incident:
                return one
        found = await self._escalations.of_incident(incident)
        if found is None:
            return None
        called = await self._call_for(key, turn, found.fired, party_of(turn.question))
        return called.escalation

    async def rated(self, rating: Rating) -> None:
        """Calls somebody once two answers of a thread, or one for two people, did not help."""
        turn = await self._turns.turn(rating.turn_id)
        if rating.score is not Score.DOWN or turn is None:
            return
        downs = 0
        for each in await self._turns.turns(turn.question.thread):
            ratings = await self._turns.ratings(each.id)
            downs += sum(one.score is Score.DOWN for one in ratings)
        if downs >= _DOWNS:
            thread = turn.question.thread
            key = f"{thread.workspace}:{thread.channel}:{thread.thread}:down twice"
            await self._call_for(key, turn, DOWN_TWICE, party_of(turn.question))

    async def unanswered(self, turn_id: str, fired: Fired) -> None:
        """Nobody reacted to a question that the bot alone has answered."""
        turn = await self._turns.turn(turn_id)
        if turn is None or await self._turns.ratings(turn_id):
            return
        await self._call_for(f"{turn.id}:unanswered", turn, fired, party_of(turn.question))

    async def over(self, escalation_id: str) -> None:
        """Everybody was told that it is: now the names go of those who want nothing kept."""
        asked: set[tuple[str, str]] = set()
        offset = 0
        while parties := await self._escalations.parties(escalation_id, _PARTIES, offset):
            asked |= {(one.thread.workspace, one.user_id) for one in parties}
            offset += len(parties)
        for workspace, user in sorted(asked):
            if not await self._keeps(workspace, user):
                await self._escalations.unname(workspace, user)

    async def pass_time(self, body: EscalationDue, steps: DurableSteps) -> None:
        """Does what is due, unless the escalation has moved on since."""
        again = await steps.run("pass time", partial(self._pass_time, body), FOR_A_DAY)
        if again > 0:
            # Its clock was ahead, or there is more patience by now.
            escalation = await steps.run(
                "look up", partial(self._escalations.get, body.id), FOR_A_DAY
            )
            if escalation is not None and escalation.moves == body.moves:
                await steps.start(due_job(escalation, again, body.again + 1))

    async def do(
        self, escalation_id: str, deed: Deed, truth: Truth | None = None
    ) -> Advanced | Refused:
        """What somebody does about it."""
        before = await self._escalations.get(escalation_id)
        come_to = await self._escalations.do(escalation_id, deed, truth)
        if isinstance(come_to, Advanced):
            self._count(before, come_to.escalation, deed)
        return come_to

    async def _answered(self, turn: Turn) -> None:
        reply = turn.reply
        if not isinstance(reply, Diagnosis):
            return
        fired = await self._by_threshold(turn, reply)
        # What others did about it is to be tried before anybody is called.
        if fired is None and turn.question.asker.user_id and not reply.solved:
            fired = by_verdict(reply.verdict, self._low)
        if fired is None:
            return
        key = f"{turn.id}:{fired.rule.value}"
        await self._call_for(key, turn, fired, party_of(turn.question))

    async def _by_threshold(self, turn: Turn, diagnosis: Diagnosis) -> Fired | None:
        verdict, target = diagnosis.verdict, diagnosis.target
        if not is_countable(verdict):
            return None
        # Runbooks are files, and may have changed.
        threshold = threshold_of(await asyncio.to_thread(self._thresholds, verdict.cause))
        if threshold is None:
            return None
        now = self._now()
        seen = await self._escalations.occurred(
            incident_key(verdict, target, turn.evidence),
            failure_key(target),
            occurrence_of(target, turn.evidence, now),
            threshold.window,
        )
        return by_threshold(verdict, threshold) if threshold.is_crossed(seen, now) else None

    async def _newest_diagnosis(self, question: Question) -> Turn | None:
        turns = await self._turns.turns(question.thread)
        found = next((one for one in reversed(turns) if isinstance(one.reply, Diagnosis)), None)
        return found or await self._answered_lately(question)

    async def _answered_lately(self, question: Question) -> Turn | None:
        """What direct messages were about, where somebody goes on outside of its thread."""
        thread = question.thread
        if not question.is_direct or self._recent is None or thread.thread != question.message_ts:
            return None
        since = question.asked_at - _LATELY
        for one in await self._recent.recent(thread.workspace, question.asker.user_id, _THREADS):
            is_here = one.question.thread.channel == thread.channel
            if is_here and isinstance(one.reply, Diagnosis) and one.question.asked_at >= since:
                return await self._turns.turn(one.id)
        return None

    async def _seen_in(self, escalation: Escalation, party: Party | None) -> SeenIn:
        if party is None or party.is_alone:
            return SeenIn.DIRECT if party is not None else SeenIn.HERE
        known = await self._escalations.party(escalation.id, party.thread)
        is_own = known is None or known.message == party.message
        return SeenIn.HERE if is_own else SeenIn.ABOVE

    async def _call_for(self, key: str, turn: Turn, fired: Fired, party: Party | None) -> Called:
        turn = replace(turn, question=await self._as_kept(turn.question))
        party = await self._as_told(party)
        return await self._call(self._caller.for_turn(key, turn, fired, self._now(), party))

    async def _as_kept(self, question: Question) -> Question:
        """What is kept of an escalation may be so for ever, and is not found by its asker."""
        is_kept = await self._keeps(question.thread.workspace, question.asker.user_id)
        return question if is_kept else without_words(question)

    async def _as_told(self, party: Party | None) -> Party | None:
        """A thread is told without a name as well; a direct one is for the rights of its asker."""
        if party is None or party.is_alone or party.is_direct:
            return party
        is_kept = await self._keeps(party.thread.workspace, party.user_id)
        return party if is_kept else replace(party, user_id="")

    async def _keeps(self, workspace: str, user: str) -> bool:
        """Raises `StoreError` where it is not known."""
        return self._privacy is None or not user or await self._privacy.keeps(workspace, user)

    async def _call(self, call: Call) -> Called:
        if (party := call.party) is not None:
            keeps = await self._keeps(party.thread.workspace, party.user_id)
            call = replace(call, is_nameless=not keeps)
        called = await self._escalations.call(call)
        if called.is_new:
            self._meter.opened(call.fired.rule.value)
        elif not called.is_known:
            self._meter.joined()
        log.info(
            "escalation.called",
            escalation=called.escalation.id,
            rule=call.fired.rule.value,
            is_new=called.is_new,
        )
        return called

    async def _pass_time(self, body: EscalationDue) -> float:
        """Seconds until it makes sense to try again; 0 where it is done or overtaken."""
        escalation = await self._escalations.get(body.id)
        if escalation is None or escalation.moves != body.moves:
            return 0.0
        now, next_due = self._now(), due(escalation, self.policy.with_levels(self._levels))
        if next_due is None:
            return 0.0
        if next_due.at > now:
            return max(1.0, (next_due.at - now).total_seconds())
        key = f"escalation:{body.id}:{body.moves}:{next_due.kind.value}"
        await self.do(body.id, Deed(key, next_due.kind, now, moves=body.moves))
        return 0.0

    def _count(self, before: Escalation | None, after: Escalation, deed: Deed) -> None:
        if before is None or before.version >= after.version:
            return
        if after.state.is_over:
            self._meter.ended(after.state.value)
        if deed.kind is Kind.ACKNOWLEDGED:
            self._meter.acknowledged((deed.at - after.opened_at).total_seconds())


@dataclass(frozen=True, slots=True)
class WatchedRatings:
    """Turns and ratings as the store keeps them; what did not help twice calls somebody."""

    store: ConversationStore
    escalator: Escalator

    async def turn(self, turn_id: str) -> Turn | None:
        return await self.store.turn(turn_id)

    async def rate(self, rating: Rating) -> None:
        await self.store.rate(rating)
        await self.escalator.rated(rating)
