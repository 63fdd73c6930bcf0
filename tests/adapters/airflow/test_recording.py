from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.adapters.airflow.recording import evidence_from_recording
from bot.diagnosis.logs.novelty import LineKinds
from bot.domain.errors import CorpusError
from bot.domain.evidence import Evidence, GapReason
from bot.domain.logs import LogLine, LogReading
from tests.adapters.airflow import support


def read_records(
    records: Sequence[Mapping[str, object]], number: int | None, *, known: LineKinds | None = None
) -> LogReading:
    lines = (LogLine(n, str(record.get("event"))) for n, record in enumerate(records, 1))
    return LogReading(number, tuple(lines))


def evidence(name: str, **changes: object) -> Evidence:
    recording = {**support.recording(name), **changes}
    return evidence_from_recording(recording, redact=support.mask, read_records=read_records)


ALL = sorted(path.stem for path in support.PAYLOADS.glob("*.json"))


@pytest.mark.parametrize("name", ALL)
def test_the_task_at_fault_is_the_one_that_was_made_to_fail(name: str) -> None:
    expected = support.recording(name)["expected"]["task_id"]
    found = evidence(name).task_instance
    if expected == "-":  # then what is found waits, or was passed over
        assert found is None or found.state in (None, "skipped")
        return
    assert found is not None
    recorded_as = {"pod_failed": "run_job", "no_worker": "run_model"}.get(expected, expected)
    assert found.task_id.startswith(tuple(recorded_as.replace("*", "").split("/")))


def test_labels_are_not_looked_at() -> None:
    assert evidence(support.MAPPED, expected={"task_id": "ids"}) == evidence(support.MAPPED)


def test_the_mapped_task_instance_that_failed_comes_with_its_own_log() -> None:
    found = evidence(support.MAPPED)
    assert found.task_instance
    assert found.task_instance.map_index == 37
    assert found.log
    assert found.log.try_number == 1
    assert any("Task failed with exception" in line.text for line in found.log.lines)


def test_the_last_failed_try_is_read_and_the_others_lie_beside_it() -> None:
    found = evidence(support.RETRIED)
    assert [(one.try_number, one.state) for one in found.tries] == [
        (1, "failed"),
        (2, "failed"),
        (3, "success"),
    ]
    assert found.log
    assert found.log.try_number == 2
    assert sorted(log.try_number or 0 for log in found.other_logs) == [1, 3]


def test_an_asked_try_is_the_deciding_one() -> None:
    found = evidence(support.RETRIED, task_id="flaky", try_number=1)
    assert found.log
    assert found.log.try_number == 1


def test_a_dag_that_does_not_exist_is_a_fact_and_its_import_error_comes_first() -> None:
    found = evidence(support.NO_DAG)
    assert found.dag_exists is False
    assert found.gaps == ()
    assert found.import_problems[0].filename == f"{support.NO_DAG}.py"


def test_a_waiting_task_comes_with_what_it_waits_for() -> None:
    assert [unmet.name for unmet in evidence(support.POOL).unmet] == ["Pool Slots Available"]


def test_a_task_that_never_ran_has_no_log_and_no_gap_for_it() -> None:
    found = evidence(support.UPSTREAM, task_id="right")
    assert found.log is None
    assert found.gaps == ()


def test_a_forbidden_event_log_becomes_a_gap_with_its_remedy() -> None:
    recording = support.recording(support.EXIT_CODE)
    for key in ("event_logs_run", "event_logs_dag"):
        recording["evidence"][key] = {"status": 403, "body": {"detail": "Forbidden"}}
    found = evidence_from_recording(recording, redact=support.mask, read_records=read_records)
    (gap,) = found.gaps
    assert (gap.source, gap.reason) == ("event log", GapReason.FORBIDDEN)
    assert "can read on Audit Logs" in gap.remedy


def test_a_log_that_was_recorded_in_part_is_incomplete() -> None:
    found = evidence("pipeline_31038")
    assert found.log
    assert not found.log.complete


def test_the_newest_heartbeat_stands_for_the_time_of_the_recording() -> None:
    at = evidence(support.CHILD).gathered_at
    assert at == datetime(2026, 11, 22, 6, 23, 46, 718260, tzinfo=UTC)


def test_the_order_of_the_recorded_answers_does_not_matter() -> None:
    recording = support.recording(support.RETRIED)
    turned = dict(reversed(recording["evidence"].items()))
    other = evidence(support.RETRIED, evidence=turned)
    plain = evidence(support.RETRIED)
    assert replace(other, other_logs=()) == replace(plain, other_logs=())
    assert set(other.other_logs) == set(plain.other_logs)


def test_an_object_that_is_no_recording_is_refused_by_name() -> None:
    with pytest.raises(CorpusError, match="case-7 is no recording"):
        evidence_from_recording({"id": "case-7", "log": "…"})
