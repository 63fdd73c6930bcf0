"""Airflow addresses as people paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.targets import Target
from bot.questions.links import ClusterAddress, target_of_url

CLUSTERS = (
    ClusterAddress("prod", ("https://airflow.example.com",), ("production",)),
    ClusterAddress("lab", ("http://127.0.0.1:8080/lab", "http://127.0.0.1:8080/lab/eu")),
    ClusterAddress("eu", ("http://127.0.0.1:8080/eu",)),
)
RUN = "scheduled__2026-11-01T00:00:00+00:00"
QUOTED_RUN = "scheduled__2026-11-01T00%3A00%3A00%2B00%3A00"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://airflow.example.com/dags/orders", Target("prod", "orders")),
        ("https://airflow.example.com/dags/orders/", Target("prod", "orders")),
        ("https://airflow.example.com:443/dags/orders", Target("prod", "orders")),
        (
            f"https://airflow.example.com/dags/orders/runs/{QUOTED_RUN}",
            Target("prod", "orders", RUN),
        ),
        (f"https://airflow.example.com/dags/orders/runs/{RUN}", Target("prod", "orders", RUN)),
        (
            f"https://airflow.example.com/dags/orders/runs/{QUOTED_RUN}/tasks/load?try_number=2",
            Target("prod", "orders", RUN, "load", None, 2),
        ),
        (
            f"https://airflow.example.com/dags/orders/runs/{RUN}/tasks/etl.load/mapped/37/details",
            Target("prod", "orders", RUN, "etl.load", 37),
        ),
        (
            "https://airflow.example.com/dags/orders/tasks/load/details",
            Target("prod", "orders", None, "load"),
        ),
        (
            f"https://airflow.example.com/dags/orders/runs/{RUN}/tasks/group/etl",
            Target("prod", "orders", RUN),
        ),
        (
            f"https://airflow.example.com/api/v2/dags/orders/dagRuns/{QUOTED_RUN}"
            "/taskInstances/load/3/logs/2",
            Target("prod", "orders", RUN, "load", 3, 2),
        ),
        (
            f"https://airflow.example.com/dags/orders/grid?dag_run_id={QUOTED_RUN}"
            "&task_id=load&map_index=5&tab=logs",
            Target("prod", "orders", RUN, "load", 5),
        ),
        (
            f"https://airflow.example.com/dags/orders/grid?dag_run_id={RUN}&task_id=load",
            Target("prod", "orders", RUN, "load"),
        ),
        (
            "https://airflow.example.com/log?dag_id=orders&task_id=load&map_index=-1"
            "&execution_date=2026-11-01T00%3A00%3A00%2B00%3A00",
            Target("prod", "orders", None, "load"),
        ),
        ("http://127.0.0.1:8080/lab/dags/orders", Target("lab", "orders")),
        ("http://127.0.0.1:8080/lab/eu/dags/orders", Target("lab", "orders")),
        ("http://127.0.0.1:8080/eu/dags/orders", Target("eu", "orders")),
        ("https://elsewhere.example/x/dags/orders", Target("", "orders")),
    ],
)
def test_an_airflow_address_names_its_target(url: str, expected: Target) -> None:
    assert target_of_url(url, CLUSTERS) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://airflow.example.com/",
        "https://airflow.example.com/dags",
        "https://airflow.example.com/pools",
        "https://example.com/blog/dags-and-runs",
        "ftp://airflow.example.com/dags/orders",
        "https://airflow.example.com:notaport/dags/orders",
        "https://[half/dags/orders",
        "not a url",
    ],
)
def test_other_addresses_name_nothing(url: str) -> None:
    assert target_of_url(url, CLUSTERS) is None


@given(st.text(max_size=200))
def test_no_address_makes_the_reader_fail(tail: str) -> None:
    target_of_url("https://airflow.example.com/" + tail, CLUSTERS)
    target_of_url(tail, CLUSTERS)
