from __future__ import annotations

import pytest

from bot.diagnosis.findings import Finding, Matched, RuledOut
from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.signals import signals_from
from bot.domain.evidence import Evidence, TaskInstance
from bot.domain.logs import Frame, LogReading, RaisedException, Speaker
from tests.diagnosis.cases import TARGET, chain, line, reading

USER = Frame("/opt/airflow/dags/orders.py", 4, "<module>", True)


def judged(name: str, log: LogReading, operator: str = "PythonOperator") -> Finding:
    task = TaskInstance("orders", "r", "load", state="failed", try_number=1, operator=operator)
    evidence = Evidence(TARGET, task_instance=task, log=log)
    return JUDGEMENTS[name](signals_from(evidence), evidence)


def raised(kind: str, message: str, *frames: Frame) -> LogReading:
    failed = RaisedException(kind, message, 9, frames or (USER,))
    return reading(line(1, "Executing <Task(X)>"), line(9, "x"), chains=[chain(failed)])


def timed_out(*files: str) -> LogReading:
    frames = (USER, *(Frame(file, 1, "f", False) for file in files))
    handler = Frame("/site-packages/airflow/utils/timeout.py", 68, "handle_timeout", False)
    message = "DagBag import timeout for /opt/airflow/dags/orders.py after 30.0s."
    return raised("airflow.exceptions.AirflowTaskTimeout", message, *frames, handler)


class TestImports:
    def test_a_timeout_in_a_call_is_the_files_own_work(self) -> None:
        log = timed_out("/site-packages/psycopg2/__init__.py")
        assert isinstance(judged("import_does_work", log), Matched)
        assert isinstance(judged("import_stalled_in_library", log), RuledOut)

    def test_a_timeout_in_the_files_own_frame_is_its_own_work(self) -> None:
        assert isinstance(judged("import_does_work", timed_out()), Matched)

    @pytest.mark.parametrize(
        "file", ["<frozen importlib._bootstrap_external>", "/usr/lib/python3.11/typing.py"]
    )
    def test_a_timeout_while_modules_load_is_a_slow_machine(self, file: str) -> None:
        assert isinstance(judged("import_stalled_in_library", timed_out(file)), Matched)
        assert isinstance(judged("import_does_work", timed_out(file)), RuledOut)

    def test_no_timeout_is_neither(self) -> None:
        log = raised("KeyError", "'x'")
        assert isinstance(judged("import_does_work", log), RuledOut)
        assert isinstance(judged("import_stalled_in_library", log), RuledOut)


class TestFiles:
    def test_a_file_to_be_read_is_missing_input(self) -> None:
        log = raised("FileNotFoundError", "[Errno 2] No such file or directory: '/data/in/a.csv'")
        assert isinstance(judged("input_file_missing", log), Matched)

    @pytest.mark.parametrize(
        ("message", "frame", "reason"),
        [
            ("No such file: 'C:\\\\ETL\\\\nyc.csv'", USER, "another operating system"),
            ("Cannot save file into a non-existent directory: 'tmp'", USER, "about to write"),
            (
                "No such file or directory: '/out/log.txt'",
                Frame("/usr/lib/python3.11/logging/__init__.py", 1201, "_open", False),
                "about to write",
            ),
            (
                "No such file or directory: '/out/a.csv'",
                Frame("/opt/airflow/dags/orders.py", 8, "save", True, "open(path, 'w')"),
                "about to write",
            ),
            (
                "No such file or directory: 'dbt'",
                Frame("/usr/lib/python3.11/subprocess.py", 1955, "_execute_child", False),
                "a program was to be started",
            ),
        ],
    )
    def test_a_place_to_write_or_a_program_is_no_missing_input(
        self, message: str, frame: Frame, reason: str
    ) -> None:
        found = judged("input_file_missing", raised("FileNotFoundError", message, frame))
        assert isinstance(found, RuledOut)
        assert reason in found.reason
        assert found.lines

    def test_other_errors_are_none_of_its_business(self) -> None:
        found = judged("input_file_missing", raised("KeyError", "'x'"))
        assert found == RuledOut("nothing of it was seen")


class TestSettings:
    @pytest.mark.parametrize(
        "message",
        [
            'could not translate host name "your_redshift_host" to address',
            "404 Not Found: post https://your_account_id.snowflakecomputing.com/session",
            "Failed to resolve '<your-host>' (Name or service not known)",
            "authentication failed for user changeme",
        ],
    )
    def test_a_placeholder_that_failed_is_found(self, message: str) -> None:
        found = judged("setting_is_placeholder", raised("OperationalError", message))
        assert isinstance(found, Matched)

    @pytest.mark.parametrize(
        "message",
        [
            'could not translate host name "warehouse.example.com" to address',
            "Connection refused by host db-1",
            "your_column is fine",
        ],
    )
    def test_ordinary_names_are_no_placeholders(self, message: str) -> None:
        found = judged("setting_is_placeholder", raised("OperationalError", message))
        assert isinstance(found, RuledOut)


class TestWaiting:
    TIMEOUT = (
        "Sensor has timed out; run duration of 61 seconds exceeds the specified timeout of 60."
    )

    def test_a_sensor_for_another_dag_that_timed_out_may_wait_for_nothing(self) -> None:
        log = raised("AirflowSensorTimeout", self.TIMEOUT)
        found = judged("awaited_run_may_never_come", log, "ExternalTaskSensor")
        assert isinstance(found, Matched)

    def test_the_date_it_poked_for_decides(self) -> None:
        poke = line(3, "Poking for DAG 'billing' on 2026-10-05T03:00:00+00:00 ...", Speaker.AIRFLOW)
        failed = RaisedException("AirflowSensorTimeout", self.TIMEOUT, 9, (USER,))
        found = judged("awaited_run_may_never_come", reading(poke, chains=[chain(failed)]))
        assert isinstance(found, Matched)
        assert max(found.proofs, key=lambda one: one.depth).quote.line == 3

    def test_a_sensor_for_a_file_waits_for_what_may_come(self) -> None:
        log = raised("AirflowSensorTimeout", self.TIMEOUT)
        assert isinstance(judged("awaited_run_may_never_come", log, "S3KeySensor"), RuledOut)
