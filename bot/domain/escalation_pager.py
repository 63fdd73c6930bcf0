"""What people do in a pager, and what that means for an escalation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.escalation_work import ESCALATION
from bot.domain.escalations import WAITING, Deed, Escalation, Kind
from bot.domain.oncall import PageSeen, PageState, PageStatus, Responder
from bot.domain.work import Job, Priority, Queue
from bot.words import mark

PAGER = "escalation_pager"
"""The kind of the job that looks how things stand in the pager."""

_WAITING_PACE, _HELD_PACE, _SLOWEST = 30.0, 120.0, 600.0  # seconds between two looks
_SOMEBODY = mark("somebody in the pager")
_GONE = mark("The pager no longer has it. Whoever it called may not know that it goes on")
_CLOSED = mark("The pager has closed it by itself. Whoever it called may not know that it goes on")


@dataclass(frozen=True, slots=True)
class Looked:
    """What the look before came to, of an unknown state where there was none; `hands` is the
    escalation's own at that time, `assigned` are names."""

    state: PageState = PageState.UNKNOWN
    hands: int = 0
    assigned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PagerLook:
    """The body of a job of kind `PAGER`: one of the looks that begin with the page of `level`, and
    end where the escalation is over, opened anew, or paged further on."""

    id: str
    opening: int
    level: int
    number: int
    before: Looked

    def is_of(self, escalation: Escalation) -> bool:
        """Whether the escalation still stands where these looks began."""
        stands = (escalation.openings, escalation.level) == (self.opening, self.level)
        return stands and not escalation.state.is_over


def first_look(escalation: Escalation, wait: float | None) -> Job:
    """`escalation` has just been paged; `wait` seconds are what the pager asked for."""
    before = Looked(hands=escalation.hands)
    body = PagerLook(escalation.id, escalation.openings, escalation.level, 0, before)
    return _job(body, _WAITING_PACE if wait is None else wait)


def next_look(body: PagerLook, before: Looked, delay: float) -> Job:
    after = PagerLook(body.id, body.opening, body.level, body.number + 1, before)
    return _job(after, delay)


def pace(escalation: Escalation, now: datetime) -> float:
    """Seconds until the next look: the longer nothing happens, the more."""
    quickest = _WAITING_PACE if escalation.state in WAITING else _HELD_PACE
    age = (now - escalation.since).total_seconds()
    return min(max(quickest, age / 10), _SLOWEST)


def looked(before: Looked, seen: PageSeen, escalation: Escalation) -> Looked:
    """What the next look is to be compared with; a pager that was silent changes nothing."""
    if seen.state is PageState.UNKNOWN:
        return before
    names = tuple(sorted(one.name for one in seen.assigned))
    return Looked(seen.state, escalation.hands, names or before.assigned)


def done_in_pager(
    escalation: Escalation, before: Looked, seen: PageSeen, key: str, now: datetime
) -> Deed | None:
    """What somebody did there since the look before; None where that changes nothing here.

    Only what changed counts: where somebody hands it on here, the pager goes on to say that
    another one has acknowledged it.
    """
    match seen.state:
        case PageState.RESOLVED if seen.by is None:
            return _lost(escalation, _CLOSED, key, now)
        case PageState.RESOLVED:
            return Deed(key, Kind.RESOLVED, now, by=_who(seen.by), words=_words("Resolved", seen))
        case PageState.ACKNOWLEDGED if _is_acknowledged_there(escalation, before, seen):
            words = _words("Acknowledged", seen)
            return Deed(key, Kind.ACKNOWLEDGED, now, by=_who(seen.by), words=words)
        case PageState.OPEN if _is_reassigned(before, seen):
            return _handed_on(escalation, seen, key, now)
        case PageState.GONE if before.state is PageState.GONE:
            # Its lists lag behind: one look is no proof.
            return _lost(escalation, _GONE, key, now)
    return None


def _is_acknowledged_there(escalation: Escalation, before: Looked, seen: PageSeen) -> bool:
    if escalation.state not in WAITING or before.state is PageState.ACKNOWLEDGED:
        return False
    if before.hands == escalation.hands:
        return True
    # Somebody did something here meanwhile, and the pager may have it from us.
    return seen.at is not None and seen.at > escalation.since


def _is_reassigned(before: Looked, seen: PageSeen) -> bool:
    now = {one.name for one in seen.assigned}
    return bool(now and before.assigned) and not now & set(before.assigned)


def _handed_on(escalation: Escalation, seen: PageSeen, key: str, now: datetime) -> Deed | None:
    to = _who(seen.assigned[0])
    if escalation.responder == to:
        return None
    return Deed(key, Kind.HANDED_ON, now, to=to, words="Handed on in the pager.")


def _lost(escalation: Escalation, words: str, key: str, now: datetime) -> Deed | None:
    page = escalation.page
    if page is None or page.status is not PageStatus.PAGED:
        return None
    return Deed(
        key,
        Kind.PAGE_FAILED,
        now,
        level=page.level,
        names=page.names,
        words=words,
        status=PageStatus.FAILED,
        link=page.link,
    )


def _who(person: Responder | None) -> str:
    """Slack's id, else their name: they can be named, but not mentioned."""
    return (person.user_id or person.name) if person is not None else _SOMEBODY


def _words(done: str, seen: PageSeen) -> str:
    name = seen.by.name if seen.by is not None else _SOMEBODY
    return f"{done} in the pager by {name}."


def _job(body: PagerLook, delay: float) -> Job:
    of_page = f"{body.opening}:{body.level}"
    return Job(
        key=f"{ESCALATION}{body.id}:pager:{of_page}:{body.number}",
        kind=PAGER,
        body=body,
        queue=Queue.LATER,
        # Not with what time brings, which waits for no pager.
        share=f"escalation pager:{body.id}",
        priority=Priority.REMARK,
        delay=delay,
    )
