from __future__ import annotations

from dataclasses import replace

import pytest

from bot.diagnosis.classify import classify, diagnose
from bot.diagnosis.known import Known
from bot.diagnosis.logs import read_log_text
from bot.domain.evidence import Evidence, NamedText, TaskInstance
from bot.domain.runbooks import KnownFailure
from bot.domain.targets import Target
from bot.domain.verdicts import Verdict, VerdictKind
from tests.diagnosis.cases import evidence, known, signal, signals
from tests.scenarios.shipped import catalogue

PLATFORM, CAPACITY = VerdictKind.PLATFORM, VerdictKind.CAPACITY

LOST = replace(
    known("worker_lost", PLATFORM, some=[("exception", "WorkerLostError")], rank=9),
    symptom_of=("oom_killed",),
)
KILLED = known("oom_killed", CAPACITY, signatures=["out of memory"])


def verdict(reason_depth: int, *rules: KnownFailure) -> Verdict:
    seen = signals(
        signal("exception", "WorkerLostError", 40, line=9),
        signal("text", "kernel: out of memory", reason_depth, line=3),
    )
    return classify(seen, Known(rules), evidence())


def shipped(log: str, **texts: str) -> Verdict:
    case = Evidence(
        Target("corpus"),
        task_instance=TaskInstance("", "", "", state="failed", try_number=1),
        log=read_log_text(log, 1),
        extra=tuple(NamedText(name, text) for name, text in texts.items()),
    )
    return diagnose(case, Known(catalogue().failures))


def test_a_symptom_stands_back_behind_its_reason_and_takes_nothing_from_it() -> None:
    found = verdict(30, LOST, KILLED)
    assert (found.cause, found.confidence) == ("oom_killed", 0.96)
    assert "from outside" in found.ruled_out[0].reason


def test_what_merely_was_written_last_is_no_reason() -> None:
    assert verdict(10, LOST, KILLED).cause == "worker_lost"


def test_two_that_name_each_other_as_reasons_still_come_to_an_end() -> None:
    circle = replace(KILLED, symptom_of=("worker_lost",))
    assert verdict(30, LOST, circle).cause in ("worker_lost", "oom_killed")


@pytest.mark.parametrize("state", ["restarting", "scheduled"])
def test_a_running_task_set_back_was_cleared_and_sigterm_is_how_it_ended(state: str) -> None:
    found = shipped(
        "[2026-03-02T04:10:00.000+0000] {local_task_job_runner.py:310} WARNING - State of this"
        f" instance has been externally set to {state}. Terminating instance.\n"
        "[2026-03-02T04:10:01.000+0000] {taskinstance.py:2607} ERROR - Received SIGTERM."
        " Terminating subprocesses.\n"
    )
    assert found.cause == "cleared"


def test_a_running_task_set_to_skipped_met_the_time_limit_of_its_run() -> None:
    log = (
        "[2026-03-02T04:10:00.000+0000] {local_task_job_runner.py:310} WARNING - State of this"
        " instance has been externally set to skipped. Terminating instance.\n"
    )
    said = (
        "[2026-03-02T04:09:58.000+0000] {scheduler_job_runner.py:1700} INFO - Run nightly_4 of"
        " ledger has timed-out"
    )
    found = shipped(log, scheduler_log=said)
    assert found.cause == "dagrun_timeout"
    assert found.deciding is not None
    assert found.deciding.text.endswith("has timed-out")


def test_the_word_failed_of_a_remote_service_is_no_exit_code() -> None:
    found = shipped(
        "[2026-03-02T04:10:00.000+0000] {glue.py:120} INFO - Job nightly currently FAILED\n"
        "[2026-03-02T04:10:01.000+0000] {taskinstance.py:2905} ERROR - Task failed with exception\n"
        "Traceback (most recent call last):\n"
        '  File "/x/site-packages/airflow/providers/amazon/aws/sensors/glue.py", line 9, in poke\n'
        "    raise AirflowException(message)\n"
        "airflow.exceptions.AirflowException: Exiting Job jr_1 Run State: FAILED\n"
        "[2026-03-02T04:10:02.000+0000] {local_task_job_runner.py:243} INFO - Task exited with"
        " return code 1\n"
    )
    assert found.cause != "nonzero_exit"


def test_a_bare_sigterm_to_the_supervisor_is_no_certainty() -> None:
    found = shipped(
        "[2026-03-02T04:10:00.000+0000] {local_task_job_runner.py:121} ERROR - Received SIGTERM."
        " Terminating subprocesses\n"
        "[2026-03-02T04:10:01.000+0000] {taskinstance.py:2607} ERROR - Received SIGTERM."
        " Terminating subprocesses.\n"
    )
    assert found.confidence < 0.8


def test_a_check_that_reports_over_many_lines_is_read_as_a_whole() -> None:
    found = shipped(
        '{"timestamp":"2026-03-02T04:10:01Z","level":"error","event":"Task failed with exception",'
        '"logger":"task","error_detail":[{"exc_type":"AirflowException","exc_value":"Test failed.'
        '\\nQuery:\\nselect min(n) from stock\\nResults:\\n(0,)","frames":[]}]}\n'
    )
    assert found.cause == "data_quality"


def test_a_kill_is_quoted_from_the_line_that_names_the_signal() -> None:
    found = shipped(
        "[2026-03-02T04:10:00.000+0000] {local_task_job_runner.py:243} INFO - Task exited with"
        " return code Negsignal.SIGKILL\n"
        "[2026-03-02T04:10:01.000+0000] {taskinstance.py:3503} INFO - 0 downstream tasks scheduled"
        " from follow-on schedule check\n"
    )
    assert found.deciding is not None
    assert "Negsignal.SIGKILL" in found.deciding.text
