"""The facts under an answer: what a responder asks first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import DagVersion, Evidence, ImportProblem, Pool
from bot.domain.logs import ExceptionChain, Frame, RaisedException
from tests.answering.cases import BEGAN, EVIDENCE, LOG, TASK_INSTANCE, VERDICT, diagnosed, with_task


def facts(evidence: Evidence) -> dict[str, str]:
    return dict(diagnosed(evidence=evidence).facts)


def test_headline_facts_name_what_a_responder_asks_first() -> None:
    known = facts(EVIDENCE)
    assert known["Try"] == "2 of 2"
    assert known["Duration"] == "41 s (last success took 35 s)"
    assert known["In pool"] == "warehouse: 3 of 8 slots free"
    assert known["Dag changed"] == "version 8, the last success ran 7"
    assert known["Run"] == "scheduled for 2026-11-22 00:00 UTC, failed"
    assert known["Airflow"] == "3.3.2, CeleryExecutor"


def test_the_place_in_the_users_own_code_is_the_first_fact() -> None:
    frames = (
        Frame("/opt/airflow/dags/orders.py", 33, "load", True, "row['country']"),
        Frame("/usr/lib/python3.12/json/decoder.py", 355, "raw_decode", False),
    )
    wrapper = RaisedException("RuntimeError", "load failed", 58)
    chain = ExceptionChain((wrapper, RaisedException("KeyError", "'country'", 57, frames)))
    handled = ExceptionChain((RaisedException("OSError", "x", 12),), handled=True)
    log = replace(LOG, chains=(chain, handled))
    first, *_ = diagnosed(evidence=replace(EVIDENCE, log=log)).facts
    assert first == ("Raised at", "orders.py:33 in load: row['country']")
    unquoted = diagnosed(replace(VERDICT, quotes=()), replace(EVIDENCE, log=log))
    assert unquoted.facts[0] == first


def test_facts_that_nobody_knows_are_left_out() -> None:
    bare = Evidence(target=EVIDENCE.target)
    assert diagnosed(evidence=bare).facts == ()
    assert diagnosed(evidence=bare).what_happened == VERDICT.why


@pytest.mark.parametrize(
    ("pools", "label", "told"),
    [
        (
            (Pool("warehouse", slots=8, open_slots=-2, queued=5),),
            "Pool",
            "0 of 8 slots free, 5 tasks wait",
        ),
        ((Pool("other", slots=8, open_slots=8),), "Pool", "warehouse: does not exist"),
        ((Pool("warehouse", slots=-1, open_slots=-1),), "In pool", "warehouse: no limit"),
        ((), "In pool", "warehouse"),
    ],
)
def test_the_pool_is_told_with_its_room(pools: tuple[Pool, ...], label: str, told: str) -> None:
    assert told in facts(replace(EVIDENCE, pools=pools))[label]


def test_mapped_tasks_say_how_many_of_them_failed() -> None:
    siblings = tuple(
        replace(TASK_INSTANCE, map_index=n, state="failed" if n == 3 else "success")
        for n in range(50)
    )
    evidence = replace(with_task(map_index=3, rendered_map_index="acme"), task_instances=siblings)
    assert facts(evidence)["Mapped"] == "index 3 (acme), 1 of 50 failed"


def test_a_streak_of_failed_runs_and_failures_elsewhere_are_facts() -> None:
    history = tuple(replace(TASK_INSTANCE, run_id=f"r{n}") for n in range(3))
    elsewhere = tuple(replace(TASK_INSTANCE, dag_id=f"d{n % 2}") for n in range(5))
    known = facts(replace(EVIDENCE, history=history, elsewhere=elsewhere))
    assert known["Same failure before"] == "in the 3 runs before"
    assert known["Failing elsewhere"] == "5 tasks of 2 other Dags in the same minutes"


def test_files_that_may_hold_an_unknown_dag_are_named() -> None:
    problems = (ImportProblem("sales/orders.py", "SyntaxError"), ImportProblem("x.py", "KeyError"))
    unknown = replace(EVIDENCE, dag_exists=False, import_problems=problems)
    assert facts(unknown)["Not importable"] == "sales/orders.py and x.py"
    assert "Not importable" not in facts(replace(unknown, dag_exists=True))


def test_a_dag_that_is_not_registered_is_said_to_hide_in_its_broken_file() -> None:
    problem = ImportProblem("sales/orders.py", "Traceback\nKeyError: 'country'\n")
    evidence = Evidence(EVIDENCE.target, dag_exists=False, import_problems=(problem,))
    assert diagnosed(evidence=evidence).what_happened.startswith(
        "Airflow does not know this Dag: sales/orders.py does not import. The task's own"
    )
    other = replace(evidence, import_problems=(ImportProblem("x.py", "SyntaxError"),))
    assert diagnosed(evidence=other).what_happened == VERDICT.why


def test_other_tasks_of_the_run_that_failed_or_were_held_up_are_named() -> None:
    others = (
        TASK_INSTANCE,
        replace(TASK_INSTANCE, task_id="refund", state="failed"),
        replace(TASK_INSTANCE, task_id="report", state="upstream_failed"),
        replace(TASK_INSTANCE, task_id="notify", state="success"),
    )
    known = facts(replace(EVIDENCE, task_instances=others))
    assert known["Also failed"] == "refund"
    assert known["Held up"] == "report"


def test_the_queue_is_named_where_no_worker_came() -> None:
    waited = {"start": None, "pid": None, "queue": "gpu"}
    assert facts(with_task(**waited))["Queue"] == "gpu"
    assert "Queue" not in facts(with_task(queue="gpu"))
    assert "Queue" not in facts(with_task(**(waited | {"queue": "default"})))


def test_a_running_task_is_measured_up_to_when_it_was_looked_at() -> None:
    evidence = with_task(state="running", end=None, duration=None)
    assert facts(evidence)["Duration"] == "10 min (last success took 35 s)"


def test_an_unchanged_dag_version_is_said() -> None:
    evidence = with_task(version=DagVersion(7))
    assert facts(evidence)["Dag version"] == "7, unchanged since the last success"


def test_a_wait_of_hours_is_told_in_hours() -> None:
    evidence = with_task(queued_at=BEGAN - timedelta(hours=2, minutes=5))
    assert facts(evidence)["In the queue"] == "2 h 5 min"
