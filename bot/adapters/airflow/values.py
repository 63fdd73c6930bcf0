"""Tolerant readers of single JSON values: what does not fit becomes None, never an error."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

EXTRA_MAX = 20_000  # characters of an event's `extra` that are worth evaluating

_ISO_DURATION = re.compile(
    r"^(?P<sign>-)?P(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$"
)
_CLOCK_DURATION = re.compile(
    r"^(?:(?P<days>-?\d+) days?, )?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d(?:\.\d+)?)$"
)
_UNIT = {"days": 86_400.0, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0}


def mapping(value: object) -> Mapping[str, object]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: object, *names: str) -> Iterator[Mapping[str, object]]:
    """The objects of the first list found under one of `names`; of `value` itself if a list."""
    found = value
    if isinstance(value, Mapping):
        found = next((value[name] for name in names if isinstance(value.get(name), list)), None)
    if isinstance(found, Sequence) and not isinstance(found, str | bytes):
        yield from (entry for entry in found if isinstance(entry, Mapping))


def text(value: object) -> str | None:
    """A string, None where there is none or an empty one; numbers are written out."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return str(value)
    return value or None if isinstance(value, str) else None


def whole(value: object) -> int | None:
    """An integer; Airflow writes some as 1.0 or as text."""
    number = decimal(value)
    return None if number is None else int(number)


def decimal(value: object) -> float | None:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e18 else None  # also turns NaN and infinities away


def flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def names(value: object) -> tuple[str, ...]:
    """A list of names, written as strings or as objects with a `name`."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return ()
    found = (
        text(entry.get("name")) if isinstance(entry, Mapping) else text(entry) for entry in value
    )
    return tuple(name for name in found if name)


def moment(value: object) -> datetime | None:
    """An aware UTC datetime. Without an offset UTC is meant, as everywhere in Airflow."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def seconds(value: object) -> float | None:
    """A duration in seconds, out of `PT12S`, `0:00:12`, a number or Airflow's TimeDelta object."""
    if isinstance(value, Mapping):
        parts = {name: decimal(value.get(name)) or 0.0 for name in ("days", "seconds")}
        micro = decimal(value.get("microseconds")) or 0.0
        known = any(name in value for name in ("days", "seconds", "microseconds"))
        return parts["days"] * 86_400 + parts["seconds"] + micro / 1e6 if known else None
    if isinstance(value, str):
        found = _ISO_DURATION.match(value) or _CLOCK_DURATION.match(value)
        if found:
            groups = found.groupdict()
            total = sum(float(groups[name] or 0) * size for name, size in _UNIT.items())
            return -total if groups.get("sign") else total
    return decimal(value)


def as_json(value: object) -> str:
    """Compact JSON of any JSON value; a text that is JSON or a Python literal is taken as such.

    Airflow writes an event's `extra` as JSON in most places and as the `repr` of pairs in others
    (`[('is_paused', True)]`); readers downstream meet JSON, or plain text where it is neither.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)
    literal = _literal(value)
    return (
        value
        if literal is None
        else json.dumps(literal, ensure_ascii=False, default=str, skipkeys=True)
    )


def _literal(written: str) -> object:
    """What a Python `repr` stands for; None for anything else, JSON included."""
    if written[:1] not in ("[", "{") or len(written) > EXTRA_MAX or _is_json(written):
        return None
    try:
        found = ast.literal_eval(written)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
    if isinstance(found, list) and found and all(_is_pair(entry) for entry in found):
        return dict(found)
    return found if isinstance(found, dict | list) else None


def _is_json(written: str) -> bool:
    try:
        json.loads(written)
    except (ValueError, RecursionError):
        return False
    return True


def _is_pair(entry: object) -> bool:
    return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)
