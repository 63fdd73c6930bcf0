"""The part of a log that decides: the lines and exceptions of the try that failed last."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from bot.diagnosis.against import against
from bot.diagnosis.airflow_lines import calls_home, is_end
from bot.domain.logs import ExceptionChain, Frame, LogLine, LogReading, Speaker

_TASK_MARKS = re.compile(
    r"Starting attempt \d+|Executing <Task|Running <TaskInstance|Dependencies (?:all|not) met for"
    r"|Task is not able to be run|::group::Pre (?:Execute|task)|Marking task as|Task failed with"
    r"|Task exited with|Job \d+: Subtask|AIRFLOW_CTX_|Task finished|State of this instance has been"
    r"|Current task name|TaskInstance is|Pausing task as DEFERRED"
    r"|Returned value was|Command exited with|was killed before it finished|Poking",
    re.I,
)
_TASK_LOGGER = re.compile(r"(?:airflow\.)?task(?:\.|$)")
_SUPERVISED = re.compile(r"Process (?:exited|terminated)", re.I)  # also of a Dag processor's child
_CLEAN_UP = re.compile(r"Top level error|Error (?:when|while) (?:executing|running|sending)", re.I)
_FRAME_PARTS = re.compile(r'\s*File "([^"]+)", line (\d{1,9})(?:, in (\S+))?')
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)")
_FRAME = re.compile(r'\s*File "[^"]+", line \d+|\s+[\^~]+\s*$|\s*at [\w$.<>]+\([^)]*\)$')
_FOREIGN = (
    (
        "scheduler",
        re.compile(
            r"DagFileProcessorManager|Executor reports|Adding to queue|Sending TaskInstanceKey"
            r"|orphaned task|Detected (?:a |as )?zombie|tasks up for execution|max_active_runs \("
            r"|Received executor event|Setting the following tasks to|Exiting scheduler"
            r"|Starting the scheduler|Failing jobs without heartbeat|SchedulerJob"
            r"|Task Instance Heartbeat Timeout|stuck in queued|Executor .{0,40}shutting down",
            re.I,
        ),
        (
            "scheduler_job",
            "scheduler_command",
            "base_executor",
            "local_executor",
            "celery_executor",
        ),
    ),
    (
        "triggerer",
        re.compile(r"Starting the triggerer|Trigger \S+ (?:starting|fired)|TriggererJob", re.I),
        ("triggerer_job", "triggerer"),
    ),
    (
        "dag_processor",
        re.compile(
            r"Processing file \S+ for tasks|Processor for \S.* with PID \d+|Failed to import"
            r"|DagBag import timeout|Broken DAG"
            r"|Filling up the DagBag|No viable dags|importing the DAG|DagFileProcessor",
            re.I,
        ),
        ("dagbag", "processor", "dag_processing", "manager"),
    ),
    (
        "webserver",
        re.compile(r"gunicorn|webserver|api[-_ ]server|uvicorn\.error", re.I),
        ("www", "app", "httptools_impl"),
    ),
)


@dataclass(frozen=True)
class LogPart:
    """The deciding segment of one reading.

    `failure` is the chain that ended the try, None where no exception did. `end` is the number of
    the line by which the outcome stood: what comes later is clean-up. `kind` says who wrote it.
    `ended_well`: the try succeeded, so whatever its code and children complained about was dealt
    with, and only Airflow's own errors count.
    """

    reading: LogReading
    lines: tuple[LogLine, ...]
    chains: tuple[ExceptionChain, ...]
    kind: str
    ended_well: bool = False

    @cached_property
    def failure(self) -> ExceptionChain | None:
        """The last chain that was neither handled nor raised by clean-up."""
        found = [chain for chain in self.chains if not (chain.handled or chain.after_failure)]
        if self.ended_well:
            found = [c for c in self.chains if self.against(c) == "metadata_db"]
        found = [c for c in found if c.exceptions[0].speaker is not Speaker.STDOUT] or found
        found = [chain for chain in found if not self._by_clean_up(chain)] or found
        return found[-1] if found else None

    def _by_clean_up(self, chain: ExceptionChain) -> bool:
        """Airflow 3 logs as "Top level error" what fails while it reports a failure."""
        announced = {line.number for line in self.lines if _CLEAN_UP.match(line.text)}
        return any(error.line in announced for error in chain.exceptions)

    def against(self, chain: ExceptionChain) -> str | None:
        """What the chain's failing call was made to; one word of the vocabulary's `against`."""
        found = against(chain, self.kind, self.stray)
        if found not in (None, "http") or any(
            f.is_user for e in chain.exceptions for f in e.frames
        ):
            return found
        by_supervisor = any(
            line.number in _numbers(chain) for line in self.lines if calls_home(line)
        )
        return "api_server" if by_supervisor else found

    @cached_property
    def stray(self) -> tuple[Frame, ...]:
        """Frames below the last exception: of a traceback whose end was cut off."""
        last = max((error.line for chain in self.chains for error in chain.exceptions), default=0)
        below = (line for line in self.lines if line.number > last)
        found = (_FRAME_PARTS.match(line.text) for line in below)
        return tuple(Frame(one[1], int(one[2]), one[3] or "", False) for one in found if one)

    @cached_property
    def end(self) -> int:
        return next((line.number for line in self.lines if is_end(line)), 1 << 60)

    @cached_property
    def traceback_lines(self) -> frozenset[int]:
        """Numbers of the lines that belong to tracebacks; they are quoted as exceptions."""
        ends = {error.line for chain in self.chains for error in chain.exceptions}
        inside, found = False, set(ends)
        for line in self.lines:
            if _TRACEBACK.search(line.text):
                inside = any(end >= line.number for end in ends)
            if inside or _FRAME.match(line.text):
                found.add(line.number)
            inside = inside and line.number not in ends
        return frozenset(found)


def _numbers(chain: ExceptionChain) -> frozenset[int]:
    return frozenset(error.line for error in chain.exceptions)


def log_part(
    reading: LogReading, default_kind: str = "task", *, succeeded: bool = False
) -> LogPart:
    """The last segment of the log, by its "Starting attempt" lines.

    `default_kind` is assumed where no line tells whose log it is. `succeeded`: Airflow has this
    very try as a success.
    """
    start = reading.segment_starts[-1] if reading.segment_starts else 0
    lines = tuple(line for line in reading.lines if line.number >= start)
    chains = tuple(
        chain for chain in reading.chains if chain.exceptions and chain.exceptions[0].line >= start
    )
    well = (reading.final_state or "").lower() == "success" or (
        succeeded and reading.final_state is None
    )
    return LogPart(reading, lines, chains, kind_of(lines) or default_kind, well)


def kind_of(lines: tuple[LogLine, ...]) -> str | None:
    """Who wrote the log: task, scheduler, triggerer, dag_processor, webserver, or not to tell."""
    if any(
        _TASK_LOGGER.match(line.logger or "") or _TASK_MARKS.search(line.text) for line in lines
    ):
        return "task"
    kind = _foreign_kind(lines)
    if kind is None and any(_SUPERVISED.search(line.text) for line in lines):
        return "task"
    return kind


def _foreign_kind(lines: tuple[LogLine, ...]) -> str | None:
    for kind, words, sources in _FOREIGN:
        for line in lines:
            source = (line.source or "").split(".", 1)[0]
            if source in sources or words.search(line.text):
                return kind
    return None
