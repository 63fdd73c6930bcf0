"""Who is on call by a rota, at any moment: layers over layers, and overrides over those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.adapters.oncall.wall_clock import Hours, Rotation
from bot.domain.oncall import OnCallTurn, Responder

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shift:
    """Who it is, None for nobody, and until when nothing can change, UTC."""

    responder: Responder | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns, one at a time, from the first handover on. `hours` None: always."""

    people: tuple[Responder, ...]
    rotation: Rotation
    hours: Hours | None = None

    def at(self, at: datetime) -> Shift:
        number = self.rotation.number_at(at)
        if number < 0:
            return Shift(None, self.rotation.begin(0))
        counts, until = self.hours.at(at) if self.hours else (True, NEVER)
        if not counts:
            return Shift(None, until)
        if len(self.people) > 1:
            until = min(until, self.rotation.begin(number + 1))
        return Shift(self.people[number % len(self.people)], until)


@dataclass(frozen=True, slots=True)
class Override:
    """`responder` is on call from `start` on, before `end`, UTC: in place of whoever it is, or of
    `stands_in_for` alone."""

    responder: Responder
    start: datetime
    end: datetime
    stands_in_for: Responder | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """The first layer that counts has the say; a later override stands over an earlier one."""

    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()

    def at(self, at: datetime) -> Shift:
        shift = self._by_layers(at)
        responder, until = shift.responder, shift.until
        for override in self.overrides:
            if at < override.start:
                until = min(until, override.start)
            elif at < override.end:
                until = min(until, override.end)
                if override.stands_in_for in (None, responder):
                    responder = override.responder
        return Shift(responder, until)

    def _by_layers(self, at: datetime) -> Shift:
        until = NEVER
        for layer in self.layers:
            shift = layer.at(at)
            until = min(until, shift.until)
            if shift.responder is not None:
                return Shift(shift.responder, until)
        return Shift(None, until)


@dataclass(frozen=True, slots=True)
class Rota:
    """The levels, first to be called first."""

    levels: tuple[Level, ...]

    def turns(self, level: int, at: datetime, horizon: timedelta) -> Iterator[OnCallTurn]:
        """From `at` on, without a break; the last one ends where nothing beyond was looked at.

        Who follows themselves has one turn.
        """
        end = at + horizon
        schedule = self.levels[level - 1]
        shift = schedule.at(at)
        start, who = at, shift.responder
        while shift.until < end:
            begin = shift.until
            shift = schedule.at(begin)
            if shift.responder != who:
                yield _turn(level, who, start, begin)
                start, who = begin, shift.responder
        yield _turn(level, who, start, end)


def _turn(level: int, who: Responder | None, start: datetime, end: datetime) -> OnCallTurn:
    return OnCallTurn(level, (who,) if who else (), start, end)
