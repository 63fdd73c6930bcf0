"""The adapter against a real Airflow 3."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.airflow.cluster import AirflowCluster
from bot.domain.checks import CheckStatus
from bot.domain.targets import Target
from tests.real_airflow.conftest import TOKEN_LEEWAY, TOKEN_SECONDS, Lab

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(400)]


async def test_a_failed_dag_is_seen_whole(cluster: AirflowCluster, orders: Target) -> None:
    found = await cluster.gather(orders, 15)
    assert found.gaps == ()
    assert found.airflow_version
    assert found.airflow_version.startswith("3.")
    assert found.task_instance
    assert (found.task_instance.task_id, found.task_instance.state) == ("extract", "failed")
    assert [one.state for one in found.tries] == ["failed"]
    assert {one.task_id: one.state for one in found.task_instances} == {
        "extract": "failed",
        "load": "upstream_failed",
    }
    assert found.dag
    assert found.dag.doc_md == "Loads the orders. Ask #orders."
    assert found.dag.tags == ("team:orders",)
    assert found.task
    assert found.task.downstream == ("load",)
    assert found.versions
    assert found.pools
    assert {part.name for part in found.health} >= {"scheduler", "triggerer", "dag_processor"}
    assert {"trigger_dag_run", "failed"} <= {entry.event for entry in found.events}


async def test_the_traceback_with_its_cause_comes_through(
    cluster: AirflowCluster, orders: Target
) -> None:
    found = await cluster.gather(orders, 15)
    assert found.log
    said = " ".join(one.message for chain in found.log.chains for one in chain.exceptions)
    assert "no rate for currency 'usd'" in said
    assert {"ValueError", "KeyError"} <= {
        one.short_type for chain in found.log.chains for one in chain.exceptions
    }


async def test_a_blocked_task_leads_to_the_root(cluster: AirflowCluster, orders: Target) -> None:
    target = Target("lab", "orders", orders.run_id, "load")
    found = await cluster.gather(target, 15)
    assert found.task_instance
    assert found.task_instance.task_id == "extract"
    assert found.log


async def test_a_mapped_task_instance_is_found_with_its_log(
    lab: Lab, cluster: AirflowCluster
) -> None:
    run_id = lab.trigger("scores")
    assert lab.finished("scores", run_id) == "failed"
    found = await cluster.gather(Target("lab", "scores", run_id), 15)
    assert found.gaps == ()
    assert found.task_instance
    assert found.task_instance.map_index == 2
    assert found.log
    assert any("out of range" in line.text for line in found.log.lines)
    green = await cluster.gather(Target("lab", "scores", run_id, "score", 1), 15)
    assert green.task_instance
    assert green.task_instance.state == "success"


async def test_each_try_has_its_own_log(lab: Lab, cluster: AirflowCluster) -> None:
    run_id = lab.trigger("flaky")
    assert lab.finished("flaky", run_id) == "success"
    found = await cluster.gather(Target("lab", "flaky", run_id), 15)
    assert [(one.try_number, one.state) for one in found.tries] == [(1, "failed"), (2, "success")]
    assert found.log
    assert found.log.try_number == 1
    assert any("reset by peer" in line.text for line in found.log.lines)
    reading, gaps = await cluster.read_log(
        Target("lab", "flaky", run_id, "settle", try_number=2), 15
    )
    assert gaps == ()
    assert reading
    assert not any("reset by peer" in line.text for line in reading.lines)


async def test_a_waiting_task_says_what_it_waits_for(lab: Lab, cluster: AirflowCluster) -> None:
    run_id = lab.trigger("crowded")
    lab.until("crowded", run_id, {"running"})
    for _ in range(60):
        if lab.task_state("crowded", run_id, "wait_for_pool") == "scheduled":
            break
        await asyncio.sleep(0.5)
    found = await cluster.gather(Target("lab", "crowded", run_id), 15)
    assert found.gaps == ()
    assert any("no_such_pool" in unmet.reason for unmet in found.unmet)


async def test_a_dag_that_cannot_be_imported_is_found_by_its_file(cluster: AirflowCluster) -> None:
    found = await cluster.gather(Target("lab", "reports"), 15)
    assert found.dag_exists is False
    assert found.import_problems[0].filename.endswith("broken.py")
    assert "package_that_does_not_exist" in found.import_problems[0].stack_trace


async def test_the_lists_and_reports_work(cluster: AirflowCluster, orders: Target) -> None:
    assert {"orders", "scores", "flaky", "chatty", "patient", "crowded"} <= set(
        await cluster.dag_ids()
    )
    assert list(await cluster.search_dags("ORDER")) == ["orders"]
    assert set(await cluster.task_ids("orders")) == {"extract", "load"}
    runs = await cluster.runs("orders", state="failed", since=datetime.now(UTC) - timedelta(days=1))
    assert orders.run_id in {run.run_id for run in runs.runs}
    failed = await cluster.find_failed(datetime.now(UTC) - timedelta(hours=1))
    assert ("orders", "extract") in {(one.dag_id, one.task_id) for one in failed.task_instances}
    report = await cluster.report(15)
    assert report.gaps == ()
    assert report.import_errors == 1


async def test_a_viewer_passes_every_check_of_the_doctor(cluster: AirflowCluster) -> None:
    found = await cluster.doctor()
    assert {
        (check.name, check.status) for check in found if check.status is not CheckStatus.OK
    } == (set())
    assert len(found) > 12


async def test_the_pages_that_links_lead_to_are_served(
    cluster: AirflowCluster, orders: Target
) -> None:
    target = Target("lab", "orders", orders.run_id, "extract", try_number=1)
    for link in cluster.links(target):
        with urllib.request.urlopen(link.url, timeout=30) as page:  # noqa: ASYNC210
            assert page.headers["Content-Type"].startswith("text/html")


async def test_an_expired_token_is_renewed_without_anyone_noticing(
    cluster: AirflowCluster, orders: Target
) -> None:
    before = await cluster.gather(orders, 15)
    await asyncio.sleep(TOKEN_SECONDS + TOKEN_LEEWAY + 2)
    after = await cluster.gather(orders, 15)
    assert after.gaps == before.gaps == ()


async def test_a_running_task_survives_while_the_bot_reads_as_fast_as_it_can(
    lab: Lab, cluster: AirflowCluster, orders: Target
) -> None:
    run_id = lab.trigger("patient", seconds=40)
    lab.until("patient", run_id, {"running"})
    ends = time.monotonic() + 40
    gathered = 0
    while time.monotonic() < ends:
        await asyncio.gather(*(cluster.gather(orders, 30) for _ in range(8)))
        gathered += 8
        assert cluster.load().in_flight <= 4
    assert lab.finished("patient", run_id, 120) == "success"
    found = await cluster.gather(Target("lab", "patient", run_id, "work"), 15)
    assert [one.state for one in found.tries] == ["success"]
    assert gathered >= 16


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_huge_log_is_read_through_in_little_memory_beside_everything_else(
    lab: Lab, cluster: AirflowCluster, orders: Target
) -> None:
    run_id = lab.trigger("chatty", megabytes=1)
    assert lab.finished("chatty", run_id) == "failed"
    _swell(lab.airflow.home / "logs" / "dag_id=chatty", 120_000_000)
    await cluster.gather(orders, 15)
    at_rest = _resident()
    peak = at_rest
    reading = asyncio.create_task(cluster.read_log(Target("lab", "chatty", run_id, "export"), 170))
    answered = 0
    while not reading.done():
        found = await cluster.gather(orders, 30)
        answered += found.task_instance is not None
        peak = max(peak, _resident())
        await asyncio.sleep(0.2)
    log, gaps = await reading
    assert gaps == ()
    assert log
    assert log.complete
    assert log.bytes_read > 100_000_000
    assert any("export ended without its footer" in line.text for line in log.lines)
    assert answered >= 3
    assert peak - at_rest < 150_000_000


def _swell(folder: Path, size: int) -> None:
    """Repeats the task's own lines at their beginning in the log file, up to so many bytes."""
    (path,) = folder.rglob("attempt=1.log")
    lines = path.read_bytes().splitlines(keepends=True)
    prints = [line for line in lines if b"nothing unusual" in line]
    first = lines.index(prints[0])
    block = b"".join(prints)
    with path.open("wb") as file:
        file.writelines(lines[:first])
        for _ in range(size // len(block) + 1):
            file.write(block)
        file.writelines(lines[first:])


def _resident() -> int:
    """Bytes of memory this process holds now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
