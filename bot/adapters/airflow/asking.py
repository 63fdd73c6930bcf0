"""Questions to one cluster under one deadline, with a tally of whether anything came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from bot.adapters.airflow.gate import Gate
from bot.adapters.airflow.lanes import Rank
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply
from bot.adapters.airflow.pieces import parsed
from bot.adapters.airflow.values import mapping, whole
from bot.domain.errors import AirflowLoginError, AirflowUnavailable
from bot.domain.evidence import GapReason
from bot.services.at_work import span

log = structlog.get_logger(__name__)

T = TypeVar("T")

Redact = Callable[[str], str]
Call = Callable[[], Outcome]
CallPage = Callable[[int], Outcome]  # offset in, one page out
ParsePage = Callable[[object], Sequence[T]]

_SILENT = frozenset({GapReason.UNAVAILABLE, GapReason.TIMEOUT, GapReason.MALFORMED})


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """Rows of one or more pages. `total` is the server's count; `refusal` ended the paging."""

    rows: tuple[T, ...] = ()
    total: int = 0
    refusal: Refusal | None = None

    @property
    def is_whole(self) -> bool:
        return self.refusal is None and len(self.rows) >= self.total


@dataclass(frozen=True, slots=True)
class _Page(Generic[T]):
    rows: tuple[T, ...]
    total: int | None


class Asking:
    """Everything that one question asks of one cluster; made anew for each question."""

    def __init__(self, gate: Gate, cluster: str, redact: Redact, seconds: float) -> None:
        self._gate = gate
        self._cluster = cluster
        self._redact = redact
        self._ends = time.monotonic() + seconds
        self._answered = 0
        self._refusals: list[Refusal] = []

    @property
    def left(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self._ends - time.monotonic())

    async def ask(self, call: Call, rank: Rank = Rank.USEFUL) -> Outcome:
        """What `call` comes to. It runs in a thread, so it may parse and redact as well."""
        outcome = await self._gate.call(call, seconds=self.left, rank=rank)
        if isinstance(outcome, Refusal) and (outcome.reason in _SILENT or outcome.status == 401):
            self._refusals.append(outcome)
        else:
            self._answered += 1
        return outcome

    async def piece(self, name: str, call: Call, rank: Rank = Rank.USEFUL) -> Outcome:
        """The same, with the fields of `Evidence` that piece `name` gives for a body."""
        with span(f"airflow {name}", cluster=self._cluster) as note:
            outcome = await self.ask(lambda: parsed(name, call(), self._redact), rank)
            note(outcome=outcome.reason.value if isinstance(outcome, Refusal) else "ok")
            return outcome

    async def listing(
        self,
        call: CallPage,
        parse: ParsePage[T],
        *,
        cap: int,
        start: int = 0,
        rank: Rank = Rank.USEFUL,
    ) -> Listing[T]:
        """Page after page, from row `start` up to row `cap`.

        The next offset is what really came: servers cut pages to a limit of their own.
        """
        rows: list[T] = []
        total = 0
        while True:
            offset = start + len(rows)
            outcome = await self.ask(lambda offset=offset: _page(call(offset), parse), rank)  # type: ignore[misc]
            if isinstance(outcome, Refusal):
                return Listing(tuple(rows), total, outcome)
            page: _Page[T] = outcome.body  # type: ignore[assignment]
            rows += page.rows
            total = start + len(rows) if page.total is None else page.total
            if not page.rows or start + len(rows) >= min(total, cap):
                return Listing(tuple(rows), total)

    def raise_if_silent(self) -> None:
        """Raises where nothing at all could be had from the cluster, saying why."""
        if self._answered or not self._refusals:
            return
        why = next((one for one in self._refusals if one.status == 401), self._refusals[0])
        message = f"{self._cluster}: {why.detail}. {why.remedy}".strip()
        raise AirflowLoginError(message) if why.status == 401 else AirflowUnavailable(message)


def _page(outcome: Outcome, parse: ParsePage[T]) -> Outcome:
    if isinstance(outcome, Refusal):
        return outcome
    try:
        rows = tuple(parse(outcome.body))
    except (TypeError, ValueError, AttributeError) as error:
        log.warning("reply_of_unknown_shape", error=type(error).__name__)
        return Refusal(GapReason.MALFORMED, "the reply has a shape that is unknown here")
    return Reply(_Page(rows, whole(mapping(outcome.body).get("total_entries"))))
