"""Durations, moments and counts as a person would say them."""

from __future__ import annotations

from datetime import datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def duration(seconds: float) -> str:
    """`7.9 s`, `14 min`, `2 h 5 min`, `3 d 4 h`: two units at most."""
    seconds = max(seconds, 0.0)
    if seconds < 9.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    for size, unit, small, small_unit in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // small
            # Seconds beside tens of minutes say nothing.
            silent = rest == 0 or (unit == "min" and whole >= 10 * _MINUTE)
            return (
                f"{whole // size} {unit}"
                if silent
                else f"{whole // size} {unit} {rest} {small_unit}"
            )
    return f"{whole} s"


def moment(at: datetime) -> str:
    """`2026-11-22 05:54 UTC`; the caller passes UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def clock(at: datetime) -> str:
    """`05:54:41 UTC`."""
    return f"{at:%H:%M:%S} UTC"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 try`, `3 tries`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(items: list[str], limit: int = 4) -> str:
    """`a, b and c`; beyond `limit`: `a, b, c and 9 more`."""
    if len(items) > limit:
        return f"{', '.join(items[: limit - 1])} and {len(items) - limit + 1} more"
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def sentence(text: str) -> str:
    """`text` with a capital at its start and a full stop at its end."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?:…" else ".")
