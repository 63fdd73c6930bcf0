from __future__ import annotations

from dataclasses import replace

from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.diagnosis.logs import read_log_text
from bot.diagnosis.signals import signals_from
from bot.domain.evidence import Evidence
from bot.domain.logs import ExceptionChain, LogReading, Speaker
from tests.diagnosis.cases import error, evidence, line, reading

BEGIN = "[2026-11-22T03:00:00.000+0000] {taskinstance.py:2866} INFO - Starting attempt 1 of 2\n"
FAILED = (
    "[2026-11-22T03:00:02.000+0000] {taskinstance.py:3311} ERROR - Task failed with exception\n"
    "Traceback (most recent call last):\n"
)


def beside(log: LogReading | str) -> dict[str, str]:
    found = read_log_text(log) if isinstance(log, str) else log
    signals = signals_from(evidence(log=found)).named("beside")
    return {one.value: one.quote.text for one in signals}


def test_the_statement_that_a_database_found_fault_with_is_quoted() -> None:
    said = "[2026-11-22T03:00:01.000+0000] {sql.py:276} INFO - Running statement: drop tabla x\n"
    log = BEGIN + said + FAILED + "db.ProgrammingError: syntax error at or near tabla\n"
    assert beside(log)["statement"] == "Running statement: drop tabla x"


def test_a_statement_is_not_quoted_where_no_database_complains_of_it() -> None:
    said = "[2026-11-22T03:00:01.000+0000] {sql.py:276} INFO - Running statement: select 1\n"
    assert "statement" not in beside(BEGIN + said + FAILED + "KeyError: 'region'\n")


def test_what_was_being_handled_is_quoted_with_what_came_up_then() -> None:
    root, handled = error("NameError", "name 'e' is not defined", 9), error("DbError", "no", 4)
    found = beside(reading(line(9, "x"), chains=[ExceptionChain((root, handled), root=0)]))
    assert found["handled"] == "DbError: no"


def test_the_line_of_the_tasks_own_code_is_quoted() -> None:
    frame = (
        '  File "/opt/airflow/dags/load.py", line 8, in load\n    raise Gone(f"{path} is gone")\n'
    )
    found = beside(BEGIN + FAILED + frame + "load.GoneError: a.csv is gone\n")
    assert found["raised_from"] == 'raise Gone(f"{path} is gone")'


def test_what_a_library_logged_just_before_it_raised_is_quoted() -> None:
    said = "[2026-11-22T03:00:01.000+0000] {TSocket.py:133} ERROR - no host for jdbc:hive2://h\n"
    found = beside(BEGIN + said + FAILED + "ConnectionError: [Errno -2] Name not known\n")
    assert found["said_before"] == "no host for jdbc:hive2://h"


def case(*, is_new: bool) -> Evidence:
    told = line(3, "3 of 41 stores have delivered", Speaker.STDOUT)
    log = reading(line(2, "reading", Speaker.STDOUT), replace(told, is_new=is_new))
    return evidence(log=replace(log, compared=is_new))


def test_where_nothing_decides_what_is_new_is_quoted_and_said_to_be() -> None:
    verdict = diagnose(case(is_new=True), Known(()))
    (quote,) = verdict.quotes
    assert (quote.text, quote.is_new) == ("3 of 41 stores have delivered", True)
    assert not any(quote.is_new for quote in diagnose(case(is_new=False), Known(())).quotes)


def test_a_try_that_went_well_has_nothing_beside() -> None:
    told = replace(line(3, "3 of 41", Speaker.STDOUT), is_new=True)
    log = replace(reading(told), compared=True, final_state="success")
    assert beside(log) == {}
