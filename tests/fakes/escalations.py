"""Escalations in memory, with the same contract as those in the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.escalation_course import Advanced, Refused, advance, opened
from bot.domain.escalation_policy import Policy, due
from bot.domain.escalation_rules import Occurrence
from bot.domain.escalation_work import count_job, due_job, party_job, told_job
from bot.domain.escalations import (
    ASKING,
    Call,
    Deed,
    Escalation,
    Kind,
    Party,
    Reach,
    ReachCount,
    State,
    Touched,
    Truth,
    id_of,
)
from bot.domain.questions import ThreadKey
from bot.domain.work import Job
from bot.services.escalation_ports import (
    BridgedThread,
    Called,
    Card,
    Concern,
    DeedDone,
    Escalations,
)


@dataclass
class _Kept:
    escalation: Escalation
    open_key: str | None
    deeds: list[DeedDone] = field(default_factory=list)
    parties: dict[ThreadKey, Party] = field(default_factory=dict)
    joined: dict[ThreadKey, datetime] = field(default_factory=dict)
    reach: set[Reach] = field(default_factory=set)
    card: Card | None = None
    truth: Truth | None = None
    is_counting: bool = False


class FakeEscalations(Escalations):
    def __init__(
        self, enqueue: Callable[[Job], None], policy: Policy, clock: Callable[[], datetime]
    ) -> None:
        self._enqueue = enqueue
        self._policy = policy
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._seen: dict[tuple[str, str], Occurrence] = {}

    async def call(self, call: Call) -> Called:
        for kept in self._kept.values():
            if any(one.deed.key == call.key for one in kept.deeds):
                return Called(kept.escalation, is_known=True)
        found = [one for one in self._kept.values() if one.open_key == call.incident]
        if found and found[0].escalation.joined_at < call.at - self._policy.join_within:
            found[0].open_key, found = None, []
        return self._join(found[0], call) if found else self._open(call)

    def _open(self, call: Call) -> Called:
        escalation = opened(call, id_of(call))
        kept = self._kept[escalation.id] = _Kept(escalation, call.incident)
        deed = Deed(call.key, Kind.OPENED, call.at, by=call.by)
        kept.deeds.append(DeedDone(escalation.version, deed))
        self._take_in(kept, call)
        self._enqueue(told_job(escalation, deed))
        self._enqueue_due(escalation)
        return Called(escalation, is_new=True)

    def _join(self, kept: _Kept, call: Call) -> Called:
        deed = Deed(call.key, Kind.JOINED, call.at, by=call.by, severity=call.severity)
        come_to = advance(kept.escalation, deed)
        assert isinstance(come_to, Advanced)
        self._keep(kept, come_to.escalation, deed)
        self._take_in(kept, call)
        if call.party is not None:
            told = kept.parties[call.party.thread]
            self._enqueue(party_job(kept.escalation, deed, told))
        if not kept.is_counting:
            kept.is_counting = True
            self._enqueue(count_job(kept.escalation, deed))
        return Called(kept.escalation)

    def _take_in(self, kept: _Kept, call: Call) -> None:
        kept.reach |= set(call.reach)
        if call.party is not None:
            kept.joined.setdefault(call.party.thread, call.at)
            kept.parties.setdefault(call.party.thread, call.party.told_of(kept.escalation.id))

    def _keep(self, kept: _Kept, after: Escalation, deed: Deed) -> None:
        before, kept.escalation = kept.escalation, after
        if after.state.is_over:
            kept.open_key = None
        elif deed.kind is Kind.REOPENED:
            kept.open_key = after.key
        kept.deeds.append(DeedDone(after.version, deed))
        if deed.kind is not Kind.JOINED:
            self._enqueue(told_job(after, deed))
        if after.moves != before.moves:
            self._enqueue_due(after)

    def _enqueue_due(self, escalation: Escalation) -> None:
        next_due = due(escalation, self._policy)
        if next_due is not None:
            delay = (next_due.at - self._clock()).total_seconds()
            self._enqueue(due_job(escalation, delay))

    async def do(
        self, escalation_id: str, deed: Deed, truth: Truth | None = None
    ) -> Advanced | Refused:
        kept = self._kept.get(escalation_id)
        if kept is None:
            return Refused("It is no longer known.")
        if any(one.deed.key == deed.key for one in kept.deeds):
            return Advanced(kept.escalation)
        come_to = advance(kept.escalation, deed)
        if isinstance(come_to, Refused):
            return come_to
        others = [one for one in self._kept.values() if one.open_key == kept.escalation.key]
        if deed.kind is Kind.REOPENED and others:
            return Refused("Another one is open for the same incident by now.")
        self._keep(kept, come_to.escalation, deed)
        kept.truth = truth or kept.truth
        return come_to

    async def get(self, escalation_id: str) -> Escalation | None:
        kept = self._kept.get(escalation_id)
        return kept.escalation if kept else None

    async def counted(self, escalation_id: str) -> Escalation | None:
        kept = self._kept.get(escalation_id)
        if kept is None:
            return None
        kept.is_counting = False
        return kept.escalation

    async def list(
        self, states: Collection[State] = (), limit: int = 50, offset: int = 0
    ) -> Sequence[Escalation]:
        found = [one.escalation for one in self._kept.values()]
        wanted = [one for one in found if not states or one.state in states]
        wanted.sort(key=lambda one: one.id)
        wanted.sort(key=lambda one: one.opened_at, reverse=True)
        return wanted[offset : offset + limit]

    async def of_incident(self, incident: str) -> Escalation | None:
        found = [one for one in self._kept.values() if one.open_key == incident]
        return found[0].escalation if found else None

    async def of_thread(
        self, thread: ThreadKey, *, over: bool | None = False
    ) -> Sequence[Escalation]:
        card = Card(thread.channel, thread.thread)
        found = [
            one.escalation
            for one in self._kept.values()
            if thread in one.parties or one.card == card
        ]
        meant = [one for one in found if over in (None, one.state.is_over)]
        return sorted(meant, key=lambda one: one.opened_at, reverse=True)

    async def concerning(self, workspace: str, user_id: str) -> Sequence[Concern]:
        found = []
        for kept in self._kept.values():
            theirs = [
                one
                for one in kept.parties.values()
                if one.thread.workspace == workspace and one.user_id == user_id
            ]
            if kept.escalation.state.is_over:
                continue
            if theirs:
                newest = theirs[-1]
                thread = None if newest.is_alone else newest.thread
                found.append(Concern(kept.escalation, thread))
            elif kept.escalation.responder == user_id:
                card = kept.card
                thread = ThreadKey("", card.channel, card.ts) if card is not None else None
                found.append(Concern(kept.escalation, thread))
        return sorted(found, key=lambda one: one.escalation.opened_at, reverse=True)

    async def bridged(
        self, over_since: datetime | None = None, limit: int = 200
    ) -> Sequence[BridgedThread]:
        active = [
            one
            for one in self._kept.values()
            if not one.escalation.state.is_over
            or (over_since is not None and one.escalation.since >= over_since)
        ]
        active.sort(key=lambda one: one.escalation.opened_at, reverse=True)
        found = [
            BridgedThread(
                one.card.channel,
                one.card.ts,
                one.escalation.opened_at,
                one.escalation.state.is_over,
            )
            for one in active
            if one.card is not None
        ]
        for one in active:
            for thread, at in one.joined.items():
                over = one.escalation.state.is_over
                found.append(
                    BridgedThread(thread.channel, thread.thread, at, over, thread.workspace)
                )
        return [one for one in found if one.channel]

    async def parties(
        self, escalation_id: str, limit: int = 100, offset: int = 0
    ) -> Sequence[Party]:
        kept = self._kept.get(escalation_id)
        return list(kept.parties.values())[offset : offset + limit] if kept else []

    async def party_count(self, escalation_id: str) -> int:
        kept = self._kept.get(escalation_id)
        return len(kept.parties) if kept else 0

    async def party(self, escalation_id: str, thread: ThreadKey) -> Party | None:
        return self._kept[escalation_id].parties.get(thread)

    async def move_party(self, escalation_id: str, of: ThreadKey, to: ThreadKey) -> None:
        kept = self._kept[escalation_id]
        moved = kept.parties.pop(of, None)
        since = kept.joined.pop(of, None)
        if moved is not None and since is not None:
            kept.parties.setdefault(to, replace(moved, thread=to))
            kept.joined.setdefault(to, since)

    async def deeds(
        self, escalation_id: str, limit: int = 100, offset: int = 0
    ) -> Sequence[DeedDone]:
        kept = self._kept.get(escalation_id)
        return kept.deeds[offset : offset + limit] if kept else []

    async def reach(self, escalation_id: str) -> tuple[ReachCount, ...]:
        kept = self._kept.get(escalation_id)
        counts = []
        for kind in Touched if kept else ():
            names = sorted(one.name for one in kept.reach if one.kind is kind) if kept else []
            if names:
                counts.append(ReachCount(kind, len(names), tuple(names[:5])))
        return tuple(counts)

    async def truth(self, escalation_id: str) -> Truth | None:
        kept = self._kept.get(escalation_id)
        return kept.truth if kept else None

    async def put_card(self, escalation_id: str, card: Card) -> None:
        self._kept[escalation_id].card = card

    async def card(self, escalation_id: str) -> Card | None:
        kept = self._kept.get(escalation_id)
        return kept.card if kept else None

    async def occurred(
        self, incident: str, key: str, occurrence: Occurrence, window: timedelta
    ) -> Sequence[Occurrence]:
        self._seen.setdefault((incident, key), occurrence)
        since = self._clock() - window
        return [
            one for (name, _), one in self._seen.items() if name == incident and one.at >= since
        ]

    async def forget(self, fragment: str) -> Sequence[str]:
        found = []
        for each in self._kept.values():
            first = next(iter(each.parties.values()), None)
            turn = first.turn_id if first is not None else ""
            if each.deeds[0].deed.key.startswith(fragment) or turn.startswith(fragment):
                found.append(each.escalation.id)
        for one in found:
            await self.do(one, Deed(f"{one}:forgotten", Kind.FORGOTTEN, self._clock()))
        return found

    async def unname(self, workspace: str, user_id: str) -> None:
        for kept in self._kept.values():
            theirs = [
                one
                for one in kept.parties.values()
                if one.thread.workspace == workspace and one.user_id == user_id
            ]
            if not theirs:
                continue
            kept.deeds = [
                replace(one, deed=replace(one.deed, by=""))
                if one.deed.kind in ASKING and one.deed.by == user_id
                else one
                for one in kept.deeds
            ]
            for party in theirs:
                is_over = kept.escalation.state.is_over
                if party.is_alone and is_over:
                    del kept.parties[party.thread]
                elif is_over or not (party.is_alone or party.is_direct):
                    kept.parties[party.thread] = replace(party, user_id="")

    async def tidy(self, before: datetime) -> int:
        gone = [
            one.escalation.id
            for one in self._kept.values()
            if one.escalation.state.is_over and one.escalation.since < before and not one.truth
        ]
        for each in gone:
            del self._kept[each]
        return len(gone)
