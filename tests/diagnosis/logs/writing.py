"""Writes logs the way Airflow does, for tests to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from bot.diagnosis.logs import LogReader
from bot.diagnosis.redaction import Redactor
from bot.domain.logs import LogLine, LogReading

REDACTOR = Redactor(key=b"tests")


def plain(level: str, source: str, text: str, second: int = 0) -> str:
    """A record of Airflow 2; `second` counts from 03:00."""
    clock = f"{3 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"[2026-11-22T{clock}.000+0000] {{{source}}} {level} - {text}"


def record(
    event: str, level: str | None = "info", logger: str | None = "task", **more: object
) -> str:
    """A record of Airflow 3."""
    fields: dict[str, object] = {"timestamp": "2026-11-22T03:00:00.000000Z", "event": event}
    fields |= {"level": level, "logger": logger} if level or logger else {}
    return json.dumps(fields | more)


def detail(*exceptions: tuple[str, str, bool], file: str = "/opt/airflow/dags/a.py") -> object:
    """`error_detail` of (type, value, is_cause), the one that surfaced first."""
    return [
        {
            "exc_type": type_,
            "exc_value": value,
            "is_cause": is_cause,
            "exc_notes": [],
            "syntax_error": None,
            "frames": [
                {"filename": "/venv/site-packages/airflow/sdk/x.py", "lineno": 5, "name": "run"},
                {"filename": file, "lineno": 33, "name": "load"},
            ],
            "is_group": False,
            "exceptions": [],
        }
        for type_, value, is_cause in exceptions
    ]


def traceback(error: str, *frames: str) -> Iterator[str]:
    """A Python traceback; a frame is `file:line:function`."""
    yield "Traceback (most recent call last):"
    for frame in frames or ("/opt/airflow/dags/a.py:33:load",):
        file, line, function = frame.split(":")
        yield f'  File "{file}", line {line}, in {function}'
        yield f"    {function}(row)"
    yield error


def read(
    log: str | Sequence[str] | bytes, budget: int = 4000, try_number: int | None = None
) -> LogReading:
    """The reading of a log given as text, as lines or as bytes."""
    if not isinstance(log, bytes | str):
        log = "\n".join(log) + "\n"
    reader = LogReader(try_number, token_budget=budget, redactor=REDACTOR)
    reader.feed(log if isinstance(log, bytes) else log.encode())
    return reader.finish()


def line_of(reading: LogReading, text: str) -> LogLine:
    """The one kept line that holds `text`."""
    found = [line for line in reading.lines if text in line.text]
    assert len(found) == 1, f"{len(found)} lines hold {text!r}"
    return found[0]
