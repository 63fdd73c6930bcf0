"""DBOS' log lines: what is said, and how often."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from bot.workflows.quiet import Brief


def test_a_complaint_is_said_once_a_minute() -> None:
    now = [0.0]
    says = said_by(Brief(lambda: now[0]))
    assert says("Exception in queue thread for questions: attempt 1")
    now[0] = 30.0
    assert not says("Exception in queue thread for questions: attempt 2")
    assert says("Exception in queue thread for posts: attempt 2")
    now[0] = 60.0
    assert says("Exception in queue thread for questions: attempt 3")


def test_what_does_not_warn_is_said_each_time() -> None:
    says = said_by(Brief(), logging.INFO)
    assert [says("Recovering 1 workflow") for _ in range(3)] == ["Recovering 1 workflow"] * 3


def test_neither_traceback_nor_manual_is_quoted() -> None:
    says = said_by(Brief())
    try:
        raise ValueError("what somebody wrote")
    except ValueError:
        told = says("The step failed (Background on this error at: https://sqlalche.me/e/21/x)")
    assert told == "The step failed ValueError"


def said_by(brief: Brief, level: int = logging.WARNING) -> Callable[[str], str | None]:
    """What is logged of a text; None where nothing is."""

    def says(text: str) -> str | None:
        error = sys.exc_info() if sys.exc_info()[0] else None
        record = logging.LogRecord("dbos", level, __file__, 1, text, (), error)  # type: ignore[arg-type]
        return record.getMessage() if brief.filter(record) else None

    return says
