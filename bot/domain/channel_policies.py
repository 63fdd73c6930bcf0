"""How the bot behaves in one channel, as set by those who manage it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

WAITS_AT_LEAST, WAITS_AT_MOST = 1, 24 * 60
"""Minutes after which an unanswered question may be answered."""

EVERY_DAY = tuple(range(7))
LANGUAGES = {"en": "English", "de": "Deutsch"}
"""The languages of an answer, by their code, each in its own words."""


@dataclass(frozen=True, slots=True)
class PolicyKey:
    workspace: str
    channel: str


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` by the clocks of `zone`, in minutes after midnight, beginning on each
    of `days` (0 is Monday).

    Where `end` is not later than `start`, they last until that time of the next day.
    """

    zone: str
    start: int
    end: int
    days: tuple[int, ...] = EVERY_DAY

    def until(self, at: datetime) -> datetime | None:
        """When the quiet hours that `at` falls into are over; None outside them."""
        zone = ZoneInfo(self.zone)
        today = at.astimezone(zone).date()
        for day in (today, today - timedelta(days=1)):
            if day.weekday() not in self.days:
                continue
            begins = datetime.combine(day, clock(self.start), zone)
            last = day if self.end > self.start else day + timedelta(days=1)
            ends = datetime.combine(last, clock(self.end), zone)
            # Compared as moments: on a day of 23 hours the clock on the wall skips one.
            if begins.timestamp() <= at.timestamp() < ends.timestamp():
                return ends
        return None


def clock(minutes: int) -> time:
    """So many minutes after midnight."""
    return time(minutes // 60, minutes % 60)


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """`answers_after` minutes a question that called nobody is answered; 0: only mentions are.

    `is_private`: answers are for the asker alone, who may share them. `cluster` and `dags` (with
    `*` and `?`) are meant where the words leave it open. `version` counts the changes.
    """

    answers_after: int = 0
    is_private: bool = False
    cluster: str = ""
    dags: tuple[str, ...] = ()
    quiet: QuietHours | None = None
    language: str = "en"
    version: int = 0

    def quiet_until(self, at: datetime) -> datetime | None:
        return self.quiet.until(at) if self.quiet else None
