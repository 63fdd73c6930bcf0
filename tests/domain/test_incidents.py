"""What failures of one cause come to."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incidents import Course, FailureSeen, incidents_of
from bot.domain.verdicts import VerdictKind

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def failed(
    dag: str, minutes: float, incident: str = "a", run: str = "r1", cluster: str = "prod"
) -> FailureSeen:
    at = NOW - timedelta(minutes=minutes)
    return FailureSeen(incident, cluster, dag, run, "load", -1, at)


def test_failures_of_one_cause_are_one_incident_with_its_reach() -> None:
    (found,) = incidents_of(
        [
            failed("orders", 90),
            failed("orders", 30, run="r2"),
            failed("billing", 20, cluster="eu"),
            failed("billing", 10, run="r2", cluster="eu"),
        ],
        NOW,
    )
    assert (found.failures, found.runs, found.tasks, found.dag_count) == (4, 4, 2, 2)
    assert found.clusters == ("eu", "prod")
    assert found.first_at == NOW - timedelta(minutes=90)
    assert (found.last_hour, found.hour_before) == (3, 1)
    assert found.course is Course.ONGOING


def test_tries_and_reports_of_one_task_instance_are_one_failure() -> None:
    told = replace(failed("orders", 20), title="Refused", kind=VerdictKind.DEPENDENCY)
    (found,) = incidents_of([failed("orders", 30), told, failed("orders", 10)], NOW)
    assert (found.failures, found.title, found.kind) == (1, "Refused", VerdictKind.DEPENDENCY)
    assert found.last_at == NOW - timedelta(minutes=10)


def test_it_is_over_once_every_dag_ran_well_and_quiet_before() -> None:
    well = [replace(failed(dag, 90), is_answered=True) for dag in ("orders", "billing")]
    assert incidents_of(well, NOW)[0].course is Course.OVER
    (half,) = incidents_of([well[0], failed("billing", 90)], NOW)
    assert (half.course, half.recovered, half.dag_count) == (Course.QUIET, 1, 2)
    (again,) = incidents_of([*well, failed("orders", 5, run="r2")], NOW)
    assert again.course is Course.ONGOING


def test_a_dag_that_fails_daily_fails_on_and_after_a_longer_silence_anew() -> None:
    daily = [failed("orders", 60 * 24 * day, run=f"r{day}") for day in range(4)]
    assert incidents_of(daily, NOW)[0].failures == 4
    (found,) = incidents_of([failed("orders", 60 * 24 * 5), failed("orders", 5, run="r9")], NOW)
    assert (found.failures, found.first_at) == (1, NOW - timedelta(minutes=5))


@given(
    st.lists(
        st.builds(
            failed,
            st.sampled_from(["orders", "billing", "stock"]),
            st.floats(0, 3_000),
            st.sampled_from("ab"),
            st.sampled_from(["r1", "r2"]),
        ),
        min_size=1,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_failures_are_known_does_not_matter(
    failures: list[FailureSeen], order: random.Random
) -> None:
    shuffled = list(failures)
    order.shuffle(shuffled)
    once = incidents_of(failures, NOW)
    assert {one.key: one.failures for one in incidents_of(shuffled, NOW)} == {
        one.key: one.failures for one in once
    }
    assert sum(one.failures for one in once) <= len(failures)
