"""Which assets a failed run held back, and which Dags wait for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.answering.escalations import reach_words
from bot.answering.facts import headline_facts
from bot.answering.waiting import held_assets, waiting_dags, waiting_words
from bot.domain.escalations import Reach, ReachCount, Touched
from bot.domain.evidence import DagRun, Evidence, ProducedAsset, TaskInstance, WaitingSensor
from bot.domain.targets import Target
from bot.services.escalation_calls import reach_of

FAILED = TaskInstance("orders", "run-1", "load", state="failed")
WROTE = ProducedAsset("raw", (("orders", "extract"),), ("audit",))
HELD = ProducedAsset("clean", (("orders", "publish"),), ("report", "orders", "features"))
FOREIGN = ProducedAsset("rates", (("rates", "load"),), ("orders", "pricing"))
EVIDENCE = Evidence(
    Target("prod", "orders", "run-1", "load"),
    task_instance=FAILED,
    task_instances=(
        replace(FAILED, task_id="extract", state="success"),
        FAILED,
        replace(FAILED, task_id="publish", state="upstream_failed"),
    ),
    assets=(WROTE, HELD, FOREIGN),
)


def test_only_what_this_run_did_not_write_holds_others_up() -> None:
    assert held_assets(EVIDENCE) == (HELD,)
    assert waiting_dags(EVIDENCE) == ("report", "features")
    assert dict(headline_facts(EVIDENCE, None))["Dags that wait"] == (
        "report and features, for clean"
    )


def test_a_run_that_wrote_everything_holds_nobody_up() -> None:
    done = replace(EVIDENCE, assets=(WROTE, FOREIGN))
    assert held_assets(done) == ()
    assert waiting_words(done) == ""


def test_one_mapped_index_that_failed_keeps_its_asset_back() -> None:
    indexes = tuple(
        replace(FAILED, task_id="publish", map_index=at, state="failed" if at == 1 else "success")
        for at in range(3)
    )
    assert held_assets(replace(EVIDENCE, task_instances=indexes)) == (HELD,)


def test_an_incident_reaches_the_assets_and_the_dags_that_wait() -> None:
    reach = reach_of(EVIDENCE.target, EVIDENCE)

    assert Reach(Touched.ASSET, "clean") in reach
    assert Reach(Touched.WAITING_DAG, "prod.report") in reach
    words = reach_words(
        (
            ReachCount(Touched.ASSET, 1, ("clean",)),
            ReachCount(Touched.WAITING_DAG, 2, ("prod.features", "prod.report")),
        )
    )
    assert words == (
        "1 asset not written (clean), 2 other Dags that wait (prod.features, prod.report)"
    )


def test_a_dag_that_waits_by_a_sensor_for_what_did_not_end_well_is_named() -> None:
    due = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    sensors = (
        WaitingSensor("billing", "orders", ("publish",), due),
        WaitingSensor("audit", "orders", ("extract",), due),
        WaitingSensor("ledger", "orders", (), due + timedelta(hours=1)),
        WaitingSensor("yesterday", "orders", (), due - timedelta(days=1)),
        WaitingSensor("pricing", "rates", (), due),
        WaitingSensor("orders", "orders", (), due),
    )
    run = DagRun("run-1", "orders", "failed", run_after=due)
    evidence = replace(EVIDENCE, sensors=sensors, dag_run=run)
    assert waiting_dags(evidence) == ("report", "features", "billing", "ledger")
    words = "report and features, for clean; billing and ledger, by sensor"
    assert waiting_words(evidence) == words
    assert waiting_words(replace(evidence, assets=())) == "billing and ledger, by sensor"
