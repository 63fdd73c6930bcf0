"""DBOS' own log lines, through the bot's logging and without what they would quote."""

from __future__ import annotations

import logging

_LOGGER = logging.getLogger("dbos")
# Told by the engine itself, in events that carry the work's key.
_TOLD_ELSEWHERE = (
    "Step being automatically retried",
    "Exception encountered in asynchronous workflow",
    "Asyncio task cancelled for workflow or step",
)


def route_dbos_logs() -> None:
    """Takes DBOS' console handler away before it is made: lines go to the root logger's."""
    if not _LOGGER.handlers:
        _LOGGER.addHandler(logging.NullHandler())
    _LOGGER.propagate = True
    # The level is DBOS' own to set, from its configuration.
    _LOGGER.removeFilter(_brief)
    _LOGGER.addFilter(_brief)


def _brief(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    if text.startswith(_TOLD_ELSEWHERE):
        return False
    if record.exc_info and record.exc_info[0] is not None:
        # A traceback of work may quote what people wrote.
        record.msg, record.args = f"{text} {record.exc_info[0].__name__}", ()
        record.exc_info = None
    return True
