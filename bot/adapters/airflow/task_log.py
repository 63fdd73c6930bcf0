"""The log that decides: which try it is of, how it is had, and what is said where it is not."""

from __future__ import annotations

from dataclasses import replace

from bot.adapters.airflow import fault
from bot.adapters.airflow.asking import Asking
from bot.adapters.airflow.dossier import Dossier
from bot.adapters.airflow.log_desk import SMALL_LOG, LogDesk, LogKey, LogSeen
from bot.adapters.airflow.outcome import Refusal
from bot.domain.evidence import GapReason, TaskInstance
from bot.words import mark

SPARE_SECONDS = 3.0  # that must be left for it

_OVER = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


async def read_deciding_log(
    desk: LogDesk, asking: Asking, dossier: Dossier, chosen: TaskInstance
) -> LogSeen | None:
    """Files the log of the deciding try and, where that was small, of the try before it; gives
    what became of the deciding one, None where no try ever ran."""
    tries = dossier.tries
    deciding = fault.deciding_try(chosen, tries, dossier.target.try_number)
    if deciding is None:
        return None
    seen = await desk.read(log_key(chosen, tries, deciding), asking.left)
    if seen.refusal:
        dossier.take("log", explained(seen.refusal))
    if seen.reading is None:
        return seen
    dossier.take_log(seen.reading, deciding)
    is_small = seen.refusal is None and seen.reading.bytes_read <= SMALL_LOG
    if deciding > 1 and is_small and asking.left > SPARE_SECONDS:
        before = await desk.read(log_key(chosen, tries, deciding - 1), asking.left)
        if before.reading:
            dossier.take_log(before.reading, deciding)
    return seen


def log_key(chosen: TaskInstance, tries: tuple[TaskInstance, ...], number: int) -> LogKey:
    """Names one try's log; ended ones never change, save that a clear begins a new try."""
    one = next((one for one in (*tries, chosen) if one.try_number == number), chosen)
    over = one.try_number != number or one.state in _OVER
    return LogKey(
        chosen.dag_id,
        chosen.run_id,
        chosen.task_id,
        chosen.map_index,
        number,
        (one.end or chosen.end) if over else None,
    )


def explained(refusal: Refusal) -> Refusal:
    """A log that is late is still being read: asking again is not in vain."""
    if refusal.reason is not GapReason.TIMEOUT:
        return refusal
    detail = mark("the log had not been read to its end by the deadline; it may be very large")
    return replace(
        refusal, detail=detail, remedy=mark("Ask again in a minute: the reading goes on.")
    )
