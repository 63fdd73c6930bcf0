"""Which of Airflow's own log lines tell why a try stopped, repeat the outcome, or are noise."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.logs import LogLine, Speaker


@dataclass(frozen=True, slots=True)
class Stop:
    """A line by which Airflow says that it stopped the try. `to` is the state it was set to."""

    kind: str
    to: str | None = None


_STOPS = (
    (
        "externally_set",
        re.compile(r"State of this instance has been externally set to (?P<to>\w+)", re.I),
    ),
    ("hostname_changed", re.compile(r"recorded hostname .+ does not match this instance", re.I)),
    ("pid_changed", re.compile(r"Recorded pid .+ does not match the current pid", re.I)),
    ("server_said_stop", re.compile(r"Server indicated the task shouldn't be running", re.I)),
    (
        "heartbeat_failed",
        re.compile(
            r"Too many failed heartbeats|Heartbeat time limit exceeded",
            re.I,
        ),
    ),
    ("sigterm", re.compile(r"Received SIGTERM\. Terminating|Task received SIGTERM signal", re.I)),
    ("sigterm", re.compile(r"^Received SIGTERM signal|SIGTERM received", re.I)),
)

_SUPERVISORS = ("local_task_job", "local_task_job_runner")

_ECHO = re.compile(
    r"^(?:Task failed with exception|Failed to execute (?:job|task)\b|Failed to run task"
    r"|Marking (?:task|run) |Immediate failure requested|(?:Task|Command) exited with return code"
    r"|\d+ downstream tasks scheduled|Task failed$|Traceback \(most recent call last\)"
    r"|During handling of the above|The above exception was the direct)",
    re.I,
)
_NOISE = re.compile(
    r"^(?:-{3,}|={3,}|\*{3,}|::(?:end)?group::|Starting attempt \d+|Executing <Task|Started process"
    r"|Running(?:: \[| <TaskInstance| on host)|Job \d+: Subtask|Exporting (?:the following )?env"
    r"|AIRFLOW_CTX_|Dependencies all met|Filling up the DagBag|Using connection ID"
    r"|Retrieving connection|Tmp dir root location|Output:$|Done\. Returned value"
    r"|DAG bundles loaded|Task instance is in running|Pre task execution|Post task execution"
    r"|Running (?:command|statement)|Executing: |query: \[|Spark-Submit cmd"
    r"|\.\.\.$|Log message source details|\*\*\* |Pushing xcom|Previous state of the Task)",
    re.I,
)
_END = re.compile(
    r"Marking task as \w+|Immediate failure requested|Task exited with return code"
    r"|Process terminated by signal|^Task finished|^Task exited\b|Process exited abnormally"
    r"|was killed before it finished",
    re.I,
)


def stop_of(line: LogLine) -> Stop | None:
    """What the line says about Airflow stopping the try, if it speaks for Airflow at all."""
    if line.speaker not in (Speaker.AIRFLOW, Speaker.TASK) or is_echo(line.text):
        return None
    for kind, pattern in _STOPS:
        found = pattern.search(line.text)
        if found:
            if kind == "sigterm" and (line.source or "").startswith(_SUPERVISORS):
                kind = "supervisor_sigterm"
            return Stop(kind, found.groupdict().get("to"))
    return None


def calls_home(line: LogLine) -> bool:
    """By the process that looks after the task, which calls nothing but Airflow's API server."""
    place = (line.source or line.logger or "").partition(":")[0].removesuffix(".py")
    return line.speaker is Speaker.AIRFLOW and place.rsplit(".", 1)[-1] == "supervisor"


def is_echo(text: str) -> bool:
    """It only repeats the outcome or an exception that is quoted elsewhere."""
    return _ECHO.search(text) is not None


def is_noise(text: str) -> bool:
    """Boilerplate of starting and ending a try."""
    return not text or _NOISE.search(text) is not None


def is_end(line: LogLine) -> bool:
    """By this line the outcome of the try stood."""
    return line.speaker is not Speaker.STDOUT and _END.search(line.text) is not None
