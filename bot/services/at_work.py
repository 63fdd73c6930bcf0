"""Which piece of work is being done: all that is logged and traced meanwhile is found by it.

What is set here holds for everything that runs inside the block, in tasks and threads it starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol

import structlog

from bot.domain.references import reference_of

Value = str | int | float | bool
Note = Callable[..., None]  # takes attributes by keyword that became known on the way


class Tracer(Protocol):
    """Where spans go; never raises and never waits."""

    def delivered(self, key: str, kind: str, outcome: str, seconds: float) -> None:
        """A delivery that was acknowledged just now, `seconds` after it came."""
        ...

    def work(self, key: str, name: str) -> AbstractContextManager[Note]:
        """A span at the top of the trace of the work `key`, in whichever process."""
        ...

    def span(self, name: str, attributes: Mapping[str, Value]) -> AbstractContextManager[Note]:
        """A part of the span that is open here."""
        ...


def _forget(**_: Value) -> None:
    pass


_UNTRACED = nullcontext(_forget)
_tracer: Tracer | None = None
_gives_way: ContextVar[bool] = ContextVar("gives_way", default=False)


def trace_with(tracer: Tracer | None) -> None:
    """Sends the spans of this process to `tracer`; None, as at the start, sends them nowhere."""
    global _tracer
    _tracer = tracer


@contextmanager
def working_on(
    key: str, name: str = "", *, part_of: str = "", gives_way: bool = False
) -> Iterator[Note]:
    """Binds `work` and `reference` to every line that is logged inside.

    With `part_of` these are of the work that brought this one about, and `job` is `key`. A `name`
    ("job arrival") opens a span. With `gives_way` people's questions go before what is asked here.
    """
    whole = part_of or key
    bound = {"work": whole, "reference": reference_of(whole)}
    if whole != key:
        bound["job"] = key
    yielding = _gives_way.set(gives_way)
    try:
        with structlog.contextvars.bound_contextvars(**bound):
            opened = _tracer.work(whole, name) if _tracer and name else _UNTRACED
            with opened as note:
                if name:
                    note(job=key)
                yield note
    finally:
        _gives_way.reset(yielding)


def gives_way() -> bool:
    """Whether what is asked for now may wait until people have been served."""
    return _gives_way.get()


def span(name: str, **attributes: Value) -> AbstractContextManager[Note]:
    """A part of the work at hand, from entering to leaving. Costs nothing without a tracer."""
    return _tracer.span(name, attributes) if _tracer else _UNTRACED


def delivered(key: str, kind: str, outcome: str, seconds: float) -> None:
    """Traces a delivery that has just been acknowledged; `outcome` as the meter's."""
    if _tracer:
        _tracer.delivered(key, kind, outcome, seconds)
