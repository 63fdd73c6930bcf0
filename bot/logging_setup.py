"""Logs: one line for each event, in one form for all libraries, and never with a secret.

Text goes to stderr, as JSON for machines or coloured for people. Events carry what was bound
with `structlog.contextvars`, above all the work at hand and the reference that the user was shown
(see `bot.services.at_work`).
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from types import TracebackType
from typing import Any, TextIO

import msgspec
import structlog
from structlog.types import EventDict, Processor

from bot.settings import LogFormat, LoggingSettings

OWN = "bot"
_SHORT = 100  # characters
_REMEMBERED = 2_000

# Six letters out of a hash, other ones for each piece of work: nothing to find in them.
_REFERENCE = "reference"

# Where a message stands in Slack: the name of most work, and each time another one.
_MESSAGE = re.compile(r"[A-Z][A-Z0-9]{0,15}:[A-Z][A-Z0-9]{0,15}:[0-9]{10}\.[0-9]{6}")

# These bring a handler of their own later on, unless they find one.
_EAGER = ("dbos",)

log = structlog.get_logger(__name__)


def set_up_logging(
    settings: LoggingSettings,
    redact: Callable[[str], str],
    *,
    quiet: bool = False,
    stream: TextIO | None = None,
) -> None:
    """Routes structlog and the standard library's loggers to one handler on `stream` (stderr).

    All text passes through `redact`, tracebacks included. With `quiet` only warnings and worse
    are written, whatever the level. Errors that end the process or a thread are events, too.
    Calling it again replaces what was set up before.
    """
    level = logging.WARNING if quiet else getattr(logging, settings.level.upper())
    handler = logging.StreamHandler(stream or sys.stderr)
    rendering = _rendering(settings.format, handler.stream)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.StackInfoRenderer(),
        # Before redaction and without local variables: a traceback may quote anything.
        structlog.processors.format_exc_info,
        _Redaction(redact),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        # Ours go straight to the stream: through the standard library a line costs several times
        # as much, and an acknowledgement waits for each.
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=partial(_Lines, handler),
        cache_logger_on_first_use=False,
    )
    handler.addFilter(_only_our_chatter)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    _take_over(handler, level)
    sys.excepthook = _process_failed
    threading.excepthook = _thread_failed


class _Lines:
    """Where one of our loggers writes its lines, among those of the libraries."""

    def __init__(self, handler: logging.StreamHandler[TextIO], name: str = OWN) -> None:
        self.name = name
        self._handler = handler

    def msg(self, line: str) -> None:
        # What was logged shall not fail because nobody reads the log any more.
        with suppress(OSError, ValueError):
            self._handler.acquire()
            try:
                self._handler.stream.write(f"{line}\n")
                self._handler.flush()
            finally:
                self._handler.release()

    debug = info = warning = error = critical = msg


def _take_over(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in list(logging.root.manager.loggerDict):
        # Libraries that bring handlers of their own (uvicorn does) would write past this one.
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _EAGER:
        logging.getLogger(name).addHandler(logging.NullHandler())


def _process_failed(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("process_failed", exc_info=(kind, error, trace))


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is None or issubclass(failure.exc_type, SystemExit):
        return
    name = failure.thread.name if failure.thread else ""
    error = (failure.exc_type, failure.exc_value, failure.exc_traceback)
    log.error("thread_failed", thread=name, exc_info=error)


def _only_our_chatter(record: logging.LogRecord) -> bool:
    """Below warnings only our own loggers speak.

    At debug level Slack's, OpenAI's and HTTP's libraries write whole payloads and headers; some
    of their loggers set their level themselves, so the handler is where it has to be stopped.
    """
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == OWN


class _Redaction:
    """Passes every text of an event through a redactor, at any depth.

    Most texts are the names of events, loggers and kinds, over and over: what short ones became
    is remembered, since redaction costs more than the rest of a line.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._remembered = lru_cache(_REMEMBERED)(redact)

    def __call__(self, logger: object, method: str, event: EventDict) -> EventDict:
        return {
            key: value if key.startswith("_") or key == _REFERENCE else self._clean(value)
            for key, value in event.items()
        }

    def _clean(self, value: Any) -> Any:
        match value:
            case str():
                return self._clean_text(value)
            case None | bool() | int() | float():
                return value
            case dict():
                return {str(key): self._clean(item) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._clean(item) for item in value]
            case _:
                # Rendering would turn it into text later, past this place.
                return self._redact(str(value))

    def _clean_text(self, text: str) -> str:
        if _MESSAGE.fullmatch(text):
            return text
        return self._remembered(text) if len(text) <= _SHORT else self._redact(text)


def _in_json(event: EventDict, **_: object) -> str:
    return msgspec.json.encode(event).decode()


def _rendering(form: LogFormat, stream: TextIO) -> list[Processor]:
    if form is LogFormat.JSON:
        return [structlog.processors.JSONRenderer(_in_json)]
    # Values of variables are long, and nobody has redacted them.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)]
