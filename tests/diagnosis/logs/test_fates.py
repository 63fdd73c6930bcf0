from __future__ import annotations

from bot.domain.logs import ExceptionChain, LogReading, Speaker
from tests.diagnosis.logs.writing import plain, read, traceback

FAILED = plain("ERROR", "taskinstance.py:2905", "Task failed with exception")
MARKED = plain("INFO", "taskinstance.py:1206", "Marking task as FAILED. dag_id=a, task_id=b")


def only_chain(reading: LogReading) -> ExceptionChain:
    assert len(reading.chains) == 1, reading.chains
    return reading.chains[0]


def test_what_user_code_logged_before_another_failure_was_handled() -> None:
    log = [
        plain("WARNING", "fetch.py:40", "request failed, will try again"),
        *traceback("requests.exceptions.ReadTimeout: timed out"),
        FAILED,
        *traceback("KeyError: 'amount'"),
    ]

    first, last = read(log).chains

    assert (first.handled, last.handled) == (True, False)


def test_what_was_logged_and_then_raised_was_not_handled() -> None:
    error = "requests.exceptions.ReadTimeout: timed out"
    log = [plain("ERROR", "fetch.py:40", "giving up"), *traceback(error), FAILED, *traceback(error)]

    chain = only_chain(read(log))

    assert not chain.handled


def test_a_childs_own_error_behind_a_wrapper_was_not_handled() -> None:
    child = [plain("INFO", "subprocess.py:93", line) for line in traceback("ValueError: row 7")]
    wrapper = "airflow.exceptions.AirflowException: Bash command failed. Exit code 1."

    chains = read([*child, FAILED, *traceback(wrapper)]).chains

    assert [(chain.root_cause.short_type, chain.handled) for chain in chains] == [
        ("ValueError", False),
        ("AirflowException", False),
    ]


def test_a_callback_that_fails_comes_after_the_failure() -> None:
    log = [
        FAILED,
        *traceback("KeyError: 'amount'"),
        MARKED,
        plain("ERROR", "taskinstance.py:1800", "Error when executing notify callback"),
        *traceback("slack_sdk.errors.SlackApiError: not_in_channel"),
    ]

    cause, callback = read(log).chains

    assert (cause.after_failure, callback.after_failure) == (False, True)


def test_the_same_failure_logged_twice_is_one_chain() -> None:
    again = plain("ERROR", "standard_task_runner.py:124", "Failed to execute job 9 (x; 70)")
    log = [FAILED, *traceback("KeyError: 'a'"), MARKED, again, *traceback("KeyError: 'a'")]

    chain = only_chain(read(log))

    assert not chain.after_failure
    assert chain.root_cause.line == 5


def test_in_a_try_that_succeeded_every_exception_was_handled() -> None:
    success = plain("INFO", "taskinstance.py:1206", "Marking task as SUCCESS. dag_id=a")
    log = [plain("ERROR", "load.py:3", "bad row"), *traceback("ValueError: row 7"), success]

    assert only_chain(read(log)).handled


def test_ten_thousand_decoy_causes_do_not_hide_the_failure() -> None:
    decoys = (
        plain("INFO", "logging_mixin.py:190", f"Caused by: a.b.Err{n}: x") for n in range(10_000)
    )
    reading = read([*decoys, FAILED, *traceback("KeyError: 'amount'")], budget=500)

    assert reading.chains[-1].root_cause.short_type == "KeyError"
    assert any("KeyError: 'amount'" in line.text for line in reading.lines)
    assert sum(len(chain.exceptions) for chain in reading.chains) < 200


def test_a_heartbeat_that_failed_did_not_end_the_task_where_something_else_did() -> None:
    log = [
        plain("ERROR", "job.py:218", "Job heartbeat got an exception"),
        *traceback("sqlalchemy.exc.OperationalError: database is locked"),
        FAILED,
        *traceback("KeyError: 'amount'"),
    ]

    assert [chain.handled for chain in read(log).chains] == [True, False]


def test_a_failed_heartbeat_alone_is_what_there_is() -> None:
    heartbeat = plain("ERROR", "job.py:218", "Job heartbeat got an exception")

    assert not only_chain(read([heartbeat, *traceback("OSError: database is locked")])).handled


def test_a_callback_speaks_for_itself() -> None:
    error = plain("ERROR", "taskinstance.py:1800", "Error when executing notify callback")
    reading = read([FAILED, *traceback("KeyError: 'a'"), error, *traceback("OSError: no route")])

    assert reading.chains[-1].root_cause.speaker is Speaker.CALLBACK


def test_a_users_function_named_callback_is_no_callback() -> None:
    log = [FAILED, *traceback("KeyError: 'a'", "/dags/a.py:3:handle_callback")]

    assert not only_chain(read(log)).after_failure
