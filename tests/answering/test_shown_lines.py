"""The lines of the log that an answer shows."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.logs import LogLine, LogReading, Speaker
from bot.domain.verdicts import Quote
from tests.answering.cases import EVIDENCE, LOG, VERDICT, diagnosed, with_lines


def shown_of(lines: tuple[LogLine, ...]) -> tuple[LogLine, ...]:
    return diagnosed(evidence=with_lines(*lines)).log_lines


def test_the_excerpt_holds_the_lines_round_the_deciding_one_and_the_end() -> None:
    lines = tuple(LogLine(number, f"line {number}") for number in range(1, 500))
    verdict = replace(VERDICT, quotes=(Quote("L200", "line 200", "task log", 2, 200),))
    shown = [line.number for line in diagnosed(verdict, with_lines(*lines)).log_lines]
    assert shown == sorted(set(shown))
    assert {180, 200, 210, 499} <= set(shown)
    assert len(shown) <= 60


def test_without_a_deciding_line_the_excerpt_is_the_end_of_the_log() -> None:
    lines = tuple(LogLine(number, f"line {number}") for number in range(1, 500))
    shown = diagnosed(replace(VERDICT, quotes=()), with_lines(*lines)).log_lines
    assert shown[-1].number == 499
    assert shown[0].number >= 440


def test_the_excerpt_is_of_the_try_that_was_quoted() -> None:
    other = LogReading(1, (LogLine(9, "from try 1"),), lines_read=9)
    verdict = replace(VERDICT, quotes=(Quote("L9", "from try 1", "task log", 1, 9),))
    diagnosis = diagnosed(verdict, replace(EVIDENCE, other_logs=(other,)))
    assert [line.text for line in diagnosis.log_lines] == ["from try 1"]
    assert diagnosis.lines_read == 9


def test_marks_for_folding_are_no_excerpt() -> None:
    lines = (LogLine(2, "::group::Pre Execute"), *LOG.lines)
    assert all(not line.text.startswith("::") for line in shown_of(lines))


def test_remarks_of_the_log_handler_are_no_excerpt() -> None:
    lines = (LogLine(1, "Found logs in /x", speaker=Speaker.SOURCE), *LOG.lines)
    assert all(line.number != 1 or line.text != "Found logs in /x" for line in shown_of(lines))
