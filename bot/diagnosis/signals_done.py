"""The signal that all work was done before something from outside ended the try."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.diagnosis.depth import Depth
from bot.diagnosis.log_part import LogPart
from bot.diagnosis.logs.templates import template_of
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.signals_end import was_stopped
from bot.domain.evidence import Evidence
from bot.domain.logs import LogLine, Speaker
from bot.domain.signals import Signal
from bot.domain.verdicts import Quote

_DEPTH = Depth.OUTSIDE - 1
_BY_AIRFLOW = re.compile(
    r"^Done\. Returned value was|^Pushing xcom\b|\bhas phase Succeeded\b|^Task finished\b.*success"
    r"|final state.{0,20}(?:SUCCEEDED|FINISHED)",
    re.I,
)
_BY_TASK = re.compile(
    r"\b(?:all|job|load|export|import|sync|upload|download|backup|training|report|script|pipeline"
    r"|work|process(?:ing)?|program|transfer|migration|etl|everything)\b.{0,80}"
    r"\b(?:complete|completed|finished|done|succeeded|successful|successfully|written|committed)\b"
    r"|\b(?:completed|finished|succeeded) (?:successfully|without errors?|in [\d.]+)"
    r"|^(?:done|finished|complete[d]?|success)\b[.! ]*$|\b_SUCCESS\b",
    re.I,
)
_NOT_YET = re.compile(
    r"\bnot\b|n't\b|\bfail|\berrors?\b|\bwait|\buntil\b|\bonce\b|\bwill\b|\bpartial|\bif\b", re.I
)
_PART = re.compile(r"\b(\d{1,9})\s*(?:of|/)\s*(\d{1,9})\b|\b(\d{1,2})(?:\.\d+)?\s*%")
_DURATION = re.compile(r"\b(?:in|after|took|with|of|wrote|loaded|exit code)\s+[\d.,:]+\s*\w*", re.I)
_NUMBERED = re.compile(r"\b[a-z]{2,}\s+#?\d{1,3}\b(?!\s*(?:of|/|rows|records))", re.I)
_LAST_WORDS = 2  # whoever says more after that had more to do
_OVER = ("failed", "up_for_retry")


def from_done(part: LogPart, evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    """`work_done`, with how the try went on: then_stopped or then_silent.

    Not: the end of one part of many, nor words that were followed by more work, nor where the
    task raised something of its own.
    """
    task = evidence.task_instance
    if task is None or task.state not in _OVER or part.ended_well:
        return
    stopped = was_stopped(part)
    if part.failure is not None and not stopped:
        return
    ended = part.reading.exit_code is not None or part.reading.final_state is not None
    if ended and not stopped:
        return
    quote = _proof(part, evidence, quotes)
    if quote is not None:
        value = "then_stopped" if stopped else "then_silent"
        yield Signal("work_done", value, quote, _DEPTH)


def _proof(part: LogPart, evidence: Evidence, quotes: Quotes) -> Quote | None:
    runs = evidence.child_runs
    if runs and all(run.state == "success" for run in runs):
        words = f"the run that it triggered, {runs[-1].run_id}, went well"
        return quotes.fact(words, "run", runs[-1].end)
    spoken = _spoken(part)
    for line in reversed(spoken[-_LAST_WORDS:]):
        if _BY_AIRFLOW.search(line.text) or _says_all_is_done(line, spoken):
            return quotes.log_line(line)
    return None


def _spoken(part: LogPart) -> list[LogLine]:
    """What the task and its children said, and what Airflow said of their result."""
    return [
        line
        for line in part.lines
        if line.text.strip()
        and line.number not in part.traceback_lines
        and (
            line.speaker not in (Speaker.AIRFLOW, Speaker.SOURCE, Speaker.CALLBACK)
            or _BY_AIRFLOW.search(line.text)
        )
    ]


def _says_all_is_done(line: LogLine, spoken: list[LogLine]) -> bool:
    if not _BY_TASK.search(line.text) or _NOT_YET.search(line.text) or line.repeated > 1:
        return False
    parts = _PART.findall(line.text)
    if any(percent or int(done) < int(total) for done, total, percent in parts):
        return False
    if not parts and _NUMBERED.search(_DURATION.sub("", line.text)):
        return False  # "export 2 complete": the reader keeps one of such lines
    shape = template_of(line.text)
    return sum(template_of(other.text) == shape for other in spoken) == 1
