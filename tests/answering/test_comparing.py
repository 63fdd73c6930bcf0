"""Whether a diagnosis rests on earlier runs, and what they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.answering.comparing import comparison_of, in_words
from bot.domain.comparisons import Measure
from bot.domain.evidence import DagDetails, DagRun, Evidence, TaskDetails, TaskInstance
from bot.domain.targets import Target
from bot.domain.verdicts import RetryAdvice, Verdict, VerdictKind

AT = datetime(2026, 11, 22, 2, tzinfo=UTC)


def ran(day: int, minutes: float, state: str = "success", waited: float = 2.0) -> TaskInstance:
    """The task, so many days ago."""
    start = AT - timedelta(days=day)
    return TaskInstance(
        "orders",
        f"run-{day}",
        "load",
        state=state,
        start=start,
        end=start + timedelta(minutes=minutes),
        duration=minutes * 60,
        queued_at=start - timedelta(seconds=waited),
        pid=7,
    )


def seen(this: TaskInstance, *before: TaskInstance) -> Evidence:
    return Evidence(
        Target("prod", "orders", this.run_id, "load"),
        task_instance=this,
        task=TaskDetails("load", execution_timeout=1_800.0),
        history=(this, *before),
        gathered_at=AT + timedelta(hours=1),
    )


def verdict(cause: str, kind: VerdictKind = VerdictKind.DEPENDENCY) -> Verdict:
    return Verdict(kind, cause, "a title", 0.9, (), "why", RetryAdvice.POINTLESS, "platform")


BEFORE = (ran(1, 10), ran(2, 12), ran(3, 50, "failed"), ran(4, 11))
TIMED_OUT = seen(ran(0, 30, "failed"), *BEFORE)


def test_a_timeout_stands_beside_earlier_runs_oldest_first() -> None:
    found = comparison_of(verdict("execution_timeout"), TIMED_OUT)

    assert found is not None
    assert [one.run_id for one in found.earlier] == ["run-4", "run-3", "run-2", "run-1"]
    assert (found.measure, found.this.seconds) == (Measure.DURATION, 1_800)
    assert (found.usual, found.limit) == (660.0, 1_800.0)
    assert in_words(found) == (
        "load took 30 min in this run, usually 11 min; it may take 30 min; "
        "4 earlier runs, 10 min to 50 min"
    )


def test_time_in_the_queue_is_compared_where_nothing_could_start() -> None:
    this = replace(ran(0, 0, "failed", waited=600), start=AT, end=AT, pid=None, duration=0.0)
    found = comparison_of(verdict("queued_timeout", VerdictKind.CAPACITY), seen(this, *BEFORE))

    assert found is not None
    assert (found.measure, found.this.seconds, found.usual) == (Measure.QUEUED, 600, 2)


def test_a_run_over_its_limit_stands_beside_earlier_runs_of_the_dag() -> None:
    runs = tuple(
        DagRun(
            f"run-{day}",
            "orders",
            "success",
            start=AT - timedelta(days=day),
            end=AT - timedelta(days=day) + timedelta(hours=1),
        )
        for day in range(4)
    )
    evidence = Evidence(
        Target("prod", "orders", "run-0"),
        dag_run=replace(runs[0], state="failed", end=AT + timedelta(hours=5)),
        recent_runs=runs,
        dag=DagDetails("orders", dag_run_timeout=18_000.0),
    )
    found = comparison_of(verdict("dagrun_timeout"), evidence)

    assert found is not None
    assert (found.name, found.usual, found.limit) == ("orders", 3_600, 18_000)
    assert len(found.earlier) == 3


@pytest.mark.parametrize(
    ("cause", "kind", "minutes", "is_shown"),
    [
        ("oom_killed", VerdictKind.CAPACITY, 30, True),
        ("oom_killed", VerdictKind.CAPACITY, 12, False),
        ("python_exception", VerdictKind.CODE, 30, False),
        ("marked_by_user", VerdictKind.OPERATOR, 30, False),
    ],
)
def test_other_verdicts_show_only_what_took_far_longer(
    cause: str, kind: VerdictKind, minutes: float, is_shown: bool
) -> None:
    evidence = seen(ran(0, minutes, "failed"), *BEFORE)

    assert (comparison_of(verdict(cause, kind), evidence) is not None) is is_shown


def test_two_earlier_runs_are_too_few() -> None:
    assert comparison_of(verdict("execution_timeout"), seen(ran(0, 30), *BEFORE[:2])) is None


def test_runs_that_came_later_are_no_earlier_ones() -> None:
    this = ran(3, 30, "failed")
    assert comparison_of(verdict("execution_timeout"), seen(this, *BEFORE)) is None
