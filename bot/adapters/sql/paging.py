"""Pages that begin after a row: as cheap at the end of a long list as at its beginning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from bot.domain.errors import BadRequest


def cursor_of(at: datetime, key: str) -> str:
    """What names the place after a row."""
    return f"{at.isoformat()}|{key}"


def beyond(cursor: str, at: Any, key: Any, *, is_rising: bool = False) -> ColumnElement[bool]:
    """Whether a row comes after the place, in order of `at` and `key`. Raises `BadRequest` for one
    that was never given out."""
    moment, _, name = cursor.partition("|")
    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        raise BadRequest(f"There is no page {cursor!r}. Begin with the first one.") from None
    if is_rising:
        return or_(at > when, and_(at == when, key > name))
    return or_(at < when, and_(at == when, key < name))


def says(words: str, columns: Iterable[Any]) -> list[ColumnElement[bool]]:
    """That each of the words stands in one of the columns, in any case."""
    columns = tuple(columns)
    return [
        or_(*(column.icontains(word, autoescape=True) for column in columns))
        for word in words.split()
    ]
