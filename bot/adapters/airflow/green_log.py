"""Compares a failed try's log with that of the task's last successful one."""

from __future__ import annotations

import asyncio

from bot.adapters.airflow.asking import Asking
from bot.adapters.airflow.dossier import Dossier
from bot.adapters.airflow.log_desk import LogDesk, LogSeen
from bot.adapters.airflow.outcome import Refusal
from bot.adapters.airflow.task_log import SPARE_SECONDS, log_key
from bot.domain.evidence import GapReason, TaskInstance
from bot.words import mark

COMPARE_SECONDS = 6.0  # that an answer waits for it at most

_ALIKE = Refusal(
    GapReason.NOT_ASKED, mark("it has too little in common with this one to be compared")
)
_NO_TIME = Refusal(GapReason.TIMEOUT, mark("there was no time left to read it"))


async def compare_with_green(
    desk: LogDesk, asking: Asking, dossier: Dossier, chosen: TaskInstance, seen: LogSeen | None
) -> None:
    """Files the deciding log anew, its lines marked where the last successful try has none of
    their kind; a gap where that log cannot be had. Nothing is asked without such a try, or of a
    log that is large or was not read whole."""
    reading = seen.reading if seen else None
    if seen is None or reading is None or seen.packed is None or reading.is_empty:
        return
    green = _green(dossier, chosen, reading.try_number)
    if green is None:
        return
    seconds = min(asking.left, COMPARE_SECONDS)
    if asking.left < SPARE_SECONDS:
        dossier.take("green_log", _NO_TIME)
        return
    kinds = await desk.kinds(log_key(green, (), green.try_number), seconds)
    if isinstance(kinds, Refusal):
        dossier.take("green_log", kinds)
        return
    compared = await asyncio.to_thread(desk.compared, seen, kinds)
    if not compared.compared:
        dossier.take("green_log", _ALIKE)
        return
    dossier.take_log(compared, reading.try_number)


def _green(dossier: Dossier, chosen: TaskInstance, deciding: int | None) -> TaskInstance | None:
    """A later try that went well where the deciding one did not, else the last earlier run's."""
    if chosen.state == "success":
        return chosen if chosen.try_number != deciding else None
    if chosen.state not in ("failed", "up_for_retry"):
        return None
    return dossier.last_green(chosen)
