"""Signals from evidence that is neither task log nor metadata: import errors and other texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.diagnosis.depth import Depth
from bot.diagnosis.log_part import log_part
from bot.diagnosis.logs import read_log_text
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.signals_end import from_end
from bot.diagnosis.signals_exceptions import from_exceptions
from bot.diagnosis.signals_lines import from_lines, pod_reason
from bot.diagnosis.text import lines_of
from bot.domain.evidence import Evidence, ImportProblem, NamedText
from bot.domain.signals import Signal
from bot.domain.verdicts import Quote

_LINES_MAX = 400
_LOG_NAMES = re.compile(r"log|output|stdout|stderr|trace")
_EVENT_WORDS = (
    ("heartbeat timeout", re.compile(r"heartbeat timeout", re.I), "heartbeat_timeout"),
    ("stuck in queued tries exceeded", re.compile(r"stuck in queued", re.I), "queued_timeout"),
    ("state mismatch", re.compile(r"state mismatch", re.I), "executor"),
)
_EVENT_NAMES = re.compile(
    r"\b(?:cancel_backfill|patch_(?:task_instance|dag_run)s?|post_(?:clear|set)_\w+|clear_\w+"
    r"|dagrun_(?:clear|failed|success)|delete_\w+|state mismatch|update_hitl_detail)\b"
)

_SET_BY_USER = re.compile(
    r"(?:patch_task_instance|patch_dag_run|task_instance\.modify|dag_run\.modify|set_state)\b"
    r".*(?:failed|success|skipped)|\b(?:mark(?:ed|ing)?|set).{0,20}(?:failed|success|skipped).*\bby\b"
    r"|\b(?:dagrun_failed|dagrun_success|mark_failed|mark_success)\b",
    re.I,
)


class _TextQuotes(Quotes):
    """Quotes of lines in another text: numbered `X<n>`, with the text's name as their source."""

    def __init__(self, quotes: Quotes, source: str) -> None:
        super().__init__()
        self._quotes = quotes
        self._source = source

    def line(self, number: int, text: str, at: datetime | None = None) -> Quote:
        return self._quotes.other(text, self._source, number)


def from_texts(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    """Facts from import problems and from the texts in `Evidence.extra`."""
    failed_by_log = evidence.log is not None and not evidence.log.is_empty
    own = [problem for problem in evidence.import_problems if _concerns(problem, evidence)]
    for problem in own:
        text = NamedText("import error", f"{problem.filename}\n{problem.stack_trace}")
        yield from _import_error(text, quotes, Depth.TAIL if failed_by_log else Depth.RECORDED)
    yield from _others(len(evidence.import_problems) - len(own), quotes)
    for text in evidence.extra:
        name = text.name.replace("_", " ").lower()
        if "import" in name:
            depth = Depth.ERROR_LINE if failed_by_log else Depth.RECORDED
            yield from _import_error(replace(text, name="import error"), quotes, depth)
        elif "event" in name:
            yield from _event_log(replace(text, name="event log"), quotes)
        elif _LOG_NAMES.search(name):
            yield from _log(replace(text, name=name), quotes, alone=not failed_by_log)
        else:
            yield from _plain(replace(text, name=name), quotes)


def _concerns(problem: ImportProblem, evidence: Evidence) -> bool:
    """Where the Dag is unknown, a file that does not name it may be anybody's."""
    name = evidence.target.dag_id or ""
    return evidence.dag is not None or name in f"{problem.filename}\n{problem.stack_trace}"


def _others(count: int, quotes: Quotes) -> Iterator[Signal]:
    if count > 0:
        words = f"{count} files that do not name this Dag cannot be imported"
        quote = quotes.fact(words, "import errors")
        yield Signal("other_import_errors", str(count), quote, Depth.OUTSIDE)


def _import_error(text: NamedText, quotes: Quotes, depth: int) -> Iterator[Signal]:
    inner = _TextQuotes(quotes, text.name)
    part = log_part(read_log_text(text.text))
    kind = "ImportError"
    quote = inner.line(1, next(iter(lines_of(text.text, 1)), text.name))
    if part.failure is not None:
        root = part.failure.root_cause
        kind = root.short_type
        first = next(iter(lines_of(f"{root.type}: {root.message}", 1)), root.type)
        quote = inner.line(root.line, first)
    yield Signal("import_error", kind, quote, depth)
    yield Signal("in_import", "true", quote, depth)
    for signal in from_exceptions(part, inner):
        yield replace(signal, depth=max(0, signal.depth - Depth.ROOT + depth))
    for number, line in enumerate(text.text.splitlines()[-_LINES_MAX:], 1):
        for words in lines_of(line, 1):
            yield Signal("text", words, inner.line(number, words), min(depth, Depth.CHAIN))


def _event_log(text: NamedText, quotes: Quotes) -> Iterator[Signal]:
    inner = _TextQuotes(quotes, text.name)
    for number, line in enumerate(text.text.splitlines()[:_LINES_MAX], 1):
        for words in lines_of(line, 1):
            quote = inner.line(number, words)
            yield Signal("event_extra", words, quote, Depth.OUTSIDE)
            named = _EVENT_NAMES.search(words)
            if named and named.start():  # signatures know how an entry begins, not what precedes it
                yield Signal("event_extra", words[named.start() :], quote, Depth.OUTSIDE)
            for event, pattern, ended_by in _EVENT_WORDS:
                if pattern.search(words):
                    depth = Depth.ROOT - 1 if ended_by == "executor" else Depth.RECORDED
                    yield Signal("event", event, quote, Depth.STATE)
                    yield Signal("ended_by", ended_by, quote, depth)
            if _SET_BY_USER.search(words):
                yield Signal("ended_by", "user", quote, Depth.RECORDED)
            reason = pod_reason(words)
            if reason:
                yield Signal("pod_reason", reason, quote, Depth.RECORDED)


def _log(text: NamedText, quotes: Quotes, *, alone: bool) -> Iterator[Signal]:
    """Another log. `alone`: there is no task log, so this one tells whose words all of it is."""
    inner = _TextQuotes(quotes, text.name)
    part = log_part(read_log_text(text.text))
    if text.name.startswith(("scheduler", "dag processor", "triggerer", "webserver")):
        part = replace(part, kind=text.name.removesuffix(" log").replace(" ", "_"))
    yield from from_exceptions(part, inner)
    yield from from_end(part, inner)
    yield from from_lines(part, inner, killed=False)
    if alone and part.lines:
        yield Signal("log_kind", part.kind, inner.log_line(part.lines[0]), Depth.STATE)


def _plain(text: NamedText, quotes: Quotes) -> Iterator[Signal]:
    inner = _TextQuotes(quotes, text.name)
    for number, line in enumerate(text.text.splitlines()[:_LINES_MAX], 1):
        for words in lines_of(line, 1):
            quote = inner.line(number, words)
            yield Signal("text", words, quote, Depth.ERROR_LINE)
            reason = pod_reason(words)
            if reason:
                yield Signal("pod_reason", reason, quote, Depth.RECORDED)
