"""One recorded failure, read into the same evidence as a live cluster would give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Protocol

from bot.adapters.airflow import fault
from bot.adapters.airflow.dossier import Dossier, incomplete
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply, outcome_of
from bot.adapters.airflow.parse_cluster import health, jobs
from bot.adapters.airflow.pieces import parsed
from bot.adapters.airflow.values import mapping, text, whole
from bot.diagnosis.logs import read_log_records
from bot.diagnosis.logs.novelty import LineKinds
from bot.diagnosis.redaction import Redactor
from bot.domain.errors import CorpusError
from bot.domain.evidence import Evidence, Gap, GapReason, TaskInstance
from bot.domain.logs import LogReading
from bot.domain.targets import Target


class ReadRecords(Protocol):
    """Reads the records of one try; `known` are the kinds of lines of a successful one."""

    def __call__(
        self,
        records: Sequence[Mapping[str, object]],
        number: int | None,
        /,
        *,
        known: LineKinds | None = None,
    ) -> LogReading: ...


# Answers that concern the Dag or the cluster; the first is what the others are judged by.
_COMMON = {
    "dag_details": "dag_details",
    "dag_run": "dag_run",
    "task_instances": "task_instances",
    "tasks": "tasks",
    "event_logs_run": "event_logs",
    "event_logs_dag": "event_logs",
    "event_logs_cluster": "event_logs",
    "recent_runs": "recent_runs",
    "dag_versions": "dag_versions",
    "dag_warnings": "dag_warnings",
    "import_errors": "import_errors",
    "pools": "pools",
    "health": "health",
    "jobs": "jobs",
    "version": "version",
    "elsewhere": "elsewhere",
}
_NO_RUN = ("", "none", "-")


def evidence_from_recording(
    recording: Mapping[str, object],
    *,
    redact: Callable[[str], str] | None = None,
    read_records: ReadRecords = read_log_records,
) -> Evidence:
    """The evidence in one recorded situation. Labels in it are not looked at.

    Raises `CorpusError` where the object is not a recording at all.
    """
    replies = recording.get("evidence")
    if not isinstance(replies, Mapping):
        name = text(recording.get("id")) or "the file"
        raise CorpusError(f'{name} is no recording: it has no object "evidence"')
    redact = redact or _redactor().redact
    dossier = Dossier(_target(recording), redact)
    for key, piece in _COMMON.items():
        if key in replies:
            dossier.take(piece, parsed(piece, _outcome(replies[key]), redact))
    chosen = dossier.pick_task()
    if chosen:
        _add_task_pieces(dossier, chosen, replies, redact, read_records)
    return dossier.evidence(_newest_heartbeat(replies))


@cache
def _redactor() -> Redactor:
    """Made once: its rules take a while to compile."""
    return Redactor()


def _target(recording: Mapping[str, object]) -> Target:
    run_id = text(recording.get("run_id")) or ""
    return Target(
        cluster=text(recording.get("cluster")) or "recorded",
        dag_id=text(recording.get("dag_id")),
        run_id=None if run_id.lower() in _NO_RUN else run_id,
        task_id=text(recording.get("task_id")),
        map_index=whole(recording.get("map_index")),
        try_number=whole(recording.get("try_number")),
    )


def _outcome(recorded: object) -> Outcome:
    """A recorded answer is `{status, body}`; one without a status never came."""
    answer = mapping(recorded)
    status = whole(answer.get("status"))
    if status is None:
        detail = text(answer.get("error")) or "no answer was recorded"
        return Refusal(GapReason.UNAVAILABLE, detail)
    return outcome_of(status, answer.get("body"))


def _add_task_pieces(
    dossier: Dossier,
    chosen: TaskInstance,
    replies: Mapping[str, object],
    redact: Callable[[str], str],
    read_records: ReadRecords,
) -> None:
    label = f"{chosen.task_id}[{chosen.map_index}]"
    wanted = {"tries": f"tries:{label}", "links": f"links:{label}"}
    wanted["history"] = f"history:{chosen.task_id}"
    if fault.is_waiting(chosen):
        wanted["dependencies"] = f"dependencies:{label}"
    for piece, key in wanted.items():
        if key in replies:
            dossier.take(piece, parsed(piece, _outcome(replies[key]), redact))
    if fault.never_ran(chosen):
        return
    deciding = fault.deciding_try(chosen, dossier.tries, dossier.target.try_number)
    logs = dict(_logs(label, replies))
    green = replies.get(f"log:{label}:green")
    if chosen.state == "success" and chosen.try_number != deciding:
        green = logs.get(chosen.try_number)
    if deciding not in logs:
        detail = f"the log of try {deciding} was not recorded"
        dossier.add_gap(Gap("task log", GapReason.NOT_ASKED, detail))
    for number, recorded in logs.items():
        known = _kinds(green) if number == deciding else None
        _add_log(dossier, number, deciding, recorded, partial(read_records, known=known))


def _kinds(recorded: object) -> LineKinds | None:
    """The kinds of lines of a successful try's log; None where it was not recorded."""
    if not isinstance(_outcome(recorded), Reply):
        return None
    kinds = LineKinds()
    for record in _records(_content(recorded)):
        kinds.feed(json.dumps(record, default=str).encode() + b"\n")
    kinds.finish()
    return kinds


def _content(recorded: object) -> object:
    answer = mapping(recorded)
    return answer.get("content", mapping(answer.get("body")).get("content"))


def _logs(label: str, replies: Mapping[str, object]) -> Iterator[tuple[int, object]]:
    head = f"log:{label}:try"
    for key, recorded in replies.items():
        number = whole(key.removeprefix(head)) if key.startswith(head) else None
        if number is not None:
            yield number, recorded


def _add_log(
    dossier: Dossier,
    number: int,
    deciding: int | None,
    recorded: object,
    read_records: ReadRecords,
) -> None:
    answer = mapping(recorded)
    outcome = _outcome(recorded)
    if isinstance(outcome, Refusal):
        if number == deciding:
            dossier.take("log", outcome)
        return
    reading = read_records(_records(_content(recorded)), number)
    if answer.get("truncated"):
        reading = incomplete(reading)
    dossier.take_log(reading, deciding)


def _records(content: object) -> list[Mapping[str, object]]:
    """Log records; plain lines, as older servers send them, become records too."""
    if isinstance(content, str):
        return [{"event": line} for line in content.splitlines()]
    if not isinstance(content, Sequence):
        return []
    return [entry if isinstance(entry, Mapping) else {"event": str(entry)} for entry in content]


def _newest_heartbeat(replies: Mapping[str, object]) -> datetime | None:
    """A recording bears no clock; the newest heartbeat in it is the nearest to one."""
    bodies = {name: mapping(replies.get(name)).get("body") for name in ("health", "jobs")}
    beats = [part.latest_heartbeat for part in health(bodies["health"])]
    beats += [job.latest_heartbeat for job in jobs(bodies["jobs"])]
    return max((beat for beat in beats if beat), default=None)
