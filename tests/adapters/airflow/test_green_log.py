from __future__ import annotations

from typing import Any

from bot.adapters.airflow import log_desk
from bot.adapters.airflow.recording import evidence_from_recording
from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.diagnosis.logs import LogReader
from bot.diagnosis.redaction import Redactor
from bot.domain.evidence import Evidence, GapReason
from bot.domain.logs import LogReading
from tests.adapters.airflow import support
from tests.adapters.airflow.test_gather import PATIENCE, target_of
from tests.fakes.airflow_server import RecordedAirflow

GREEN_LOG = "log of the last successful run"
REDACTOR = Redactor(key=b"tests")
EARLIER = {"run_id": "before", "dag_run_id": "before", "start_date": "2026-11-21T00:00:00Z"}


def reader(number: int | None, **known: Any) -> LogReader:
    return LogReader(number, redactor=REDACTOR, **known)


def recorded(green: object = None) -> dict[str, Any]:
    """A task that failed, after a run in which it went well; `green` is the log of that."""
    recording = support.recording(support.EXIT_CODE)
    evidence = recording["evidence"]
    rows = evidence["history:bye"]["body"]["task_instances"]
    rows.append({**rows[0], **EARLIER, "state": "success"})
    if green is not None:
        evidence["log:bye[-1]:green"] = {"status": 200, "content": green}
    return recording


def calm() -> list[dict[str, Any]]:
    """The records of the failed try up to its own last words."""
    content = support.recording(support.EXIT_CODE)["evidence"]["log:bye[-1]:try1"]["content"]
    return [one for one in content if "fatal" not in one["event"] and "exit_code" not in one]


async def gathered(recording: dict[str, Any], seconds: float = PATIENCE) -> tuple[Evidence, int]:
    with RecordedAirflow([recording]) as airflow:
        cluster = support.cluster_of(airflow, make_log_reader=reader)
        try:
            return await cluster.gather(target_of(support.EXIT_CODE), seconds), len(
                airflow.asked("log")
            )
        finally:
            cluster.close()


def new(log: LogReading | None) -> list[str]:
    assert log
    return [line.text for line in log.lines if line.is_new]


async def test_lines_that_the_last_successful_run_does_not_have_are_marked() -> None:
    found, asked = await gathered(recorded(calm()))
    assert found.log
    assert found.log.compared
    assert asked == 2
    assert new(found.log) == ["Task exited\nexit_code=3", "fatal: bad config, exiting"]
    assert found.gaps == ()


async def test_a_recording_is_compared_as_a_live_cluster_is() -> None:
    live, _ = await gathered(recorded(calm()))
    replayed = evidence_from_recording(recorded(calm()), redact=support.mask)
    assert new(replayed.log) == new(live.log)
    quotes = diagnose(replayed, Known(())).quotes
    assert [quote.is_new for quote in quotes] == [True] * len(quotes)


async def test_a_green_log_that_is_gone_is_a_gap_and_nothing_is_called_new() -> None:
    found, _ = await gathered(recorded())
    (gap,) = found.gaps
    assert (gap.source, gap.reason) == (GREEN_LOG, GapReason.NOT_FOUND)
    assert new(found.log) == []


async def test_without_a_successful_run_no_further_log_is_asked_for() -> None:
    found, asked = await gathered(support.recording(support.EXIT_CODE))
    assert asked == 1
    assert found.gaps == ()


async def test_logs_that_have_nothing_in_common_are_a_gap() -> None:
    found, _ = await gathered(recorded([{"event": "another program"}, {"event": "wrote this"}]))
    (gap,) = found.gaps
    assert (gap.source, gap.reason) == (GREEN_LOG, GapReason.NOT_ASKED)
    assert new(found.log) == []


async def test_a_green_log_beyond_the_limit_is_not_read_to_its_end(monkeypatch: Any) -> None:
    monkeypatch.setattr(log_desk, "GREEN_MAX", 1_000)
    found, _ = await gathered(recorded([{"event": f"line {n}"} for n in range(5_000)]))
    (gap,) = found.gaps
    assert (gap.source, gap.reason) == (GREEN_LOG, GapReason.TOO_LARGE)


async def test_a_large_log_is_not_compared(monkeypatch: Any) -> None:
    monkeypatch.setattr(log_desk, "SMALL_LOG", 100)
    found, asked = await gathered(recorded(calm()))
    assert asked == 1
    assert found.gaps == ()


async def test_a_later_try_that_went_well_is_what_a_failed_one_is_compared_with() -> None:
    with support.serve(support.RETRIED) as airflow:
        cluster = support.cluster_of(airflow, make_log_reader=reader)
        found = await cluster.gather(target_of(support.RETRIED), PATIENCE)
        cluster.close()
    assert found.log
    assert (found.log.try_number, found.log.compared) == (2, True)
    (text,) = new(found.log)
    assert "ConnectionError: connection reset by peer (try 2)" in text
