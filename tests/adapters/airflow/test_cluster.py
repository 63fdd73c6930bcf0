from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.airflow.child_runs import runs_linked
from bot.adapters.airflow.config import ClusterConfig
from bot.domain.checks import CheckStatus
from bot.domain.errors import AirflowUnavailable, ConfigError
from bot.domain.evidence import GapReason, NamedText
from bot.domain.targets import Target
from bot.services.ports import Cluster
from tests.adapters.airflow import support
from tests.fakes.airflow_server import RecordedAirflow

AUTO_PAUSED = "pipeline_89303"  # two runs, both failed
RUN_AT = datetime(2026, 11, 22, 6, 12, tzinfo=UTC)


def test_it_is_a_cluster_as_the_services_know_it() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        cluster: Cluster = support.cluster_of(airflow, ui_url="https://airflow.example/home")
        assert (cluster.name, cluster.base_url) == ("lab", "https://airflow.example")
        assert airflow.password not in repr(cluster)


async def test_runs_come_newest_first_by_state_and_time() -> None:
    with support.serve(AUTO_PAUSED) as airflow:
        cluster = support.cluster_of(airflow)
        every = await cluster.runs(AUTO_PAUSED)
        since = await cluster.runs(AUTO_PAUSED, state="failed", since=RUN_AT)
        until = await cluster.runs(AUTO_PAUSED, until=RUN_AT)
        none = await cluster.runs(AUTO_PAUSED, state="success")
        cluster.close()
    assert len(every.runs) == len(since.runs) + len(until.runs)
    assert all(run.run_after and run.run_after >= RUN_AT for run in since.runs)
    assert none.runs == ()


async def test_runs_of_a_dag_that_does_not_exist_are_a_gap() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        cluster = support.cluster_of(airflow)
        seen = await cluster.runs("nowhere")
        cluster.close()
    assert seen.runs == ()
    assert [gap.reason for gap in seen.gaps] == [GapReason.NOT_FOUND]


async def test_files_that_do_not_import_are_listed_by_name() -> None:
    with support.serve(support.NO_DAG) as airflow:
        cluster = support.cluster_of(airflow)
        problems, gaps = await cluster.import_problems()
        cluster.close()
    assert len(problems) == 2
    assert all(one.filename.endswith(".py") and one.stack_trace for one in problems)
    assert gaps == ()


async def test_a_dag_that_does_not_exist_is_none_and_has_no_tasks() -> None:
    with support.serve(support.UPSTREAM) as airflow:
        cluster = support.cluster_of(airflow)
        assert await cluster.dag("nowhere") is None
        assert list(await cluster.task_ids("nowhere")) == []
        assert set(await cluster.task_ids(support.UPSTREAM)) == {"extract", "transform", "load"}
        found = await cluster.dag(support.UPSTREAM)
        cluster.close()
    assert found
    assert found.dag_id == support.UPSTREAM


async def test_failures_of_all_dags_are_found_since_a_time() -> None:
    with support.serve(support.EXIT_CODE, support.MAPPED, support.RETRIED) as airflow:
        cluster = support.cluster_of(airflow)
        seen = await cluster.find_failed(datetime(2026, 11, 22, tzinfo=UTC))
        later = await cluster.find_failed(datetime(2026, 11, 23, tzinfo=UTC))
        cluster.close()
    assert {one.dag_id for one in seen.task_instances} == {support.EXIT_CODE, support.MAPPED}
    assert later.task_instances == ()


async def test_a_log_is_read_for_the_asked_try() -> None:
    run_id = support.recording(support.RETRIED)["run_id"]
    with support.serve(support.RETRIED) as airflow:
        cluster = support.cluster_of(airflow)
        target = Target("lab", support.RETRIED, run_id, "flaky", try_number=1)
        reading, gaps = await cluster.read_log(target, 5)
        latest, _ = await cluster.read_log(Target("lab", support.RETRIED, run_id, "flaky"), 5)
        cluster.close()
    assert reading
    assert reading.try_number == 1
    assert gaps == ()
    assert latest
    assert latest.try_number == 2


@pytest.mark.parametrize(
    "target",
    [
        Target("lab", support.RETRIED),
        Target("lab", support.RETRIED, "manual__never", "flaky"),
        Target("lab", support.RETRIED, "RUN", "no_such_task"),
        Target("lab", support.RETRIED, "RUN", "flaky", try_number=9),
    ],
)
async def test_a_log_that_is_not_there_is_a_gap(target: Target) -> None:
    run_id = support.recording(support.RETRIED)["run_id"]
    if target.run_id == "RUN":
        target = Target(*(run_id if part == "RUN" else part for part in _fields(target)))
    with support.serve(support.RETRIED) as airflow:
        cluster = support.cluster_of(airflow)
        reading, gaps = await cluster.read_log(target, 5)
        cluster.close()
    assert reading is None
    assert [gap.reason for gap in gaps] == [GapReason.NOT_FOUND]


def _fields(target: Target) -> list[object]:
    return [getattr(target, name) for name in target.__dataclass_fields__]


async def test_a_report_tells_how_the_cluster_is() -> None:
    with support.serve(support.NO_DAG) as airflow:
        cluster = support.cluster_of(airflow)
        report = await cluster.report(5)
        cluster.close()
    assert report.reachable
    assert report.airflow_version == "3.3.2"
    assert report.import_errors == 2
    assert {part.name for part in report.components} >= {"scheduler", "triggerer"}
    assert report.pools


async def test_a_report_of_a_cluster_that_is_gone_says_so() -> None:
    with support.serve(support.NO_DAG) as airflow:
        cluster = support.cluster_of(airflow, base_url="http://127.0.0.1:9")
        report = await cluster.report(5)
        cluster.close()
    assert not report.reachable
    assert "nothing answers at http://127.0.0.1:9" in report.gaps[0].detail


async def test_every_lookup_of_a_cluster_that_is_gone_is_the_same_error() -> None:
    with support.serve(support.NO_DAG) as airflow:
        cluster = support.cluster_of(airflow, base_url="http://127.0.0.1:9")
        since = datetime.now(UTC) - timedelta(hours=1)
        target = Target("lab", "a", "b", "c")
        for lookup in (
            lambda: cluster.dag("a"),
            lambda: cluster.runs("a"),
            lambda: cluster.task_ids("a"),
            lambda: cluster.task_instances("a", "b"),
            lambda: cluster.find_failed(since),
            lambda: cluster.read_log(target, 2),
            lambda: cluster.search_dags("a"),
        ):
            with pytest.raises(AirflowUnavailable):
                await lookup()
        cluster.close()


async def checks(airflow: RecordedAirflow, **config: object) -> dict[str, tuple[CheckStatus, str]]:
    cluster = support.cluster_of(airflow, **config)
    found = await cluster.doctor()
    cluster.close()
    assert {check.part for check in found} == {"airflow:lab"}
    return {check.name: (check.status, f"{check.detail} {check.remedy}") for check in found}


async def test_a_healthy_cluster_passes_every_check() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        found = await checks(airflow)
    assert {status for status, _ in found.values()} == {CheckStatus.OK}
    assert {"reachable", "version", "login", "may read task log", "may read event log"} <= set(
        found
    )


async def test_a_forbidden_event_log_is_a_warning_with_its_permission() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.forbidden |= {"event_logs", "log"}
        found = await checks(airflow)
    status, said = found["may read event log"]
    assert status is CheckStatus.WARNING
    assert "can read on Audit Logs" in said
    assert "can read on Task Logs" in found["may read task log"][1]


async def test_a_wrong_password_fails_the_login_and_ends_the_examination() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        found = await checks(airflow, password="wrong")
    assert list(found) == ["reachable", "version", "login"]
    assert found["login"][0] is CheckStatus.FAILED
    assert "user name and password" in found["login"][1]


async def test_a_cluster_that_is_gone_fails_the_first_check() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        found = await checks(airflow, base_url="http://127.0.0.1:9")
    assert list(found) == ["reachable"]
    assert "base_url" in found["reachable"][1]


async def test_airflow_2_is_named_as_such() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.status["version"] = 404
        airflow.version_of_airflow_2 = "2.10.5"
        found = await checks(airflow)
    assert found["version"][0] is CheckStatus.FAILED
    assert "Airflow 2.10.5" in found["version"][1]
    assert "Upgrade" in found["version"][1]


async def test_a_version_newer_than_tested_is_a_warning() -> None:
    recording = support.recording(support.EXIT_CODE)
    recording["evidence"]["version"]["body"]["version"] = "3.9.0"
    with RecordedAirflow([recording]) as airflow:
        found = await checks(airflow)
    assert found["version"][0] is CheckStatus.WARNING


BASE = "https://airflow.example"


@pytest.mark.parametrize(
    ("target", "first"),
    [
        (Target("lab"), f"{BASE}/"),
        (Target("lab", "etl"), f"{BASE}/dags/etl"),
        (Target("lab", "etl", task_id="a"), f"{BASE}/dags/etl/tasks/a"),
        (Target("lab", "etl", "r+1:0"), f"{BASE}/dags/etl/runs/r%2B1%3A0"),
        (
            Target("lab", "etl", "r", "g.a", try_number=2),
            f"{BASE}/dags/etl/runs/r/tasks/g.a?try_number=2",
        ),
        (Target("lab", "etl", "r", "a", 3), f"{BASE}/dags/etl/runs/r/tasks/a/mapped/3"),
        (Target("lab", "a/b?c#d", "r"), f"{BASE}/dags/a%2Fb%3Fc%23d/runs/r"),
    ],
)
def test_links_lead_to_the_page_nearest_to_the_target(target: Target, first: str) -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        cluster = support.cluster_of(airflow, ui_url=BASE)
        assert cluster.links(target)[0].url == first


def test_only_links_to_runs_lead_to_child_runs() -> None:
    links = [
        NamedText("Triggered DAG", "https://x.example/dags/child%20a/runs/manual__1%2B00%3A00"),
        NamedText("S3", "https://s3.example/bucket/dags"),
        NamedText("odd", "http://[broken/dags/a/runs/b"),
        NamedText("again", "http://y.example/dags/child%20a/runs/manual__1%2B00%3A00/"),
    ]
    assert runs_linked(links) == [("child a", "manual__1+00:00")]


@pytest.mark.parametrize("url", ["airflow.example", "ftp://a.example", "https://u:p@a.example"])
def test_an_address_that_cannot_be_asked_or_leaks_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="lab"):
        ClusterConfig("lab", url)


@pytest.mark.parametrize("tail", ["", "/", "/api/v2", "/api/v2/", "/home"])
def test_an_address_copied_from_the_browser_is_trimmed(tail: str) -> None:
    assert ClusterConfig("lab", f"{BASE}/team{tail}").api_url == f"{BASE}/team"


async def test_one_task_is_followed_through_the_runs_since_a_time() -> None:
    with support.serve(support.RETRIED) as airflow:
        cluster = support.cluster_of(airflow)
        seen = await cluster.instances_of(support.RETRIED, "flaky")
        later = datetime(2126, 11, 23, tzinfo=UTC)
        none = await cluster.instances_of(support.RETRIED, "flaky", since=later)
        cluster.close()
    assert {one.task_id for one in seen.task_instances} == {"flaky"}
    assert all(one.run_after is not None for one in seen.task_instances)
    assert none.task_instances == ()
