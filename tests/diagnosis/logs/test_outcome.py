from __future__ import annotations

import pytest

from tests.diagnosis.logs.writing import plain, read, record


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Marking task as FAILED. dag_id=a", "failed"),
        ("Marking task as UP_FOR_RETRY. dag_id=a", "up_for_retry"),
        ("Marking task as SUCCESS. dag_id=a", "success"),
        ("Rescheduling task, marking task as UP_FOR_RESCHEDULE", "up_for_reschedule"),
        ("Pausing task as DEFERRED. dag_id=a", "deferred"),
        ("Task exited with return code 0", "success"),
        ("Task exited with return code 1", None),
    ],
)
def test_airflow_says_the_final_state(text: str, state: str | None) -> None:
    assert read([plain("INFO", "taskinstance.py:1206", text)]).final_state == state


def test_the_server_says_the_state_that_a_task_was_set_to() -> None:
    log = record(
        "Server indicated the task shouldn't be running anymore. Terminating process",
        "error",
        detail={"reason": "not_running", "current_state": "failed"},
    )

    assert read(log).final_state == "failed"


@pytest.mark.parametrize(
    ("source", "text", "code", "signal"),
    [
        ("local_task_job.py:1", "Task exited with return code 1", 1, None),
        ("local_task_job.py:1", "Task exited with return code -9", -9, 9),
        ("local_task_job.py:1", "Task exited with return code Negsignal.SIGKILL", None, 9),
        ("local_task_job.py:1", "Task exited with return code Negsignal.SIGSEGV", None, 11),
        ("subprocess.py:97", "Command exited with return code 137", 137, 9),
        (
            "taskinstance.py:1",
            "Bash command failed. The command returned a non-zero exit code 2.",
            2,
            None,
        ),
        ("taskinstance.py:1", "Received SIGTERM. Terminating subprocesses.", None, 15),
        ("logging_mixin.py:1", "Task exited with return code 137", None, None),
        ("orders.py:1", "order code 137 exists", None, None),
    ],
)
def test_an_exit_is_read_from_words(
    source: str, text: str, code: int | None, signal: int | None
) -> None:
    reading = read([plain("INFO", source, text)])

    assert (reading.exit_code, reading.signal) == (code, signal)


def test_an_exit_is_read_from_fields() -> None:
    killed = record("Process terminated by signal", "critical", signal=-9, signal_name="SIGKILL")
    exited = record("Task exited", "error", exit_code=3)

    assert read(killed).signal == 9
    assert read(exited).exit_code == 3
    assert read(exited).lines[0].text == "Task exited\nexit_code=3"


def test_the_childs_exit_code_goes_before_the_wrappers() -> None:
    log = [
        plain("INFO", "subprocess.py:97", "Command exited with return code 137"),
        plain("INFO", "local_task_job.py:1", "Task exited with return code 1"),
    ]

    assert read(log).exit_code == 137


@pytest.mark.parametrize(
    "remark",
    [
        "*** Log file does not exist: /opt/airflow/logs/a.log",
        "*** Failed to fetch log file from worker. Client error '404 NOT FOUND'",
        "*** Could not read served logs: HTTPConnectionPool(host='worker')",
        "*** No logs found on s3 for ti=<TaskInstance: a.b>",
    ],
)
def test_a_missing_log_says_why(remark: str) -> None:
    reading = read(["*** Found local files:", remark])

    assert reading.missing_reason == remark.removeprefix("*** ")
    assert reading.is_empty


def test_a_missing_record_says_why() -> None:
    text = "Could not read served logs: Hostname not available for worker."

    reading = read(record(text, None, None, timestamp=None))

    assert reading.missing_reason == text
    assert reading.is_empty


def test_a_log_found_elsewhere_is_not_missing() -> None:
    log = ["*** Log file does not exist: /a.log", plain("INFO", "taskinstance.py:1", "start")]

    assert read(log).missing_reason is None


def test_nothing_at_all_is_an_empty_reading() -> None:
    reading = read(b"")

    assert reading.is_empty
    assert (reading.lines_read, reading.missing_reason, reading.chains) == (0, None, ())


def test_times_and_the_longest_silence_are_said() -> None:
    log = [plain("INFO", "a.py:1", f"at {second}", second) for second in (0, 5, 700, 701)]

    reading = read(log)

    assert reading.first_at is not None
    assert reading.last_at is not None
    assert (reading.last_at - reading.first_at).total_seconds() == 701
    assert (reading.longest_gap, reading.gap_before_line) == (695, 3)
