from __future__ import annotations

import pytest

from bot.diagnosis.against import against
from bot.diagnosis.log_part import log_part
from bot.diagnosis.signals import signals_from
from bot.domain.logs import Frame, LogLine, RaisedException, Speaker
from tests.diagnosis.cases import chain, error, evidence, reading

LIBRARY = "/usr/lib/python3.12/site-packages/"


def frame(file: str, function: str = "connect") -> Frame:
    return Frame(LIBRARY + file, 10, function, is_user=False)


CALLED = (
    frame("airflow/models/taskinstance.py", "_execute_task"),
    frame("airflow/models/baseoperator.py", "wrapper"),
)


def failing(*frames: Frame, message: str = "server closed the connection") -> RaisedException:
    return RaisedException("psycopg2.OperationalError", message, 9, frames)


def test_the_frames_by_which_airflow_called_a_task_prove_nothing_about_the_database() -> None:
    assert against(chain(failing(*CALLED, frame("psycopg2/__init__.py"))), "task") == "database"


@pytest.mark.parametrize("file", ["airflow/utils/session.py", "airflow/models/xcom.py"])
def test_airflows_own_session_below_the_call_is_the_metadata_database(file: str) -> None:
    raised = failing(*CALLED, frame(file, "wrapper"), frame("sqlalchemy/engine/base.py"))
    assert against(chain(raised), "task") == "metadata_db"


def test_a_driver_that_airflow_never_uses_for_itself_is_some_database() -> None:
    raised = failing(frame("snowflake/connector/auth.py"), message="250001: Failed to connect")
    assert against(chain(raised), "scheduler") != "metadata_db"


def test_a_frame_of_a_traceback_whose_end_is_cut_off_tells_who_called() -> None:
    stray = (frame("airflow/models/taskinstance.py", "schedule_downstream_tasks"),)
    assert against(chain(failing(frame("psycopg2/__init__.py"))), "task", stray) == "metadata_db"


def test_without_a_task_only_the_orm_speaks_for_airflow() -> None:
    orm = failing(frame("sqlalchemy/pool/base.py"), frame("psycopg2/__init__.py"))
    assert against(chain(orm), "component") == "metadata_db"
    assert against(chain(failing(frame("psycopg2/__init__.py"))), "component") == "database"


def test_a_heartbeat_that_is_refused_was_sent_to_the_api_server() -> None:
    said = LogLine(4, "ConnectError: refused", speaker=Speaker.AIRFLOW, logger="x.supervisor")
    raised = chain(error("ConnectError", "refused", 4, user=False, speaker=Speaker.AIRFLOW))
    part = log_part(reading(said, chains=[raised]))
    assert part.against(raised) == "api_server"


def test_a_call_of_the_tasks_own_code_was_not_made_by_airflow() -> None:
    said = LogLine(4, "ConnectError: refused", speaker=Speaker.AIRFLOW, logger="x.supervisor")
    raised = chain(error("ConnectError", "refused", 4))
    assert log_part(reading(said, chains=[raised])).against(raised) is None


def test_a_heartbeat_told_in_one_line_is_the_platforms_too() -> None:
    said = LogLine(
        4, "Failed to send heartbeat: Connection refused", level="error", speaker=Speaker.AIRFLOW,
        source="supervisor.py:1100",
    )  # fmt: skip
    signals = signals_from(evidence(log=reading(said)))
    assert [one.value for one in signals.named("against")] == ["api_server"]
    assert signals.named("mechanism") == ()
