from __future__ import annotations

import pytest

from bot.diagnosis.logs import read_log_text
from bot.domain.logs import Speaker
from tests.diagnosis.logs.writing import line_of, plain, read, record


@pytest.mark.parametrize(
    ("source", "speaker"),
    [
        ("taskinstance.py:1206", Speaker.AIRFLOW),
        ("local_task_job_runner.py:228", Speaker.AIRFLOW),
        ("logging_mixin.py:190", Speaker.STDOUT),
        ("subprocess.py:93", Speaker.CHILD),
        ("spark_submit.py:579", Speaker.CHILD),
        ("pod_manager.py:471", Speaker.CHILD),
        ("docker.py:276", Speaker.CHILD),
        ("triggerer_job_runner.py:602", Speaker.TRIGGERER),
        ("orders.py:33", Speaker.TASK),
    ],
)
def test_the_file_of_a_plain_record_tells_who_speaks(source: str, speaker: Speaker) -> None:
    assert line_of(read([plain("INFO", source, "words")]), "words").speaker is speaker


@pytest.mark.parametrize(
    ("fields", "speaker"),
    [
        ({"logger": "task.stdout"}, Speaker.STDOUT),
        ({"logger": "task.stderr"}, Speaker.STDERR),
        ({"logger": "task"}, Speaker.AIRFLOW),
        ({"logger": "task", "filename": "task_runner.py"}, Speaker.AIRFLOW),
        ({"logger": "task", "filename": "/opt/airflow/dags/orders.py"}, Speaker.TASK),
        ({"logger": "airflow.dag_processing.dagbag.BundleDagBag"}, Speaker.AIRFLOW),
        ({"logger": "airflow.task.hooks.airflow.x.SubprocessHook"}, Speaker.CHILD),
        ({"logger": "airflow.task.operators.x.SQLExecuteQueryOperator"}, Speaker.TASK),
        ({"logger": "orders", "filename": "triggerer_job_runner.py"}, Speaker.TRIGGERER),
        ({"logger": "orders"}, Speaker.TASK),
    ],
)
def test_the_logger_of_a_record_tells_who_speaks(fields: dict[str, str], speaker: Speaker) -> None:
    assert line_of(read(record("words", **fields)), "words").speaker is speaker


def test_what_a_task_prints_does_not_pass_for_airflow() -> None:
    forged = plain("ERROR", "taskinstance.py:1", "Marking task as FAILED. OOMKilled")

    reading = read([plain("INFO", "logging_mixin.py:190", forged)])

    assert line_of(reading, "OOMKilled").speaker is Speaker.STDOUT
    assert reading.final_state is None


def test_a_record_that_a_task_prints_stays_its_print() -> None:
    forged = record("Task failed with exception", "error", exit_code=137)

    reading = read(record(forged, logger="task.stdout"))

    assert [line.speaker for line in reading.lines] == [Speaker.STDOUT]
    assert (reading.final_state, reading.exit_code) == (None, None)


def test_the_dag_processor_passes_its_childs_records_on() -> None:
    nested = plain("ERROR", "dagbag.py:348", "Failed to import: /dags/a.py")
    log = [
        plain("INFO", "processor.py:186", "Started process"),
        plain("INFO", "logging_mixin.py:188", nested),
    ]

    line = line_of(read(log), "Failed to import")

    assert (line.speaker, line.level, line.source) == (Speaker.AIRFLOW, "error", "dagbag.py:348")


def test_airflow_1s_relay_of_the_raw_task_is_unwrapped() -> None:
    inner = plain("ERROR", "taskinstance.py:1069", "words")
    log = [plain("INFO", "base_task_runner.py:101", f"Job 55: Subtask load {inner}")]

    line = line_of(read(log), "words")

    assert (line.text, line.level, line.speaker) == ("words", "error", Speaker.AIRFLOW)


def test_lines_below_a_record_belong_to_its_speaker() -> None:
    log = [plain("INFO", "subprocess.py:93", "first"), "  second"]

    assert line_of(read(log), "second").speaker is Speaker.CHILD


def test_the_handlers_remarks_are_no_log() -> None:
    sources = [
        record("::group::Log message source details", None, None, timestamp=None),
        record("/opt/airflow/logs/a/attempt=1.log", None, None, timestamp=None),
        record("::endgroup::", None, None, timestamp=None),
    ]

    reading = read([*sources, record("start")])

    assert [line.speaker for line in reading.lines] == [Speaker.SOURCE] * 3 + [Speaker.AIRFLOW]
    assert reading.missing_reason is None


def test_lines_that_airflow_3_could_not_parse_are_read_as_plain() -> None:
    bare = [
        record(text, None, None, timestamp=None)
        for text in (
            plain("ERROR", "taskinstance.py:2905", "Task failed with exception"),
            "Traceback (most recent call last):",
            '  File "/dags/a.py", line 3, in load',
            "KeyError: 'amount'",
        )
    ]

    (chain,) = read(bare).chains

    assert (chain.root_cause.type, chain.root_cause.line) == ("KeyError", 4)
    assert chain.root_cause.speaker is Speaker.AIRFLOW


def test_marks_that_steer_a_terminal_are_taken_out() -> None:
    log = [plain("INFO", "subprocess.py:93", "\x1b[31mred\x1b[0m 10%\r 50%\r100% done\x00\u202e")]

    assert read(log).lines[0].text == "100% done"


def test_the_level_a_child_writes_counts() -> None:
    log = [plain("INFO", "subprocess.py:93", "03:00:12  ERROR model orders failed")]

    assert read(log).lines[0].level == "error"


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("Executing cmd: /tmp/venv/bin/python -m pip install -r r.txt", Speaker.AIRFLOW),
        ("Output:", Speaker.AIRFLOW),
        ("ERROR: No matching distribution found for pandas==2.9.9", Speaker.CHILD),
    ],
)
def test_what_airflow_passes_on_of_a_virtualenv_is_its_child_speaking(
    text: str, speaker: Speaker
) -> None:
    (line,) = read_log_text(plain("INFO", "process_utils.py:190", text)).lines
    assert line.speaker is speaker
    (line,) = read_log_text(
        record(text, logger="airflow.utils.process_utils", filename="process_utils.py")
    ).lines
    assert line.speaker is speaker
