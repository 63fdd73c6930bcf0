"""What makes failures one incident, and what keeps them apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.classify import diagnose
from bot.diagnosis.incident_key import fingerprint, incident_key
from bot.diagnosis.known import Known
from bot.diagnosis.logs import read_log_text
from bot.diagnosis.message_shape import absent_in, host_in, shape_of
from bot.domain.evidence import Evidence, TaskInstance
from bot.domain.targets import Target
from tests.scenarios.shipped import catalogue

KNOWN = Known(catalogue().failures)
TARGET = Target("prod", "orders_daily", "r1", "load", try_number=1)
LIBRARY = "/usr/lib/python3/site-packages"


def key(log: str, target: Target = TARGET, operator: str = "PythonOperator") -> str:
    task = TaskInstance(
        target.dag_id or "", "r1", "load", state="failed", try_number=1, operator=operator
    )
    evidence = Evidence(target, task_instance=task, log=read_log_text(log))
    return incident_key(diagnose(evidence, KNOWN), target, evidence)


def raised(error: str, *frames: str) -> str:
    told = "\n".join(f'  File "{one}", line 12, in run\n    go()' for one in frames)
    head = "[2026-11-22T05:54:41.000+0000] {taskinstance.py:3313} ERROR - Task failed"
    return f"{head}\nTraceback (most recent call last):\n{told}\n{error}\n"


ELSEWHERE = replace(TARGET, cluster="eu", dag_id="billing", task_id="extract", try_number=2)


def test_code_is_told_by_its_place_over_dags_clusters_and_versions() -> None:
    log = raised("KeyError: 'cust_88121'", "/opt/airflow/dags/shared/frames.py")
    moved = raised("KeyError: 'cust_7'", "/bundles/v42/dags/shared/frames.py")
    assert key(log) == key(moved, ELSEWHERE)
    assert key(log) != key(raised("KeyError: 'cust_88121'", "/opt/airflow/dags/shared/rates.py"))
    assert key(log) != key(raised("TypeError: bad operand", "/opt/airflow/dags/shared/frames.py"))


def test_a_host_that_fails_is_one_incident_however_that_is_worded() -> None:
    first = raised(
        'psycopg2.OperationalError: connection to server at "db.example.com" (10.0.0.7), port 5432'
        " failed: Connection refused",
        f"{LIBRARY}/psycopg2/__init__.py",
    )
    second = raised(
        "requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='db.example.com', port=443):"
        " Read timed out. (read timeout=31)",
        f"{LIBRARY}/requests/adapters.py",
    )
    other = first.replace("db.example.com", "crm.example.com")
    assert key(first) == key(second, ELSEWHERE)
    assert key(first) != key(other)


def test_what_is_missing_is_told_by_its_name_where_no_code_of_the_user_is_seen() -> None:
    def missing(name: str) -> str:
        error = f"airflow.exceptions.AirflowNotFoundException: The conn_id `{name}` isn't defined"
        return raised(error, f"{LIBRARY}/airflow/hooks/base.py")

    assert key(missing("warehouse_eu")) == key(missing("warehouse_eu"), ELSEWHERE)
    assert key(missing("warehouse_eu")) != key(missing("warehouse_us"))


def test_two_sensors_that_wait_in_vain_are_two_incidents() -> None:
    log = raised(
        "airflow.exceptions.AirflowSensorTimeout: Sensor has timed out; run duration of 3603.1"
        " seconds exceeds the specified timeout of 3600.0.",
        f"{LIBRARY}/airflow/sdk/bases/sensor.py",
    )
    later = log.replace("3603.1", "3611.8")
    assert key(log) == key(later)
    assert key(log) != key(log, ELSEWHERE)


@pytest.mark.parametrize(
    ("message", "host"),
    [
        ("HTTPSConnectionPool(host='api.rates.example.com', port=443): timed out", True),
        ("503 Server Error for url: https://api.rates.example.com/v1?q=1", True),
        ('could not translate host name "api.rates.example.com" to address', True),
        ("Cannot connect to host api.rates.example.com:443 ssl:default", True),
        ("kafka.errors.NoBrokersAvailable: NoBrokersAvailable", False),
        ("[Errno 111] Connection refused", False),
        ("cannot open transform.orders.py", False),
        ("see https://sqlalche.me/e/20/e3q8 (Background on this error at: x)", False),
        ("org.apache.spark.SparkException: Job aborted", False),
    ],
)
def test_a_host_is_found_where_one_is_named(message: str, host: bool) -> None:
    assert host_in(message) == ("api.rates.example.com" if host else "")


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("KeyError: 'Variable sftp_root does not exist'", "sftp_root"),
        ("No module named 'geopandas'", "geopandas"),
        ('relation "analytics.orders" does not exist', "analytics.orders"),
        ("column o.net_amount does not exist", "o.net_amount"),
        ("./sync.sh: line 12: rclone: command not found", "rclone"),
        ("'ds_local' is undefined", "ds_local"),
        ("[Errno 2] No such file or directory: '/tmp/8127312/4411'", ""),
        ("KeyError: 'amount'", ""),
        ("'NoneType' object has no attribute 'merge'", ""),
    ],
)
def test_what_is_not_there_is_named(message: str, name: str) -> None:
    assert absent_in(message) == name


def test_codes_stay_and_what_varies_goes() -> None:
    assert "errno 28" in shape_of("OSError: [Errno 28] No space left: '/tmp/a1'", names=False)
    assert shape_of("503 Server Error", names=True) != shape_of("404 Server Error", names=True)
    assert fingerprint("ORA-00942: no table") != fingerprint("ORA-00904: no table")
    first = "batch 2026-11-22 of etl-load-7xk2p9 at 10.1.2.3:5432 failed after 31 s"
    second = "batch 2025-01-02 of etl-load-bcdfgh at 10.9.9.9:5433 failed after 7 s"
    assert fingerprint(first) == fingerprint(second)


@given(st.text(max_size=400))
def test_any_text_has_a_shape_that_is_its_own_shape(text: str) -> None:
    for names in (True, False):
        assert len(shape_of(text, names=names)) <= 1_300
    host_in(text)
    absent_in(text)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_numbers_make_no_difference(one: int, other: int) -> None:
    words = "row {} of table_{} was refused by worker-{}"
    assert fingerprint(words.format(one, one, one)) == fingerprint(words.format(other, 7, other))
