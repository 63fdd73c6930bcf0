"""Who wants to know, while evidence is gathered, what has been looked at by now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_told: ContextVar[Callable[[str], None] | None] = ContextVar("looked_at", default=None)


@contextmanager
def telling(tell: Callable[[str], None]) -> Iterator[None]:
    """Has `tell` called with the name of each piece of evidence that comes in, or turns out not to
    be had, in the tasks that are started inside."""
    before = _told.set(tell)
    try:
        yield
    finally:
        _told.reset(before)


def looked_at(piece: str) -> None:
    """Says that this piece is done with."""
    tell = _told.get()
    if tell is not None:
        tell(piece)
