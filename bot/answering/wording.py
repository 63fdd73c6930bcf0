"""Durations, moments, counts, runs and targets as a person would say them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.answering.foreign import middle_cut
from bot.domain.targets import Target

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# manual__2026-11-22T05:50:28.473535+00:00, in newer versions with a few letters behind it.
_RUN_ID = re.compile(
    r"(?P<kind>[a-z]+(?:_[a-z]+)*)__"
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)(?:_\w{1,40})?"
)
_RUN_ID_MAX = 48
_SMALL_NAMES = frozenset({"dbt"})  # written small even where a sentence begins


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
    first = text.split(maxsplit=1)[0]
    # A name from the code, such as depends_on_past, stays as it is written.
    is_word = first.rstrip(",:").isalpha() and first.islower() and first not in _SMALL_NAMES
    begun = text[0].upper() + text[1:] if is_word else text
    return begun + ("" if text[-1] in ".!?:…" else ".")


def run_in_words(run_id: str) -> str:
    """`manual run of 2026-11-22 05:50 UTC`; an id of another form as it is, its middle cut."""
    found = _RUN_ID.fullmatch(run_id)
    if found is None:
        return f"run {middle_cut(run_id, _RUN_ID_MAX)}"
    at = datetime.fromisoformat(found["at"])
    in_utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return f"{found['kind'].replace('_', '-')} run of {moment(in_utc)}"


def short_name(target: Target) -> str:
    """`orders.load[3]`, without run and try."""
    name = target.dag_id or target.cluster
    if target.task_id:
        name += f".{target.task_id}"
    if target.map_index is not None and target.map_index >= 0:
        name += f"[{target.map_index}]"
    return name


def target_words(target: Target) -> str:
    """`orders.load[3], scheduled run of 2026-11-21 02:00 UTC, try 2`."""
    tried = f"try {target.try_number}" if target.try_number else ""
    run = run_in_words(target.run_id) if target.run_id else ""
    return ", ".join(part for part in (short_name(target), run, tried) if part)
