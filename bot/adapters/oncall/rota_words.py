"""The words of a rota file: turns, handovers, hours, moments, each with what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.adapters.oncall.wall_clock import Window, moment_of

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LENGTH = re.compile(r"(?P<count>[1-9]\d{0,2}) (?P<unit>hour|day|week)s?")
_WORDS_FOR_LENGTH = {"hourly": "1 hour", "daily": "1 day", "weekly": "1 week"}
_CLOCK = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)")
_USER_ID = re.compile(r"[UW][A-Z0-9]{5,20}")


@dataclass(frozen=True, slots=True)
class Handover:
    """`minute` is counted from midnight; `day` 0 is Monday, None any day."""

    minute: int
    day: int | None = None


def zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"{text!r} is not a time zone. Use a name such as Europe/Berlin or UTC"
        ) from None


def length(text: str) -> timedelta:
    """`1 week`, `weekly`, `2 days`, `12 hours`."""
    words = " ".join(text.lower().split())
    found = _LENGTH.fullmatch(_WORDS_FOR_LENGTH.get(words, words))
    if found is None:
        raise ValueError(f"{text!r} is no length of a turn. Write 1 week, 2 days or 12 hours")
    return timedelta(**{f"{found['unit']}s": int(found["count"])})


def handover(text: str) -> Handover:
    """`09:00` or `monday 09:00`."""
    *days, clock = text.lower().split() or [""]
    if len(days) > 1:
        raise ValueError(f"{text!r} is no time of a handover. Write 09:00 or monday 09:00")
    return Handover(_minute(clock, text, latest=24 * 60 - 1), _day(days[0], text) if days else None)


def window(text: str) -> Window:
    """`mon-fri 09:00-17:00`, `sat, sun`, `22:00-06:00`."""
    words = re.sub(r"\s*([,-])\s*", r"\1", text.lower().strip()).split()
    clocks = words.pop() if words and ":" in words[-1] else "00:00-24:00"
    start, dash, end = clocks.partition("-")
    if len(words) > 1 or not dash or not text.strip():
        raise ValueError(f"{text!r} are no hours. Write mon-fri 09:00-17:00, sat,sun or both lines")
    days = _days(words[0], text) if words else frozenset(range(7))
    window = Window(days, _minute(start, text, 24 * 60 - 1), _minute(end, text, 24 * 60))
    if window.start == window.end:
        raise ValueError(f"{text!r} ends when it starts. Write 00:00-24:00 for the whole day")
    return window


def day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no day. Write it like 2026-01-05") from None


def moment(text: str, of: ZoneInfo) -> datetime:
    """`2026-12-24 18:00` on the clock of that zone, or with an offset of its own; UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no time. Write it like 2026-12-24 18:00") from None
    return moment_of(found, of) if found.tzinfo is None else found.astimezone(UTC)


def user_id(text: str) -> str:
    if not _USER_ID.fullmatch(text):
        raise ValueError(
            f"{text!r} is not the id of a Slack user. Open the person's profile in Slack, choose "
            "Copy member ID, and write it like U0123ABCD"
        )
    return text


def email(text: str) -> str:
    name, at, host = text.partition("@")
    if not name or not at or "." not in host or any(sign.isspace() for sign in text):
        raise ValueError(f"{text!r} is not an e-mail address. Correct it or leave it out")
    return text.lower()


def _minute(text: str, whole: str, latest: int) -> int:
    found = _CLOCK.fullmatch(text)
    minute = int(found["hour"]) * 60 + int(found["minute"]) if found else latest + 1
    if minute > latest:
        raise ValueError(f"{whole!r} has no time of the day in {text!r}. Write it like 09:00")
    return minute


def _days(text: str, whole: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        start = _day(first, whole)
        count = (_day(last, whole) - start) % 7 + 1 if dash else 1
        days.update((start + step) % 7 for step in range(count))
    return frozenset(days)


def _day(text: str, whole: str) -> int:
    found = [number for number, name in enumerate(DAYS) if name.startswith(text)]
    if len(text) < 3 or not found:
        raise ValueError(f"{whole!r} names no day of the week in {text!r}. Write mon or monday")
    return found[0]
