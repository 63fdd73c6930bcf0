from __future__ import annotations

import pytest

from bot.diagnosis.depth import Depth
from bot.diagnosis.signals import signals_from
from bot.domain.logs import LogReading, Speaker
from bot.domain.signals import Signals
from tests.diagnosis.cases import chain, error, evidence, line, reading


def drawn(log: LogReading, **more: object) -> Signals:
    return signals_from(evidence(log=log, **more))  # type: ignore[arg-type]


def values(signals: Signals, name: str) -> list[str]:
    return [signal.value for signal in signals.named(name)]


def test_the_root_of_the_chain_is_the_exception_and_keeps_its_line() -> None:
    root = error("KeyError", "'country'", 12)
    wrapped = error("RuntimeError", "enrich failed", 20)
    signals = drawn(reading(line(20, "x"), chains=[chain(wrapped, root)]))
    found = signals.first("exception")
    assert found is not None
    assert (found.value, found.quote.id, found.depth) == ("KeyError", "L12", Depth.ROOT)
    assert found.quote.text == "KeyError: 'country'"
    assert values(signals, "surface_exception") == ["RuntimeError"]
    assert values(signals, "exception_chain") == ["RuntimeError", "KeyError"]
    assert values(signals, "raised_in") == ["user_code"]


def test_what_was_caught_before_the_root_was_raised_lies_shallow() -> None:
    root, caught = error("ValueError", "no bucket", 20), error("ClientError", "404 Not Found", 9)
    signals = drawn(reading(line(20, "x"), chains=[chain(root, caught, root=0)]))
    said = {signal.value: signal.depth for signal in signals.named("text")}
    assert said["ValueError: no bucket"] == Depth.ROOT
    assert said["ClientError: 404 Not Found"] == Depth.TAIL


def test_handled_and_later_exceptions_are_no_cause() -> None:
    handled = chain(error("TimeoutError", "try again", 3), handled=True)
    real = chain(error("KeyError", "'x'", 9))
    callback = chain(error("SMTPError", "no mail", 15), after_failure=True)
    signals = drawn(reading(line(9, "x"), chains=[handled, real, callback]))
    assert values(signals, "exception") == ["KeyError"]


def test_a_failure_to_report_the_failure_is_no_cause() -> None:
    real = chain(error("ImportError", "no module", 7, speaker=Speaker.AIRFLOW))
    later = chain(error("ConnectionRefusedError", "smtp", 15, speaker=Speaker.AIRFLOW))
    log = reading(line(7, "Traceback"), line(15, "Top level error\nrefused"), chains=[real, later])
    assert values(drawn(log), "exception") == ["ImportError"]


def test_behind_a_wrapper_the_childs_own_exception_decides() -> None:
    child = chain(error("FileNotFoundError", "in.csv", 4, speaker=Speaker.CHILD))
    wrapper = chain(error("AirflowException", "Bash command failed. Exit code 1.", 9, user=False))
    signals = drawn(reading(line(4, "x", Speaker.CHILD), chains=[child, wrapper]))
    deepest = max(signals.named("exception"), key=lambda one: one.depth)
    assert (deepest.value, deepest.depth) == ("FileNotFoundError", Depth.CHILD)
    assert values(signals, "wrapper") == ["bash"]


def test_behind_a_wrapper_the_childs_complaint_is_heard() -> None:
    wrapper = chain(error("AirflowException", "Bash command failed. Exit code 2.", 9, user=False))
    log = reading(
        line(3, "loading 10 rows", Speaker.CHILD),
        line(4, "psql: connection refused", Speaker.CHILD),
        line(9, "Task failed with exception", level="error"),
        chains=[wrapper],
    )
    found = drawn(log).first("child_error")
    assert found is not None
    assert (found.value, found.depth) == ("psql: connection refused", Depth.CHILD)


def test_a_complaint_before_an_unrelated_exception_stays_shallow() -> None:
    log = reading(
        line(4, "connection refused, using the cache", Speaker.STDOUT),
        chains=[chain(error("KeyError", "'x'", 9))],
    )
    assert drawn(log).named("child_error") == ()


@pytest.mark.parametrize(
    "decoy", ['{"errors": []}', "0 errors found", "on_error=continue", "WARN ... will be retried"]
)
def test_a_decoy_is_no_complaint(decoy: str) -> None:
    wrapper = chain(error("AirflowException", "Bash command failed. Exit code 1.", 9, user=False))
    signals = drawn(reading(line(4, decoy, Speaker.CHILD), chains=[wrapper]))
    assert signals.named("child_error") == ()
    assert all(one.depth <= Depth.TAIL for one in signals.named("text") if one.value == decoy)


def test_a_print_cannot_pass_for_the_reason_of_a_pod() -> None:
    log = reading(line(4, "reason: OOMKilled", Speaker.STDOUT), line(5, "OOMKilled", Speaker.TASK))
    assert drawn(log).named("pod_reason") == ()


def test_the_providers_own_line_tells_the_reason_of_a_pod() -> None:
    told = line(4, "container state: reason='OOMKilled'", Speaker.TASK, source="pod_manager.py:400")
    found = drawn(reading(told)).first("pod_reason")
    assert found is not None
    assert (found.value, found.depth) == ("OOMKilled", Depth.RECORDED)


def test_a_print_cannot_pass_for_airflow_stopping_the_task() -> None:
    words = "State of this instance has been externally set to failed."
    assert drawn(reading(line(4, words, Speaker.STDOUT))).named("stopped") == ()


@pytest.mark.parametrize(
    ("words", "source", "kind"),
    [
        (
            "State of this instance has been externally set to failed. Terminating",
            None,
            "externally_set",
        ),
        (
            "The recorded hostname a does not match this instance's hostname b",
            None,
            "hostname_changed",
        ),
        ("Recorded pid 12 does not match the current pid 13", None, "pid_changed"),
        ("Server indicated the task shouldn't be running anymore", None, "server_said_stop"),
        ("Received SIGTERM. Terminating subprocesses.", "taskinstance.py:9", "sigterm"),
        (
            "Received SIGTERM. Terminating subprocesses",
            "local_task_job_runner.py:115",
            "supervisor_sigterm",
        ),
        ("Too many failed heartbeats; terminating process", None, "heartbeat_failed"),
    ],
)
def test_airflows_own_words_tell_how_the_try_was_stopped(
    words: str, source: str | None, kind: str
) -> None:
    signals = drawn(reading(line(4, words, source=source)))
    assert values(signals, "stopped") == [kind]


def test_the_state_it_was_set_to_is_told() -> None:
    words = "State of this instance has been externally set to removed. Terminating instance."
    assert values(drawn(reading(line(4, words))), "stopped_to") == ["removed"]


def test_a_stop_after_the_outcome_stood_is_a_harmless_race() -> None:
    log = reading(
        line(4, "Marking task as SUCCESS. dag_id=orders"),
        line(5, "State of this instance has been externally set to success. Terminating instance."),
    )
    found = drawn(log).named("stopped")
    assert [(one.value, one.depth) for one in found] == [("after_end", Depth.STATE)]


def test_an_exit_code_1_that_only_repeats_an_exception_is_left_out() -> None:
    raised = reading(line(9, "x"), chains=[chain(error("KeyError", "'x'", 9))], exit_code=1)
    silent = reading(line(9, "Process exited abnormally"), exit_code=1)
    assert drawn(raised).named("exit_code") == ()
    assert values(drawn(silent), "exit_code") == ["1"]


def test_a_signal_is_given_without_its_sign() -> None:
    log = reading(line(4, "Process terminated by signal. Likely out of memory"), signal=-9)
    assert values(drawn(log), "signal") == ["9"]


def test_a_database_error_in_airflows_own_frames_is_the_metadata_database() -> None:
    broken = error("OperationalError", "server closed the connection", 9, user=False)
    scheduler = line(3, "Adopting or resetting orphaned tasks", source="scheduler_job_runner.py:9")
    assert values(drawn(reading(scheduler, chains=[chain(broken)])), "against") == ["metadata_db"]


def test_a_database_error_below_user_code_is_some_database() -> None:
    broken = error("OperationalError", "server closed the connection", 9)
    assert values(drawn(reading(line(3, "x"), chains=[chain(broken)])), "against") == ["database"]


def test_the_status_of_a_failed_reply_is_told() -> None:
    failed = error("HTTPError", "503 Server Error: Service Unavailable for url: http://x", 9)
    assert values(drawn(reading(line(9, "x"), chains=[chain(failed)])), "http_status") == ["503"]


def test_no_log_is_missing_and_a_log_of_remarks_is_empty() -> None:
    assert values(signals_from(evidence()), "log") == ["missing"]
    remark = reading(
        line(1, "Could not read served logs", Speaker.SOURCE), missing_reason="Could not read"
    )
    assert values(drawn(remark), "log") == ["empty"]
    assert values(drawn(remark), "log_source") == ["Could not read"]


def test_a_log_that_stops_without_an_outcome_ends_abruptly() -> None:
    log = reading(line(1, "Executing <Task(X)>"), line(2, "row 50", Speaker.STDOUT))
    assert values(drawn(log), "log") == ["ends_abruptly"]
    assert values(drawn(log, state="running"), "log") == ["present"]


def test_a_log_of_no_task_belongs_to_a_component() -> None:
    from bot.domain.evidence import Evidence
    from tests.diagnosis.cases import TARGET

    signals = signals_from(Evidence(TARGET, log=reading(line(1, "something"))))
    assert values(signals, "log_kind") == ["component"]


def test_two_pieces_of_one_line_have_different_ids() -> None:
    failed = error("ClientAuthenticationError", "denied\nErrorCode:AuthenticationFailed", 9)
    quotes = {
        s.quote.id for s in drawn(reading(line(9, "x"), chains=[chain(failed)])).named("text")
    }
    assert {"L9", "L9.2"} <= quotes
