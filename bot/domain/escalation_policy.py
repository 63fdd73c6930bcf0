"""How patient the bot is with an escalation: what is due next, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.escalations import WAITING, Escalation, Kind, Severity, State

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` on every day, by the clocks of `zone`; over midnight where `end` is the
    earlier. Severities from `bypass` on are told all the same."""

    start: time
    end: time
    zone: ZoneInfo
    bypass: Severity = Severity.HIGH

    def over(self, at: datetime, severity: Severity) -> datetime:
        """`at`, or the end of the quiet hours that it falls into."""
        if severity >= self.bypass or self.start == self.end:
            return at
        if not self._covers(at):
            return at
        local = at.astimezone(self.zone)
        is_evening = self.start > self.end and local.time() >= self.start
        last_day = local.date() + _DAY if is_evening else local.date()
        # A clock that is put back shows some times twice: the end is then the one still to come.
        # One that is put forward leaves some out: the end is then the first time after these.
        ends = (
            datetime.combine(last_day, self.end, self.zone).replace(fold=fold).astimezone(at.tzinfo)
            for fold in (0, 1)
        )
        return min((end for end in ends if end > at and not self._covers(end)), default=at)

    def _covers(self, at: datetime) -> bool:
        clock = at.astimezone(self.zone).time().replace(tzinfo=None)
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient the bot is. Without `levels` of people on call the channel is called at once.

    Whoever holds it is reminded every `remind_responder_after`, those who have not acknowledged it
    every `remind_after`, at most `reminders` times in a row. Calls join for `join_within` after the
    last one that did. It expires where no person has done anything for `expire_after`.
    """

    levels: int = 0
    acknowledge_within: timedelta = timedelta(minutes=10)
    remind_after: timedelta = timedelta(minutes=30)
    remind_responder_after: timedelta = timedelta(hours=4)
    reminders: int = 6
    expire_after: timedelta = timedelta(days=3)
    join_within: timedelta = timedelta(hours=24)
    quiet: QuietHours | None = None

    def with_levels(self, levels: Callable[[], int] | None) -> Policy:
        """As it is now: a rota may get further levels while the bot runs."""
        return self if levels is None else replace(self, levels=levels())

    def called_at(self, at: datetime, severity: Severity) -> datetime:
        """`at`, or when people are left in peace by then the end of that."""
        return at if self.quiet is None else self.quiet.over(at, severity)

    def first_call(self, escalation: Escalation) -> datetime | None:
        """When anybody is called at all, while the quiet hours keep that from happening."""
        is_first = escalation.level == 0 and not escalation.is_channel_called
        if escalation.state is State.HANDED_ON:
            is_first = is_first and _is_its_owners(escalation)
        if escalation.state not in WAITING or not is_first:
            return None
        at = self.called_at(escalation.since, escalation.severity)
        return at if at > escalation.since else None


@dataclass(frozen=True, slots=True)
class Due:
    kind: Kind
    at: datetime


def due(escalation: Escalation, policy: Policy) -> Due | None:
    """What time brings next, and when; None where nothing more does."""
    if escalation.state.is_over:
        return None
    expiry = Due(Kind.EXPIRED, escalation.touched_at + policy.expire_after)
    if escalation.state is State.SNOOZED:
        # A snooze may be longer than the patience with those who do nothing.
        until = escalation.snoozed_until or escalation.since
        return Due(Kind.WOKEN, policy.called_at(until, escalation.severity))
    told = _told_next(escalation, policy)
    if told is None:
        return expiry
    told = replace(told, at=policy.called_at(told.at, escalation.severity))
    return min(told, expiry, key=lambda one: one.at)


def _is_its_owners(escalation: Escalation) -> bool:
    """Whether it was given to the owner of its Dag when it was opened, and still is theirs."""
    return escalation.state is State.HANDED_ON and escalation.since == escalation.opened_at


def _told_next(escalation: Escalation, policy: Policy) -> Due | None:
    since = escalation.since
    if escalation.state in WAITING and not escalation.is_channel_called:
        has_next = escalation.level < policy.levels
        kind = Kind.LEVEL_RAISED if has_next else Kind.CHANNEL_CALLED
        if _is_its_owners(escalation):
            # They are told after the quiet hours, and may take as long from then.
            since = policy.called_at(since, escalation.severity)
        page = escalation.page
        is_empty = page is not None and page.is_nobody and page.level == escalation.level
        is_first = escalation.level == 0 or is_empty
        is_first = is_first and escalation.state is State.OPEN
        return Due(kind, since if is_first else since + policy.acknowledge_within)
    if escalation.reminders >= policy.reminders:
        return None
    is_held = escalation.state not in WAITING
    return Due(
        Kind.REMINDED,
        since + (policy.remind_responder_after if is_held else policy.remind_after),
    )
