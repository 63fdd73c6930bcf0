from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from bot.adapters.airflow.recording import evidence_from_recording
from bot.adapters.airflow.windows import ROUTINE_EVENTS
from bot.answering.waiting import waiting_words
from bot.domain.errors import AirflowLoginError, AirflowUnavailable
from bot.domain.evidence import Evidence, GapReason
from bot.domain.targets import Target
from tests.adapters.airflow import support
from tests.adapters.airflow.test_recording import read_records
from tests.fakes.airflow_server import RecordedAirflow

PATIENCE = 20.0


def target_of(name: str, **more: object) -> Target:
    run_id = support.recording(name)["run_id"]
    target = Target("lab", name, None if run_id == "none" else run_id)
    return replace(target, **more)  # type: ignore[arg-type]


async def gathered(
    airflow: RecordedAirflow, target: Target, seconds: float = PATIENCE, **config: object
) -> Evidence:
    cluster = support.cluster_of(airflow, **config)
    try:
        return await cluster.gather(target, seconds)
    finally:
        cluster.close()


@pytest.mark.parametrize(
    "name",
    [
        support.EXIT_CODE,
        support.RETRIED,
        support.MAPPED,
        support.UPSTREAM,
        support.POOL,
        support.DEFERRED,
        support.NO_DAG,
        "pipeline_52874",
        "pipeline_27179",
    ],
)
async def test_a_live_cluster_gives_the_same_evidence_as_its_recording(name: str) -> None:
    recorded = evidence_from_recording(
        support.recording(name), redact=support.mask, read_records=read_records
    )
    with support.serve(name) as airflow:
        live = await gathered(airflow, target_of(name))
    same = [
        "task_instance", "tries", "dag_run", "task_instances", "recent_runs", "dag", "task",
        "tasks", "versions", "warnings", "pools", "health", "jobs", "unmet", "history",
        "last_green", "links", "dag_exists", "airflow_version", "gaps",
    ]  # fmt: skip
    for field in same:
        assert getattr(live, field) == getattr(recorded, field), field
    telling = {entry for entry in recorded.events if entry.event not in ROUTINE_EVENTS}
    assert telling <= set(live.events)
    assert (live.log and live.log.try_number) == (recorded.log and recorded.log.try_number)


async def test_a_run_is_chosen_where_none_was_named() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        found = await gathered(airflow, Target("lab", support.EXIT_CODE))
    assert found.target.run_id == support.recording(support.EXIT_CODE)["run_id"]
    assert found.task_instance
    assert found.task_instance.task_id == "bye"


async def test_a_task_that_another_blocked_leads_to_that_other_and_says_so() -> None:
    recording = support.recording(support.UPSTREAM)
    for row in recording["evidence"]["task_instances"]["body"]["task_instances"]:
        if row["task_id"] != "extract":
            row["state"] = "upstream_failed"
    with RecordedAirflow([recording]) as airflow:
        found = await gathered(airflow, target_of(support.UPSTREAM, task_id="load"))
    assert found.task_instance
    assert found.task_instance.task_id == "extract"
    assert found.extra[0].text == "load did not run: extract failed before it."


async def test_the_run_that_a_task_set_off_is_looked_at() -> None:
    with support.serve(support.CHILD, "pipeline_70373") as airflow:
        child = support.recording("pipeline_70373")["evidence"]["recent_runs"]["body"]["dag_runs"]
        links = airflow.world._recordings[support.CHILD]["evidence"]["links:run_child[-1]"]
        linked = child[0]["dag_run_id"]
        page = f"https://elsewhere.example/dags/pipeline_70373/runs/{linked}"
        links["body"]["extra_links"] = {"Triggered DAG": page}
        found = await gathered(airflow, target_of(support.CHILD))
    assert [run.run_id for run in found.child_runs] == [linked]


async def test_a_forbidden_event_log_becomes_a_gap_with_a_remedy_and_is_asked_once() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.forbidden.add("event_logs")
        found = await gathered(airflow, target_of(support.EXIT_CODE))
        asked = len(airflow.asked("event_logs"))
    (gap,) = found.gaps
    assert (gap.source, gap.reason) == ("event log", GapReason.FORBIDDEN)
    assert "can read on Audit Logs" in gap.remedy
    assert asked == 1
    assert found.log is not None


PIECES = [
    ("dag_details", "Dag"),
    ("dag_run", "run"),
    ("tries", "tries"),
    ("tasks", "tasks of the Dag"),
    ("dag_versions", "Dag versions"),
    ("dag_warnings", "Dag warnings"),
    ("event_logs", "event log"),
    ("pools", "pools"),
    ("jobs", "jobs"),
    ("health", "health"),
    ("version", "version"),
    ("links", "extra links"),
    ("log", "task log"),
]


@pytest.mark.parametrize(("piece", "source"), PIECES)
@pytest.mark.parametrize("fault", ["drop", "rubbish", "html", "status"])
async def test_a_piece_that_fails_is_a_gap_and_the_rest_goes_on(
    piece: str, source: str, fault: str
) -> None:
    if (piece, fault) == ("log", "rubbish"):
        return  # any bytes are a log
    with support.serve(support.EXIT_CODE) as airflow:
        where = getattr(airflow.faults, fault)
        where.update({piece: 500} if fault == "status" else {piece})
        found = await gathered(airflow, target_of(support.EXIT_CODE))
    assert source in {gap.source for gap in found.gaps}
    assert found.task_instance
    assert found.task_instance.task_id == "bye"


async def test_what_does_not_answer_costs_the_deadline_and_becomes_a_gap() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.hold["jobs"] = threading.Event()
        found = await gathered(airflow, target_of(support.EXIT_CODE), 1.0)
    assert [(gap.source, gap.reason) for gap in found.gaps] == [("jobs", GapReason.TIMEOUT)]
    assert found.log
    assert found.task_instance


async def test_a_log_that_is_late_is_named_and_there_for_the_next_question() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        held = airflow.faults.hold["log"] = threading.Event()
        cluster = support.cluster_of(airflow)
        first = await cluster.gather(target_of(support.EXIT_CODE), 1.0)
        held.set()
        second = await cluster.gather(target_of(support.EXIT_CODE), PATIENCE)
        third = await cluster.gather(target_of(support.EXIT_CODE), PATIENCE)
        cluster.close()
        assert len(airflow.asked("log")) == 1
    (gap,) = first.gaps
    assert (gap.source, gap.reason) == ("task log", GapReason.TIMEOUT)
    assert "goes on" in gap.remedy
    assert first.log is None
    assert second.log == third.log
    assert second.log


async def test_a_log_that_breaks_off_is_read_as_far_as_it_came() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.cut.add("log")
        found = await gathered(airflow, target_of(support.EXIT_CODE))
    assert found.log
    assert not found.log.complete
    assert "task log" in {gap.source for gap in found.gaps}


async def test_a_run_that_does_not_exist_is_a_gap() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        found = await gathered(airflow, target_of(support.EXIT_CODE, run_id="manual__never"))
    assert found.dag_exists
    assert {gap.reason for gap in found.gaps} == {GapReason.NOT_FOUND}
    assert "run" in {gap.source for gap in found.gaps}


async def test_a_dag_that_does_not_exist_brings_the_import_errors_and_no_gaps() -> None:
    with support.serve(support.NO_DAG) as airflow:
        found = await gathered(airflow, Target("lab", support.NO_DAG))
    assert found.dag_exists is False
    assert found.gaps == ()
    assert found.import_problems[0].filename == f"{support.NO_DAG}.py"


async def test_wrong_credentials_are_an_error_that_names_cluster_and_remedy() -> None:
    said = pytest.raises(AirflowLoginError, match=r"lab: .*'bot' was refused\. Check the user")
    with support.serve(support.EXIT_CODE) as airflow, said:
        await gathered(airflow, target_of(support.EXIT_CODE), password="wrong")


async def test_a_cluster_that_is_gone_is_an_error_that_names_its_address() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        cluster = support.cluster_of(airflow, base_url="http://127.0.0.1:9")
        with pytest.raises(AirflowUnavailable, match=r"lab: nothing answers at http://127\.0"):
            await cluster.gather(target_of(support.EXIT_CODE), PATIENCE)
        cluster.close()


async def test_an_open_breaker_is_an_error_and_sends_nothing() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.status["*"] = 503
        cluster = support.cluster_of(airflow)
        with pytest.raises(AirflowUnavailable):
            await cluster.gather(target_of(support.EXIT_CODE), PATIENCE)
        before = len(airflow.seen)
        with pytest.raises(AirflowUnavailable, match="spared"):
            await cluster.gather(target_of(support.EXIT_CODE), PATIENCE)
        cluster.close()
        assert len(airflow.seen) == before


async def test_a_swarm_of_questions_has_at_most_four_calls_in_flight() -> None:
    names = [support.EXIT_CODE, support.RETRIED, support.MAPPED, support.UPSTREAM]
    with support.serve(*names) as airflow:
        airflow.faults.latency = 0.01
        cluster = support.cluster_of(airflow)
        swarm = (cluster.gather(target_of(names[n % 4]), 60) for n in range(24))
        found = await asyncio.gather(*swarm, cluster.dag_ids(), cluster.report(60))
        cluster.close()
        assert 3 <= airflow.most_in_flight <= 4
        assert len(airflow.seen) > 300
    assert all(one.task_instance for one in found[:24])  # type: ignore[union-attr]


async def test_a_lowered_limit_of_calls_is_kept_too() -> None:
    with support.serve(support.MAPPED) as airflow:
        cluster = support.cluster_of(airflow, max_calls=1)
        await asyncio.gather(*(cluster.gather(target_of(support.MAPPED), 60) for _ in range(3)))
        cluster.close()
        assert airflow.most_in_flight == 1


async def test_a_server_that_hangs_is_not_asked_for_more_than_four_things() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.hold["*"] = threading.Event()
        cluster = support.cluster_of(airflow)
        for _ in range(3):
            with pytest.raises(AirflowUnavailable):
                await cluster.gather(target_of(support.EXIT_CODE), 0.2)
        assert cluster.load().in_flight <= 4
        assert airflow.most_in_flight <= 4
        cluster.close()


async def test_a_crowd_of_mapped_task_instances_is_cut_and_the_failed_one_found() -> None:
    recording = support.recording(support.MAPPED)
    rows = recording["evidence"]["task_instances"]["body"]["task_instances"]
    green = next(row for row in rows if row["map_index"] == 0)
    rows[:] = [dict(green, id=str(n), map_index=n) for n in range(700)]
    rows[650] = dict(rows[650], state="failed")
    evidence = recording["evidence"]
    for key in ("tries", "dependencies", "links", "log"):
        for label in [one for one in evidence if one.startswith(f"{key}:score[37]")]:
            evidence[label.replace("[37]", "[650]")] = evidence[label]
    with RecordedAirflow([recording]) as airflow:
        found = await gathered(airflow, target_of(support.MAPPED))
        pages = len(airflow.asked("task_instances"))
    assert found.task_instance
    assert found.task_instance.map_index == 650
    assert found.log
    assert pages < 12
    (gap,) = [gap for gap in found.gaps if gap.reason is GapReason.TOO_LARGE]
    assert "of 700" in gap.detail


async def test_pages_are_counted_by_what_came_not_by_what_was_asked_for() -> None:
    with support.serve(support.MAPPED) as airflow:
        airflow.faults.page_cap = 20
        cluster = support.cluster_of(airflow)
        seen = await cluster.task_instances(support.MAPPED, target_of(support.MAPPED).run_id or "")
        cluster.close()
    assert len(seen.task_instances) == 52
    assert seen.gaps == ()


async def test_secrets_in_notes_and_events_do_not_get_in() -> None:
    recording = support.recording(support.EXIT_CODE)
    evidence = recording["evidence"]
    evidence["task_instances"]["body"]["task_instances"][0]["note"] = "it was hunter2"
    evidence["event_logs_dag"]["body"]["event_logs"][0]["extra"] = '{"password": "hunter2"}'
    evidence["dag_details"]["body"]["doc_md"] = "connect with hunter2"
    with RecordedAirflow([recording]) as airflow:
        found = await gathered(airflow, target_of(support.EXIT_CODE))
    assert "hunter2" not in repr(found)
    assert "[secret]" in repr(found.events)


async def test_a_question_about_the_cluster_alone_gets_its_state() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        found = await gathered(airflow, Target("lab"))
    assert found.health
    assert found.pools
    assert found.task_instance is None


async def test_a_server_that_ignores_a_filter_does_not_mix_tasks_up() -> None:
    recording = support.recording(support.EXIT_CODE)
    rows = recording["evidence"]["history:bye"]["body"]["task_instances"]
    earlier = {"run_id": "before", "dag_run_id": "before", "start_date": "2026-11-21T00:00:00Z"}
    rows.append({**rows[0], **earlier, "state": "success"})
    rows.append({**rows[0], **earlier, "task_id": "another", "state": "failed"})
    with RecordedAirflow([recording]) as airflow:
        found = await gathered(airflow, target_of(support.EXIT_CODE))
    assert [(one.task_id, one.state) for one in found.history] == [("bye", "success")]
    assert found.last_green == found.history[0]


ASSETS = {
    "assets": [
        {
            "name": "orders",
            "producing_tasks": [{"dag_id": support.UPSTREAM, "task_id": "load"}],
            "scheduled_dags": [{"dag_id": "report_daily"}, {"dag_id": support.UPSTREAM}],
            "consuming_tasks": [{"dag_id": "features", "task_id": "train"}],
        },
        {"name": "rates", "producing_tasks": [], "scheduled_dags": [{"dag_id": "pricing"}]},
        {"uri": "s3://nameless"},
    ]
}


async def test_who_waits_for_the_assets_of_a_failed_dag_is_found_out() -> None:
    recorded = support.recording(support.UPSTREAM)
    recorded["evidence"]["assets"] = {"status": 200, "body": ASSETS}
    with RecordedAirflow([recorded]) as airflow:
        evidence = await gathered(airflow, target_of(support.UPSTREAM))

    orders, rates = evidence.assets
    assert orders.writers == ((support.UPSTREAM, "load"),)
    assert orders.consumers == ("report_daily", support.UPSTREAM, "features")
    assert rates.consumers == ("pricing",)
    assert waiting_words(evidence) == "report_daily and features, for orders"


@pytest.mark.parametrize(("status", "gaps"), [(403, 1), (404, 0), (500, 0)])
async def test_assets_that_cannot_be_had_are_missed_only_where_somebody_can_permit_it(
    status: int, gaps: int
) -> None:
    recorded = support.recording(support.UPSTREAM)
    recorded["evidence"]["assets"] = {"status": status, "body": {"detail": "no"}}
    with RecordedAirflow([recorded]) as airflow:
        evidence = await gathered(airflow, target_of(support.UPSTREAM))

    assert evidence.assets == ()
    missing = [gap for gap in evidence.gaps if gap.source == "assets"]
    assert len(missing) == gaps
    assert all("Assets" in gap.remedy for gap in missing)


async def test_sensors_of_other_dags_that_wait_for_the_failed_one_are_found() -> None:
    recorded = support.recording(support.UPSTREAM)
    rows = recorded["evidence"]["task_instances"]["body"]["task_instances"]
    due = rows[0]["run_after"]

    def sensor(dag_id: str, **rendered: object) -> dict[str, object]:
        return {
            **rows[0],
            "dag_id": dag_id,
            "task_id": "wait",
            "state": "up_for_reschedule",
            "operator": "ExternalTaskSensor",
            "rendered_fields": rendered,
        }

    waiting = {
        "evidence": {
            "task_instances": {
                "status": 200,
                "body": {
                    "task_instances": [
                        sensor("billing", external_dag_id=support.UPSTREAM),
                        sensor(
                            "ledger",
                            external_dag_id=support.UPSTREAM,
                            external_task_id=None,
                            external_task_ids=["load"],
                        ),
                        sensor("audit", external_dag_id="another"),
                        sensor("plain"),
                    ]
                },
            }
        }
    }
    other = {**recorded, **waiting, "dag_id": "billing"}
    with RecordedAirflow([recorded, other]) as airflow:
        evidence = await gathered(airflow, target_of(support.UPSTREAM))
    assert [(one.dag_id, one.tasks) for one in evidence.sensors] == [
        ("billing", ()),
        ("ledger", ("load",)),
    ]
    assert due is None or all(one.run_after is not None for one in evidence.sensors)
    assert waiting_words(evidence) == "billing and ledger, by sensor"
