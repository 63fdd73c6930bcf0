from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.depth import Depth
from bot.diagnosis.signals import signals_from
from bot.domain.evidence import (
    ComponentHealth,
    DagDetails,
    DagRun,
    DagVersion,
    EventLogEntry,
    Evidence,
    ImportProblem,
    Job,
    NamedText,
    Pool,
    TaskDetails,
    TaskInstance,
    UnmetDependency,
)
from bot.domain.signals import Signal
from tests.diagnosis.cases import TARGET, chain, error, gap, line, reading

T0 = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
TASK = TaskInstance(
    "orders",
    TARGET.run_id or "",
    "load",
    state="failed",
    try_number=1,
    max_tries=0,
    start=T0,
    end=T0 + timedelta(minutes=5),
    hostname="worker-1",
    pid=42,
    pool="default_pool",
)
RUN = DagRun(TARGET.run_id or "", "orders", state="failed", run_after=T0, start=T0)
WAITING = replace(TASK, state="queued", start=None, end=None, hostname=None, pid=None)
ACTIVE = replace(RUN, state="running")


def drawn(name: str, **more: object) -> list[Signal]:
    fields: dict[str, object] = {"task_instance": TASK, "dag_run": RUN, **more}
    return list(signals_from(Evidence(TARGET, **fields)).named(name))  # type: ignore[arg-type]


def values(name: str, **more: object) -> list[str]:
    return [signal.value for signal in drawn(name, **more)]


def event(
    name: str, owner: str = "scheduler", extra: str = "", seconds: float = 0
) -> EventLogEntry:
    when = TASK.end + timedelta(seconds=seconds) if TASK.end else None
    return EventLogEntry(7, when, name, owner, "orders", "load", TARGET.run_id, extra=extra)


class TestTries:
    def test_a_try_without_host_and_process_never_started(self) -> None:
        lost = replace(TASK, hostname=None, pid=None, queued_at=T0)
        assert values("never_started", task_instance=lost) == ["true"]
        assert values("never_started") == []

    def test_nothing_known_of_host_and_queue_is_not_taken_for_never_started(self) -> None:
        bare = TaskInstance("", "", "", state="failed", try_number=1)
        assert values("never_started", task_instance=bare) == []

    def test_a_try_beyond_what_was_allowed_is_extra(self) -> None:
        assert values("extra_try", task_instance=replace(TASK, try_number=2)) == ["true"]
        assert values("extra_try", task_instance=replace(TASK, try_number=2, max_tries=1)) == []

    def test_a_failure_for_good_with_tries_left_is_told(self) -> None:
        assert values("retries_left", task_instance=replace(TASK, max_tries=2)) == ["2"]

    def test_a_success_after_failed_tries_has_recovered(self) -> None:
        tries = (TASK, replace(TASK, try_number=2, state="success"))
        assert values("recovered", task_instance=tries[1], tries=tries) == ["true"]
        assert values("failed_tries", task_instance=tries[1], tries=tries) == ["1"]

    def test_the_share_of_failed_mapped_instances_is_told(self) -> None:
        mapped = tuple(replace(TASK, map_index=n, state="success") for n in range(3))
        chosen = replace(TASK, map_index=3)
        assert values(
            "map_failed_share", task_instance=chosen, task_instances=(*mapped, chosen)
        ) == ["0.250"]

    def test_a_deferred_task_without_a_triggerer_is_seen(self) -> None:
        deferred = replace(WAITING, state="deferred", trigger_class="a.b.Trigger")
        assert values("triggerer_assigned", task_instance=deferred, dag_run=ACTIVE) == ["false"]
        held = replace(deferred, triggerer_id=3)
        assert values("triggerer_assigned", task_instance=held, dag_run=ACTIVE) == ["true"]


class TestRun:
    def test_unmet_dependencies_come_in_airflows_words(self) -> None:
        unmet = (UnmetDependency("Dag Not Paused", "Task's DAG 'orders' is paused."),)
        found = drawn("unmet", task_instance=WAITING, dag_run=ACTIVE, unmet=unmet)
        assert [(one.value, one.depth) for one in found] == [("Dag Not Paused", Depth.RECORDED)]
        assert values("unmet_reason", unmet=unmet) == ["Task's DAG 'orders' is paused."]

    def test_a_pause_explains_what_waits_but_not_what_failed(self) -> None:
        dag = DagDetails("orders", is_paused=True)
        waiting = drawn("dag_paused", task_instance=WAITING, dag_run=ACTIVE, dag=dag)
        failed = drawn("dag_paused", dag=dag)
        assert [one.depth for one in waiting] == [Depth.OUTSIDE]
        assert [one.depth for one in failed] == [Depth.STATE]

    def test_a_run_over_its_timeout_is_seen(self) -> None:
        dag = DagDetails("orders", dag_run_timeout=60)
        late = replace(RUN, duration=61.0)
        assert values("dag_run_timeout_exceeded", dag=dag, dag_run=late) == ["61"]
        assert (
            values("dag_run_timeout_exceeded", dag=dag, dag_run=replace(RUN, duration=59.0)) == []
        )

    def test_a_queued_run_behind_as_many_as_may_run_is_seen(self) -> None:
        queued = replace(RUN, state="queued")
        running = replace(RUN, run_id="earlier", state="running")
        dag = DagDetails("orders", max_active_runs=1)
        found = values("runs_at_limit", dag=dag, dag_run=queued, recent_runs=(queued, running))
        assert found == ["1"]
        free = DagDetails("orders", max_active_runs=2)
        assert values("runs_at_limit", dag=free, dag_run=queued, recent_runs=(running,)) == []

    def test_failed_runs_in_a_row_are_counted_back_to_the_last_good_one(self) -> None:
        def earlier(hours: int, state: str) -> DagRun:
            return replace(
                RUN, run_id=f"r{hours}", run_after=T0 - timedelta(hours=hours), state=state
            )

        before = (earlier(3, "failed"), earlier(1, "failed"), earlier(2, "success"))
        assert values("consecutive_failed_runs", recent_runs=before) == ["2"]
        assert values("previous_run_failed", recent_runs=before) == ["true"]

    def test_a_run_without_logical_date_is_seen(self) -> None:
        assert values("logical_date_missing") == ["true"]
        assert values("logical_date_missing", dag_run=replace(RUN, logical_date=T0)) == []

    def test_a_dag_changed_since_the_last_success_is_seen(self) -> None:
        green = replace(TASK, version=DagVersion(3))
        now = replace(TASK, version=DagVersion(4))
        assert values("version_changed", task_instance=now, last_green=green) == ["true"]
        assert values("version_changed", task_instance=green, last_green=green) == []

    def test_the_failed_upstream_task_is_named(self) -> None:
        waiting = replace(TASK, state="upstream_failed")
        extract = replace(TASK, task_id="extract")
        other = replace(TASK, task_id="unrelated")
        tasks = (TaskDetails("extract", downstream=("load",)), TaskDetails("unrelated"))
        found = values(
            "upstream_failed",
            task_instance=waiting,
            task_instances=(other, extract, waiting),
            tasks=tasks,
        )
        assert found == ["extract"]

    def test_the_state_of_a_triggered_run_is_told(self) -> None:
        child = DagRun("r", "child", state="failed")
        assert values("child_run_state", child_runs=(child,)) == ["failed"]

    def test_a_missing_dag_is_seen(self) -> None:
        assert values("dag_missing", task_instance=None, dag_run=None, dag_exists=False) == ["true"]


class TestEvents:
    @pytest.mark.parametrize(
        ("name", "ended_by"),
        [
            ("heartbeat timeout", "heartbeat_timeout"),
            ("stuck in queued tries exceeded", "queued_timeout"),
            ("state mismatch", "executor"),
        ],
    )
    def test_airflows_own_entries_tell_what_ended_the_try(self, name: str, ended_by: str) -> None:
        assert values("ended_by", events=(event(name),)) == [ended_by]

    def test_a_user_who_set_the_state_at_the_end_ended_the_try(self) -> None:
        body = '{"new_state": "failed", "note": "wrong partition"}'
        entry = event("patch_task_instance", "olga", body, seconds=-2)
        found = drawn("ended_by", events=(entry,))
        assert [(one.value, one.quote.id) for one in found] == [("user", "E1")]
        assert values("actor", events=(entry,)) == ["olga"]

    def test_a_user_who_acted_long_after_did_not_end_the_try(self) -> None:
        entry = event("patch_task_instance", "olga", '{"new_state": "failed"}', seconds=3600)
        assert values("ended_by", events=(entry,)) == []
        assert values("user_action", events=(entry,)) == ["marked_failed"]

    def test_setting_a_note_is_no_setting_of_a_state(self) -> None:
        entry = event("patch_dag_run", "alice", '{"note": "looking at it"}')
        assert values("user_action", events=(entry,)) == []

    def test_an_action_on_another_task_does_not_count(self) -> None:
        entry = replace(
            event("patch_task_instance", "olga", '{"new_state": "failed"}'), task_id="x"
        )
        assert values("event", events=(entry,)) == []

    def test_the_scheduler_that_paused_a_dag_is_no_user(self) -> None:
        assert values("paused_by", events=(event("paused"),)) == ["scheduler"]
        assert values("user_action", events=(event("paused"),)) == []
        assert values("paused_by", events=(event("paused", "olga"),)) == ["user"]

    def test_the_executors_words_about_a_pod_give_its_reason(self) -> None:
        entry = event("state mismatch", extra="Extra info: Pod load-1 failed: ErrImagePull")
        assert values("pod_reason", events=(entry,)) == ["ErrImagePull"]


class TestCluster:
    def test_an_unhealthy_component_explains_what_waits_only(self) -> None:
        health = (ComponentHealth("scheduler", "unhealthy"),)
        waiting = drawn("scheduler", task_instance=WAITING, dag_run=ACTIVE, health=health)
        assert [one.depth for one in waiting] == [Depth.OUTSIDE]
        assert [one.depth for one in drawn("scheduler", health=health)] == [Depth.STATE]

    def test_a_heartbeat_of_long_ago_is_stale(self) -> None:
        health = (ComponentHealth("scheduler", "healthy", T0),)
        late = T0 + timedelta(minutes=5)
        assert values("scheduler", health=health, gathered_at=late) == ["stale"]
        assert values("scheduler", health=health, gathered_at=T0) == ["healthy"]

    def test_pools_are_looked_at_only_for_what_waits(self) -> None:
        pools = (Pool("default_pool", 1, 0),)
        waits = {"task_instance": WAITING, "dag_run": ACTIVE, "pools": pools}
        assert values("pool_open_slots", **waits) == ["0"]
        assert values("pool_open_slots", pools=pools) == []

    def test_a_pool_that_is_not_there_is_named(self) -> None:
        pools = (Pool("other", 1, 1),)
        found = values("pool_missing", task_instance=WAITING, dag_run=ACTIVE, pools=pools)
        assert found == ["default_pool"]

    def test_a_scheduler_that_came_up_while_the_try_ran_is_seen(self) -> None:
        during, after = (T0 + timedelta(minutes=m) for m in (2, 30))
        job = Job(3, "SchedulerJob", "running", start=during)
        assert values("scheduler_restarted", jobs=(job,)) == ["true"]
        assert values("scheduler_restarted", jobs=(replace(job, start=after),)) == []

    def test_other_dags_and_the_same_host_are_counted(self) -> None:
        assert TASK.start
        assert TASK.end
        before, after = TASK.start - timedelta(minutes=5), TASK.end + timedelta(seconds=16)
        others = (
            replace(TASK, dag_id="a", start=before),
            replace(TASK, dag_id="b", start=before, hostname="worker-2"),
            replace(TASK, dag_id="c"),  # begun together with it
            replace(TASK, dag_id="d", start=before, end=after),
        )
        assert values("other_dags_failing", elsewhere=others) == ["4"]
        assert values("ended_together", elsewhere=others) == ["2"]
        assert values("same_host_failures", elsewhere=others) == ["1"]


class TestTexts:
    TRACE = (
        "Traceback (most recent call last):\n"
        '  File "/opt/airflow/dags/orders.py", line 3, in <module>\n'
        "    import polars\n"
        "ModuleNotFoundError: No module named 'polars'\n"
    )

    def test_an_import_problem_of_a_missing_dag_decides_where_it_names_it(self) -> None:
        own = ImportProblem("orders.py", self.TRACE)
        foreign = ImportProblem("billing.py", self.TRACE.replace("orders", "billing"))
        lone = {"task_instance": None, "dag_run": None, "dag_exists": False}
        assert values("import_error", import_problems=(own,), **lone) == ["ModuleNotFoundError"]
        assert [s.depth for s in drawn("import_error", import_problems=(own,), **lone)] == [70]
        assert values("import_error", import_problems=(foreign,), **lone) == []
        assert values("other_import_errors", import_problems=(foreign,), **lone) == ["1"]

    def test_an_import_problem_of_now_does_not_explain_a_try_that_logged_its_end(self) -> None:
        log = reading(line(1, "x"), chains=[chain(error("KeyError", "'x'", 1))])
        problem = ImportProblem("orders.py", self.TRACE)
        found = drawn("import_error", log=log, import_problems=(problem,))
        assert [one.depth for one in found] == [Depth.TAIL]

    def test_an_event_log_as_text_is_understood(self) -> None:
        text = NamedText("event_log", "06:03 heartbeat timeout: Task did not emit heartbeat")
        assert values("ended_by", extra=(text,)) == ["heartbeat_timeout"]
        assert [s.quote.id for s in drawn("ended_by", extra=(text,))] == ["X1"]

    def test_a_message_is_searched_line_by_line(self) -> None:
        text = NamedText("message", "Pod failed\nThe node was low on resource: memory. Evicted")
        assert values("pod_reason", extra=(text,)) == ["Evicted"]
        assert "Pod failed" in values("text", extra=(text,))


class TestBlindness:
    def test_a_forbidden_event_log_hides_who_ended_it(self) -> None:
        signals = signals_from(Evidence(TARGET, task_instance=TASK, gaps=(gap("event log"),)))
        assert {"ended_by", "event", "user_action", "paused_by"} <= signals.blind
        assert "exception" not in signals.blind

    def test_a_missing_log_hides_exceptions_but_not_states(self) -> None:
        signals = signals_from(Evidence(TARGET, task_instance=TASK, gaps=(gap("task log"),)))
        assert {"exception", "text", "signal"} <= signals.blind
        assert "state" not in signals.blind
