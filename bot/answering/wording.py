"""Durations, moments, counts, runs and targets as a person would say them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.answering.foreign import middle_cut
from bot.domain.targets import Target
from bot.words import mark, number, say, say_many

SECONDS = mark("%Y-%m-%d %H:%M:%S")
"""A moment to the second, as `strftime` writes it."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_UNITS = (
    (_DAY, mark("{n} d"), _HOUR, mark("{n} h")),
    (_HOUR, mark("{n} h"), _MINUTE, mark("{n} min")),
    (_MINUTE, mark("{n} min"), 1, mark("{n} s")),
)
# manual__2026-11-22T05:50:28.473535+00:00, in newer versions with a few letters behind it.
_RUN_ID = re.compile(
    r"(?P<kind>[a-z]+(?:_[a-z]+)*)__"
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)(?:_\w{1,40})?"
)
_RUN_ID_MAX = 48
_KINDS = {
    "manual": mark("manual"),
    "scheduled": mark("scheduled"),
    "backfill": mark("backfill"),
    "asset_triggered": mark("asset-triggered"),
    "dataset_triggered": mark("dataset-triggered"),
}
_SMALL_NAMES = frozenset({"dbt"})  # written small even where a sentence begins


def duration(seconds: float) -> str:
    """`7.9 s`, `14 min`, `2 h 5 min`, `3 d 4 h`: two units at most."""
    seconds = max(seconds, 0.0)
    if seconds < 9.95:
        return say("{n} s", n=number(seconds, 1))
    whole = round(seconds)
    if whole < 2 * _MINUTE:
        return say("{n} s", n=whole)
    for size, unit, small, small_unit in _UNITS:
        if whole >= size:
            rest = whole % size // small
            # Seconds beside tens of minutes say nothing.
            silent = rest == 0 or (size == _MINUTE and whole >= 10 * _MINUTE)
            said = say(unit, n=number(whole // size))
            return said if silent else f"{said} {say(small_unit, n=rest)}"
    raise AssertionError("two minutes are more than one")


def moment(at: datetime) -> str:
    """`2026-11-22 05:54 UTC`; the caller passes UTC."""
    return at.strftime(say("%Y-%m-%d %H:%M")) + " UTC"


def second(at: datetime) -> str:
    """`2026-11-22 05:54:41 UTC`."""
    return at.strftime(say(SECONDS)) + " UTC"


def clock(at: datetime) -> str:
    """`05:54:41 UTC`."""
    return f"{at:%H:%M:%S} UTC"


def listed(items: list[str], limit: int = 4) -> str:
    """`a, b and c`; beyond `limit`: `a, b, c and 9 more`."""
    if len(items) > limit:
        named, more = ", ".join(items[: limit - 1]), len(items) - limit + 1
        return say_many("{named} and {n} more", "{named} and {n} more", more, named=named)
    if len(items) < 2:
        return "".join(items)
    return say("{named} and {last}", named=", ".join(items[:-1]), last=items[-1])


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
        return say("run {run_id}", run_id=middle_cut(run_id, _RUN_ID_MAX))
    at = datetime.fromisoformat(found["at"])
    in_utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    kind = say(_KINDS.get(found["kind"], found["kind"].replace("_", "-")))
    return say("{kind} run of {at}", kind=kind, at=moment(in_utc))


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
    tried = say("try {n}", n=target.try_number) if target.try_number else ""
    run = run_in_words(target.run_id) if target.run_id else ""
    return ", ".join(part for part in (short_name(target), run, tried) if part)
