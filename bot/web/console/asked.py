"""Reads what a list is asked for out of an address; what cannot be meant is refused by name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import HTTPException
from starlette.datastructures import QueryParams

from bot.domain.conversations import Outcome, Score
from bot.domain.verdicts import VerdictKind
from bot.services.archive_ports import Wanted

_TEXT_MAX = 300
_NUMBER_MAX = 2**53

E = TypeVar("E", bound=StrEnum)


def wanted_of(query: QueryParams) -> Wanted:
    """Raises `HTTPException` (400)."""
    until = day_of(query, "until")
    since = day_of(query, "since")
    return Wanted(
        words=text_of(query, "words"),
        verdict=one_of(query, "verdict", VerdictKind),
        cause=text_of(query, "cause"),
        cluster=text_of(query, "cluster"),
        dag_id=text_of(query, "dag"),
        outcome=one_of(query, "outcome", Outcome),
        score=one_of(query, "rating", Score),
        since=_begin(since) if since else None,
        until=_begin(until) + timedelta(days=1) if until else None,
    )


def one_of(query: QueryParams, name: str, kind: type[E]) -> E | None:
    value = query.get(name, "")
    if not value:
        return None
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(one.value for one in kind if one.value)
        raise HTTPException(400, f"{name}: use one of {known}.") from None


def text_of(query: QueryParams, name: str) -> str:
    value = query.get(name, "").strip()
    if len(value) > _TEXT_MAX:
        raise HTTPException(400, f"{name}: use at most {_TEXT_MAX} characters.")
    return value


def day_of(query: QueryParams, name: str) -> date | None:
    value = query.get(name, "")
    if not value:
        return None
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise HTTPException(400, f"{name}: write a day like 2026-11-20.") from None
    if not 1970 <= found.year <= 9000:
        raise HTTPException(400, f"{name}: write a day like 2026-11-20.")
    return found


def number_of(query: QueryParams, name: str) -> int | None:
    value = query.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdecimal()) or int(value) > _NUMBER_MAX:
        raise HTTPException(400, f"{name}: write a whole number.")
    return int(value)


def again(query: QueryParams, without: Iterable[str] = (), **others: object) -> str:
    """The same question with some things otherwise, to go behind a `?`."""
    left_out = {*without, *others}
    kept = [(name, value) for name, value in query.multi_items() if name not in left_out and value]
    return urlencode([*kept, *((name, value) for name, value in others.items() if value)])


def _begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
