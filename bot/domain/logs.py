"""What a task log says after it was read through once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Speaker(StrEnum):
    """Who wrote a log line; text of user code can imitate Airflow's and must not pass for it."""

    AIRFLOW = "airflow"  # the supervisor, the task runner, the executor
    TASK = "task"  # loggers of user code and providers inside the task
    STDOUT = "stdout"
    STDERR = "stderr"
    CHILD = "child"  # a child system's output relayed: Spark, dbt, Bash, Docker, a pod
    TRIGGERER = "triggerer"
    CALLBACK = "callback"
    SOURCE = "source"  # remarks of the log handler on where it looked


@dataclass(frozen=True, slots=True)
class LogLine:
    """One kept record. `number` counts records or physical lines from 1 as they were served.

    `repeated` > 1 means that lines equal but for numbers and ids were folded into this one, up
    to line `last_number`: into the first of them, or into the last, next to the failure. `level`
    is lower case, of the innermost writer where it is known. `is_new`: the log of the last
    successful run, where that was compared, has no line of this kind.
    """

    number: int
    text: str
    at: datetime | None = None
    level: str | None = None
    logger: str | None = None
    speaker: Speaker = Speaker.TASK
    source: str | None = None  # "dags_a.py:33"
    repeated: int = 1
    last_number: int | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    file: str
    line: int | None
    function: str
    is_user: bool  # False for Airflow, providers, site-packages, the standard library
    code: str = ""


@dataclass(frozen=True, slots=True)
class RaisedException:
    """One exception of a chain. `type` is as printed, maybe dotted; `message` redacted.

    `line` is the number of the log line that holds `Type: message`.
    """

    type: str
    message: str
    line: int
    frames: tuple[Frame, ...] = ()
    speaker: Speaker = Speaker.TASK

    @property
    def short_type(self) -> str:
        """The type without its module: `botocore.exceptions.ClientError` → `ClientError`."""
        return self.type.rsplit(".", 1)[-1]


@dataclass(frozen=True, slots=True)
class ExceptionChain:
    """Exceptions linked by "direct cause", "during handling" or Java's "Caused by".

    `exceptions` run from the one that surfaced (index 0) to the deepest cause (last).
    `root` is the index of the one that explains the failure: the deepest for "direct cause" and
    "Caused by"; for "during handling" the last that is not a mere wrapper.
    `handled`: user code logged it and went on. `after_failure`: callbacks and cleanup.
    """

    exceptions: tuple[RaisedException, ...]
    root: int = -1
    handled: bool = False
    after_failure: bool = False

    @property
    def root_cause(self) -> RaisedException:
        return self.exceptions[self.root]


@dataclass(frozen=True, slots=True)
class LogReading:
    """A log read through: the lines that matter, and how many were read, kept and dropped.

    `lines` are ascending by number and hold what the diagnosis may quote: the head, the tail,
    every line of error level, around exceptions and signature hits, within a token budget.
    `segment_starts` are numbers of "Starting attempt" lines where several tries share a file, up
    to that of the try that was read: the last one is its own.
    """

    try_number: int | None
    lines: tuple[LogLine, ...]
    chains: tuple[ExceptionChain, ...] = ()
    exit_code: int | None = None  # as the supervisor or a wrapper reports it
    signal: int | None = None  # 9 for SIGKILL, 15 for SIGTERM
    final_state: str | None = None  # as the log itself says: failed, up_for_retry, success …
    segment_starts: tuple[int, ...] = ()
    first_at: datetime | None = None
    last_at: datetime | None = None
    longest_gap: float | None = None  # seconds of silence, between neighbouring records
    gap_before_line: int | None = None
    lines_read: int = 0
    bytes_read: int = 0
    lines_dropped: int = 0
    secrets_masked: int = 0
    complete: bool = True  # False where reading stopped early; see the evidence's gaps
    missing_reason: str | None = None  # what the log handler said instead of a log
    compared: bool = (
        False  # with the log of the last successful run: lines say whether they are new
    )

    @property
    def is_empty(self) -> bool:
        """No line by the task or Airflow itself: the log is lost or was never written."""
        return not any(line.speaker is not Speaker.SOURCE for line in self.lines)
