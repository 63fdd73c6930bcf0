"""On-call entries of PagerDuty: from its words to shifts, and from shifts to turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from bot.adapters.oncall.pagerduty_api import Json
from bot.domain.oncall import OnCallTurn, Responder


@dataclass(frozen=True, slots=True)
class DutyShift:
    """One user at one level. `start` or `end` None: always was, or always will be."""

    level: int
    user: Json
    start: datetime | None
    end: datetime | None

    @property
    def user_id(self) -> str:
        return str(self.user.get("id"))

    def covers(self, at: datetime) -> bool:
        """PagerDuty also lists those that end or begin at the moment asked for."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


def read_shift(item: Json) -> DutyShift | None:
    """None for what is no shift of anybody."""
    level, user = item.get("escalation_level"), item.get("user")
    if not isinstance(level, int) or not isinstance(user, dict):
        return None
    return DutyShift(level, user, _time(item.get("start")), _time(item.get("end")))


def turns_of(
    level: int,
    shifts: Sequence[DutyShift],
    responders: Mapping[str, Responder],
    start: datetime,
    end: datetime,
) -> tuple[OnCallTurn, ...]:
    """Who is on call from `start` to `end`, without a break; `responders` are by user id."""
    edges = {edge for shift in shifts for edge in (shift.start, shift.end) if edge is not None}
    times = [start, *sorted(edge for edge in edges if start < edge < end), end]
    turns: list[OnCallTurn] = []
    for begin, over in pairwise(times):
        ids = dict.fromkeys(shift.user_id for shift in shifts if shift.covers(begin))
        who = tuple(responders[user_id] for user_id in ids)
        if turns and turns[-1].responders == who:
            begin = turns.pop().start
        turns.append(OnCallTurn(level, who, begin, over))
    return tuple(turns)


def _time(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None
