"""The demo's stage, on an Airflow that is short of everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.playground.demo.staging import Stage
from bot.playground.demo.story import OPENING

DAG = OPENING.dag_id


class ShortAirflow:
    """Loses the task of the first `lost` runs before it begins; later ones fail by their code."""

    def __init__(self, lost: int) -> None:
        self.triggered: list[str] = []
        self.kept: list[str] = []
        self._lost = lost

    def application(self) -> web.Application:
        of_dag = f"/api/v2/dags/{DAG}"
        application = web.Application()
        application.add_routes(
            [
                web.post("/auth/token", self._login),
                web.get("/api/v2/dags/~/dagRuns", self._runs),
                web.get(of_dag, self._dag),
                web.post(f"{of_dag}/dagRuns", self._trigger),
                web.delete(f"{of_dag}/dagRuns/{{run}}", self._delete),
                web.get(f"{of_dag}/dagRuns/{{run}}/taskInstances", self._tasks),
            ]
        )
        return application

    async def _login(self, _: web.Request) -> web.Response:
        return web.json_response({"access_token": "token"}, status=201)

    async def _dag(self, _: web.Request) -> web.Response:
        return web.json_response({"dag_id": DAG})

    async def _runs(self, _: web.Request) -> web.Response:
        runs = [
            {"dag_id": DAG, "dag_run_id": run, "state": "failed"} for run in reversed(self.kept)
        ]
        return web.json_response({"dag_runs": runs, "total_entries": len(runs)})

    async def _trigger(self, request: web.Request) -> web.Response:
        run = (await request.json())["dag_run_id"]
        self.triggered.append(run)
        self.kept.append(run)
        return web.json_response({})

    async def _delete(self, request: web.Request) -> web.Response:
        self.kept.remove(request.match_info["run"])
        return web.Response(status=204)

    async def _tasks(self, request: web.Request) -> web.Response:
        began = self.triggered.index(request.match_info["run"]) >= self._lost
        start = "2026-01-05T06:00:00Z" if began else None
        return web.json_response({"task_instances": [{"state": "failed", "start_date": start}]})


@pytest.fixture
async def airflow() -> ShortAirflow:
    return ShortAirflow(lost=2)


@pytest.fixture
async def stage(airflow: ShortAirflow, tmp_path: Path) -> AsyncIterator[Stage]:
    async with TestServer(airflow.application()) as server:
        address = str(server.make_url("")).rstrip("/")
        async with Stage(address, "admin", "admin", tmp_path / "failures.json") as stage:
            yield stage


async def test_a_run_whose_task_never_began_is_started_again(
    airflow: ShortAirflow, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.playground.demo.staging._POLL_SECONDS", 0.01)
    await stage.set([OPENING])
    assert len(airflow.triggered) == 3
    assert airflow.kept == airflow.triggered[-1:]


async def test_a_failure_that_is_recorded_is_kept(airflow: ShortAirflow, stage: Stage) -> None:
    await stage.set([OPENING])
    before = list(airflow.triggered)
    await stage.set([OPENING])
    assert airflow.triggered == before
