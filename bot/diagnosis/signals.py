"""All signals of one case, gathered from the log and from Airflow's metadata."""

from __future__ import annotations

from collections.abc import Iterator

from bot.diagnosis.depth import Depth
from bot.diagnosis.log_part import LogPart, log_part
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.signals_beside import from_beside
from bot.diagnosis.signals_cluster import from_cluster
from bot.diagnosis.signals_done import from_done
from bot.diagnosis.signals_end import from_end, was_stopped
from bot.diagnosis.signals_events import from_events
from bot.diagnosis.signals_exceptions import from_exceptions
from bot.diagnosis.signals_lines import from_lines
from bot.diagnosis.signals_run import from_run
from bot.diagnosis.signals_texts import from_texts
from bot.diagnosis.signals_tries import from_tries, never_started
from bot.diagnosis.text import normalise
from bot.domain.evidence import Evidence, Gap
from bot.domain.signals import Signal, Signals

_EVENTS = ("event", "event_extra", "ended_by", "actor", "user_action", "paused_by")
_LOG = (
    "exception",
    "exception_chain",
    "exception_dotted",
    "surface_exception",
    "message",
    "text",
    "child_error",
    "airflow_error",
    "exit_code",
    "signal",
    "stopped",
    "stopped_to",
    "wrapper",
    "http_status",
    "against",
    "work_done",
)
BLINDED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("event log", _EVENTS),
    ("task log", _LOG),
    ("unmet dependencies", ("unmet", "unmet_reason", "tasks_at_limit")),
    ("pools", ("pool_slots", "pool_open_slots", "pool_missing", "pools_running")),
    ("health", ("scheduler", "triggerer", "dag_processor", "metadatabase")),
    ("jobs", ("scheduler_restarted",)),
    ("import errors", ("import_error",)),
    ("recent runs", ("runs_at_limit", "previous_run_failed", "consecutive_failed_runs")),
    ("triggered runs", ("child_run_state",)),
    ("tries", ("failed_tries", "recovered")),
    ("other failures", ("other_dags_failing", "same_host_failures", "ended_together")),
    ("run", ("run_state", "logical_date_missing", "dag_run_timeout_exceeded")),
    ("dag", ("dag_paused", "dag_stale", "dag_missing", "dag_run_timeout_exceeded")),
)
"""Which signals cannot be seen where a piece of evidence is missing, by the gap's source."""


def signals_from(evidence: Evidence) -> Signals:
    """Every fact the evidence holds, each with its quote, and the names it is blind to."""
    reading = evidence.log
    new = frozenset(line.number for line in reading.lines if line.is_new) if reading else None
    quotes = Quotes(reading.try_number if reading else None, new or frozenset())
    part = None
    if reading is not None and not reading.is_empty:
        kind = "task" if evidence.task_instance else "component"
        part = log_part(reading, kind, succeeded=_succeeded(evidence))
    found: list[Signal] = []
    if part is not None:
        found.extend(_from_part(part, quotes))
        found.extend(from_done(part, evidence, quotes))
    found.extend(_log_presence(evidence, part, quotes))
    found.extend(_silence(evidence, quotes))
    found.extend(from_texts(evidence, quotes))
    found.extend(from_tries(evidence, quotes))
    found.extend(from_run(evidence, quotes))
    found.extend(from_events(evidence, quotes))
    found.extend(from_cluster(evidence, quotes))
    return Signals(tuple(dict.fromkeys(found)), _blind(evidence.gaps))


def _succeeded(evidence: Evidence) -> bool:
    """The try whose log was read is the one that went well, not one that failed before it."""
    chosen, reading = evidence.task_instance, evidence.log
    if chosen is None or reading is None or chosen.state != "success":
        return False
    return reading.try_number in (None, chosen.try_number)


def _from_part(part: LogPart, quotes: Quotes) -> Iterator[Signal]:
    yield from from_exceptions(part, quotes)
    yield from from_end(part, quotes)
    yield from from_lines(part, quotes, killed=was_stopped(part))
    yield from from_beside(part, quotes)
    if part.lines:
        yield Signal("log_kind", part.kind, quotes.log_line(part.lines[0]), Depth.STATE)


def _log_presence(evidence: Evidence, part: LogPart | None, quotes: Quotes) -> Iterator[Signal]:
    reading = evidence.log
    if reading is not None and reading.missing_reason:
        reason = normalise(reading.missing_reason)
        quote = quotes.other(reason, "log handler")
        yield Signal("log_source", reason, quote, Depth.TAIL)
    if reading is None:
        value, words = "missing", "there is no task log"
    elif part is None:
        value, words = "empty", "the task log is empty"
    elif part.kind == "task" and _ends_abruptly(part, evidence):
        value, words = "ends_abruptly", "the log stops without saying how the try ended"
    else:
        value, words = "present", f"{reading.lines_read} lines of the task log were read"
    chosen = evidence.task_instance
    if value == "missing" and chosen is not None and never_started(chosen):
        words += ": the task never started"
    yield Signal("log", value, quotes.fact(words, "task log"), Depth.STATE)


def _silence(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    """How long a task that is said to run has written nothing."""
    chosen, reading, now = evidence.task_instance, evidence.log, evidence.gathered_at
    if chosen is None or chosen.state != "running" or reading is None:
        return
    if reading.last_at is not None and now is not None and now > reading.last_at:
        seconds = (now - reading.last_at).total_seconds()
        quote = quotes.fact(f"no line for {seconds:.0f} s", "task log", reading.last_at)
        yield Signal("silence_before_end", f"{seconds:.0f}", quote, Depth.STATE)


def _ends_abruptly(part: LogPart, evidence: Evidence) -> bool:
    """Nothing in the log says how it ended, though the try is over."""
    reading = part.reading
    chosen = evidence.task_instance
    over = chosen is not None and chosen.state in ("failed", "up_for_retry", "success")
    known = (
        part.failure is not None
        or reading.exit_code is not None
        or reading.signal is not None
        or reading.final_state is not None
        or was_stopped(part)
        or part.end < 1 << 60
    )
    return over and not known


def _blind(gaps: tuple[Gap, ...]) -> frozenset[str]:
    hidden: set[str] = set()
    for gap in gaps:
        source = gap.source.lower()
        for piece, names in BLINDED:
            if source == piece or (len(piece) > 4 and source.startswith(piece)):
                hidden.update(names)
    return frozenset(hidden)
