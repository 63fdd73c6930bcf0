from __future__ import annotations

import pytest

from bot.diagnosis.against import against
from bot.domain.logs import Frame, RaisedException
from tests.diagnosis.cases import chain

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
