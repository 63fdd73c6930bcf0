"""Nothing that was asked for is quietly replaced by something else."""

from __future__ import annotations

from bot.domain.evidence import DagRun, Evidence, Gap, GapReason, TaskInstance
from bot.domain.targets import Target
from bot.services.asked_and_seen import differing, missing_from, subject_of

RUN = DagRun("run1", "orders", "failed")
LOAD = TaskInstance("orders", "run1", "load", 3, "failed", 1)


def seen(target: Target) -> Evidence:
    return Evidence(
        target,
        dag_run=RUN,
        task_instance=LOAD,
        task_instances=(LOAD,),
        tries=(LOAD,),
        dag_exists=True,
    )


def test_a_run_that_is_not_there_is_said_to_be_missing() -> None:
    target = Target("prod", "orders", "run9")
    gone = Evidence(target, dag_exists=True, gaps=(Gap("run", GapReason.NOT_FOUND),))
    nowhere = missing_from(target, gone)
    assert nowhere is not None
    assert "run9" in nowhere.looked_for


def test_a_run_that_could_not_be_read_is_not_said_to_be_missing() -> None:
    target = Target("prod", "orders", "run9")
    unread = Evidence(target, dag_exists=True, gaps=(Gap("run", GapReason.FORBIDDEN),))
    assert missing_from(target, unread) is None


def test_a_task_that_is_not_there_is_said_to_be_missing_with_those_that_are() -> None:
    target = Target("prod", "orders", "run1", "lode")
    nowhere = missing_from(target, seen(target))
    assert nowhere is not None
    assert "`load`" in nowhere.remedy


def test_what_is_there_is_not_missing() -> None:
    target = Target("prod", "orders", "run1", "load", 3, 1)
    assert missing_from(target, seen(target)) is None
    assert differing(target, seen(target)) == ""


def test_another_try_and_map_index_than_asked_for_are_said() -> None:
    target = Target("prod", "orders", "run1", "load", 99, 7)
    words = differing(target, seen(target))
    assert "there is no map index 99; this is map index 3" in words
    assert "there is no try 7; this is try 1" in words
    assert subject_of(seen(target)) == Target("prod", "orders", "run1", "load", 3, 1)
