"""DBOS' own log lines, through the bot's logging and without what they would quote."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

_LOGGER = logging.getLogger("dbos")
# Told by the engine itself, in events that carry the work's key.
_TOLD_ELSEWHERE = (
    "Step being automatically retried",
    "Exception encountered in asynchronous workflow",
    "Asyncio task cancelled for workflow or step",
)


_AGAIN_AFTER = 60.0  # seconds until the same complaint is of interest again
_NUMBERS = re.compile(r"\d+")
_MANUAL = re.compile(r"\s*\(Background on this error at: \S+\)")


class Brief(logging.Filter):
    """Leaves out what is told elsewhere, tracebacks, and the same complaint many times a second,
    as every thread has it while the database is away."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        text = _MANUAL.sub("", record.getMessage())
        if text.startswith(_TOLD_ELSEWHERE):
            return False
        if record.exc_info and record.exc_info[0] is not None:
            # A traceback of work may quote what people wrote.
            text = f"{text} {record.exc_info[0].__name__}"
            record.exc_info = None
        record.msg, record.args = text, ()
        return record.levelno < logging.WARNING or self._is_news(text)

    def _is_news(self, text: str) -> bool:
        kind, now = _NUMBERS.sub("", text)[:100], self._clock()
        if now - self._told.get(kind, -_AGAIN_AFTER) < _AGAIN_AFTER:
            return False
        self._told = {one: at for one, at in self._told.items() if now - at < _AGAIN_AFTER}
        self._told[kind] = now
        return True


_brief = Brief()


def route_dbos_logs() -> None:
    """Takes DBOS' console handler away before it is made: lines go to the root logger's."""
    if not _LOGGER.handlers:
        _LOGGER.addHandler(logging.NullHandler())
    _LOGGER.propagate = True
    # The level is DBOS' own to set, from its configuration.
    _LOGGER.addFilter(_brief)
