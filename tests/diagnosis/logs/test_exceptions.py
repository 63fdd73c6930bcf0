from __future__ import annotations

from bot.domain.logs import ExceptionChain, LogReading, Speaker
from tests.diagnosis.logs.writing import detail, plain, read, record, traceback

FAILED = plain("ERROR", "taskinstance.py:2905", "Task failed with exception")
MARKED = plain("INFO", "taskinstance.py:1206", "Marking task as FAILED. dag_id=a, task_id=b")
DURING = "During handling of the above exception, another exception occurred:"
CAUSE = "The above exception was the direct cause of the following exception:"


def only_chain(reading: LogReading) -> ExceptionChain:
    assert len(reading.chains) == 1, reading.chains
    return reading.chains[0]


def types(chain: ExceptionChain) -> list[str]:
    return [error.short_type for error in chain.exceptions]


def test_a_traceback_gives_type_message_line_and_user_frames() -> None:
    library = "/usr/lib/python3.11/site-packages/pandas/core.py:9:get"
    log = [FAILED, *traceback("KeyError: 'amount'", "/opt/airflow/dags/a.py:33:load", library)]

    error = only_chain(read(log)).root_cause

    assert (error.type, error.message, error.line) == ("KeyError", "'amount'", 7)
    assert [(frame.file, frame.line, frame.is_user) for frame in error.frames] == [
        ("/opt/airflow/dags/a.py", 33, True),
        ("/usr/lib/python3.11/site-packages/pandas/core.py", 9, False),
    ]
    assert error.frames[0].code == "load(row)"


def test_the_deepest_direct_cause_is_the_root() -> None:
    log = [
        FAILED,
        *traceback("ValueError: invalid literal for int(): '12,5'"),
        "",
        CAUSE,
        "",
        *traceback("RuntimeError: could not parse amounts"),
    ]

    chain = only_chain(read(log))

    assert types(chain) == ["RuntimeError", "ValueError"]
    assert chain.root_cause.short_type == "ValueError"


def test_while_handling_the_last_exception_is_the_root() -> None:
    log = [
        FAILED,
        *traceback("KeyError: 'cache'"),
        "",
        DURING,
        "",
        *traceback("OSError: disk gone"),
    ]

    chain = only_chain(read(log))

    assert types(chain) == ["OSError", "KeyError"]
    assert chain.root_cause.short_type == "OSError"


def test_an_exception_that_quotes_what_it_caught_is_not_the_root() -> None:
    log = [
        FAILED,
        *traceback("PermissionError: bucket orders is closed"),
        "",
        DURING,
        "",
        *traceback("RuntimeError: load failed: bucket orders is closed"),
    ]

    assert only_chain(read(log)).root_cause.short_type == "PermissionError"


def test_a_wrapper_raised_while_handling_gives_way_to_what_it_wraps() -> None:
    log = [
        FAILED,
        *traceback("ConnectionResetError: peer went away"),
        "",
        DURING,
        "",
        *traceback("airflow.exceptions.AirflowException: Pod load-x returned a failure."),
    ]

    assert only_chain(read(log)).root_cause.short_type == "ConnectionResetError"


def test_structured_detail_gives_the_same_chain_as_text() -> None:
    exceptions = (
        ("ConnectionError", "pool: refused by host", False),
        ("MaxRetryError", "pool: refused by host", False),
        ("ConnectionRefusedError", "refused by host", True),
    )
    log = record("Task failed with exception", "error", error_detail=detail(*exceptions))

    chain = only_chain(read(log))

    assert types(chain) == ["ConnectionError", "MaxRetryError", "ConnectionRefusedError"]
    assert chain.root_cause.short_type == "ConnectionRefusedError"
    assert chain.root_cause.line == 1
    assert [frame.is_user for frame in chain.root_cause.frames] == [False, True]


def test_a_syntax_error_in_a_record_points_at_the_users_line() -> None:
    error = detail(("SyntaxError", "invalid syntax (a.py, line 10)", False))
    assert isinstance(error, list)
    error[0]["syntax_error"] = {"filename": "/dags/a.py", "lineno": 10, "line": "x = = 1\n"}

    root = only_chain(read(record("Failed to import: /dags/a.py", "error", error_detail=error)))

    frame = root.root_cause.frames[-1]
    assert (frame.file, frame.line, frame.code) == ("/dags/a.py", 10, "x = = 1")


def test_members_of_an_exception_group_lie_below_it() -> None:
    log = [
        FAILED,
        "  + Exception Group Traceback (most recent call last):",
        '  |   File "/opt/airflow/dags/a.py", line 3, in gather',
        "  |     raise ExceptionGroup('parts', errors)",
        "  | ExceptionGroup: parts (2 sub-exceptions)",
        "  +-+---------------- 1 ----------------",
        "    | Traceback (most recent call last):",
        '    |   File "/opt/airflow/dags/a.py", line 9, in part',
        "    |     int(text)",
        "    | ValueError: bad part",
        "    +---------------- 2 ----------------",
        "    | Traceback (most recent call last):",
        '    |   File "/opt/airflow/dags/a.py", line 12, in part',
        "    |     open(path)",
        "    | FileNotFoundError: gone",
        "    +------------------------------------",
    ]

    chain = only_chain(read(log))

    assert types(chain) == ["ExceptionGroup", "ValueError", "FileNotFoundError"]
    assert chain.root_cause.short_type == "ValueError"


def test_a_group_in_a_record_is_read_too() -> None:
    group = detail(("ExceptionGroup", "parts (1 sub-exception)", False))
    assert isinstance(group, list)
    group[0]["exceptions"] = [detail(("ValueError", "bad part", False))]

    chain = only_chain(read(record("Task failed with exception", "error", error_detail=group)))

    assert types(chain) == ["ExceptionGroup", "ValueError"]
    assert chain.root_cause.short_type == "ValueError"


def test_a_boxed_traceback_is_read() -> None:
    log = [
        "2026-11-22T03:00:00.000Z [error    ] Task failed with exception [task]",
        "╭──────────────── Traceback (most recent call last) ─────────────────╮",
        "│ /venv/lib/python3.12/site-packages/airflow/sdk/task_runner.py:888 in run │",
        "│ /opt/airflow/dags/orders.py:12 in load                                   │",
        "╰────────────────────────────────────────────────────────────────────╯",
        "ValueError: row 7 has no amount",
    ]

    error = only_chain(read(log)).root_cause

    assert (error.type, error.message) == ("ValueError", "row 7 has no amount")
    assert [frame.is_user for frame in error.frames] == [False, True]


def test_javas_deepest_cause_is_the_root() -> None:
    log = [
        'Exception in thread "main" org.apache.spark.SparkException: Job aborted',
        "\tat org.apache.spark.scheduler.DAGScheduler.run(DAGScheduler.scala:10)",
        "Caused by: java.io.IOException: stage 3",
        "\tat com.shop.Orders$.main(Orders.scala:42)",
        "\t... 3 more",
        "Caused by: java.nio.file.AccessDeniedException: s3a://orders",
        "\tat org.apache.hadoop.fs.s3a.S3AUtils.translate(S3AUtils.java:230)",
    ]

    chain = only_chain(read([plain("INFO", "spark_submit.py:579", line) for line in log]))

    assert types(chain) == ["SparkException", "IOException", "AccessDeniedException"]
    assert chain.root_cause.message == "s3a://orders"
    assert chain.exceptions[1].frames[0].is_user
    assert chain.root_cause.speaker is Speaker.CHILD


def test_a_java_error_behind_pythons_bridge_is_the_root() -> None:
    log = [
        *traceback("py4j.protocol.Py4JJavaError: An error occurred while calling o77.csv."),
        ": java.nio.file.AccessDeniedException: s3a://orders: Forbidden",
        "\tat org.apache.hadoop.fs.s3a.S3AUtils.translate(S3AUtils.java:230)",
    ]

    chain = only_chain(read([plain("INFO", "docker.py:276", line) for line in log]))

    assert types(chain) == ["Py4JJavaError", "AccessDeniedException"]
    assert chain.root_cause.short_type == "AccessDeniedException"


def test_a_childs_traceback_without_indentation_is_read_record_by_record() -> None:
    lines = [
        "Traceback (most recent call last):",
        'File "/app/job.py", line 4, in <module>',
        "return parse(rows)",
        'File "/app/job.py", line 9, in parse',
        "raise ValueError(row)",
        "ValueError: row 7",
    ]

    error = only_chain(read([plain("INFO", "docker.py:276", line) for line in lines])).root_cause

    assert (error.type, error.message, error.line) == ("ValueError", "row 7", 6)
    assert [frame.line for frame in error.frames] == [4, 9]


def test_a_container_name_before_each_line_is_looked_through() -> None:
    lines = ["[base] " + line for line in traceback("ValueError: row 7", "/app/job.py:4:main")]

    log = [plain("INFO", "pod_manager.py:471", line) for line in lines]

    assert only_chain(read(log)).root_cause.message == "row 7"


def test_a_whole_traceback_within_one_event_is_found() -> None:
    event = "\n".join(["output:", *traceback("ValueError: row 7")])
    log = [record("start"), record(event, logger="airflow.providers.docker.DockerOperator")]

    reading = read(log)

    assert only_chain(reading).root_cause.line == 2
    assert "ValueError: row 7" in reading.lines[-1].text


def test_a_traceback_whose_beginning_was_left_out_is_found() -> None:
    log = ["...", *list(traceback("KeyError: 'name'"))[1:], MARKED]

    assert only_chain(read(log)).root_cause.message == "'name'"


def test_a_message_of_several_lines_is_kept_whole() -> None:
    log = [
        FAILED,
        *traceback("ProgrammingError: SQL compilation error:"),
        "syntax error line 1",
        MARKED,
    ]

    assert only_chain(read(log)).root_cause.message == "SQL compilation error:\nsyntax error line 1"


def test_a_message_and_its_code_are_redacted() -> None:
    error = "OperationalError: cannot log in with pass" + "word=hunter-22-x"
    reading = read([FAILED, *traceback(error, "/dags/a.py:3:load")])

    assert "hunter" not in repr(reading)
    assert reading.secrets_masked >= 1
