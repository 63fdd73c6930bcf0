"""The bot's door for reported failures, open while the real Airflow runs."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.failures import SqlReportedFailures
from bot.adapters.sql.migrate import migrate
from bot.questions.links import ClusterAddress
from bot.web.failures import FailureDoor, failure_routes

TOKEN = "kestrel-over-the-quarry-42"


@dataclass
class Reports:
    """What came to the door at `url`, and what the bot's database keeps of it."""

    file: Path
    url: str = ""
    bodies: list[tuple[int, Any]] = field(default_factory=list)

    def of_run(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """All that the plugin reported of a run and the door took, in the order of arrival,
        without the times."""
        return [_timeless(one) for one in self._of(dag_id, run_id, by_plugin=True)]

    def called_of_run(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The same of the callbacks, with the times."""
        return list(self._of(dag_id, run_id, by_plugin=False))

    def wait_for_calls(self, dag_id: str, run_id: str, count: int) -> list[dict[str, Any]]:
        """What the callbacks reported of a run, once that is so many times."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = self.called_of_run(dag_id, run_id)
            if len(found) >= count:
                return found
            time.sleep(0.2)
        raise AssertionError(f"{run_id} of {dag_id} called {found}")

    def _of(self, dag_id: str, run_id: str, *, by_plugin: bool) -> Iterator[dict[str, Any]]:
        for status, reports in tuple(self.bodies):
            if status not in (200, 202) or isinstance(reports, list) is not by_plugin:
                continue
            for report in reports if by_plugin else [reports]:
                if (report["dag_id"], report["run_id"]) == (dag_id, run_id):
                    yield report

    def kept_of_run(self, dag_id: str, run_id: str) -> set[str]:
        """Keys of the failures in the database."""
        statement = "SELECT key FROM reported_failures WHERE run = ?"
        with closing(sqlite3.connect(self.file)) as database:
            rows = database.execute(statement, (f"lab:{dag_id}:{run_id}",)).fetchall()
        return {key for (key,) in rows}

    def wait_for_the_run(self, dag_id: str, run_id: str, times: int = 1) -> None:
        """Returns once the run itself, which comes after its tasks, was reported so often."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if sum("task_id" not in report for report in self.of_run(dag_id, run_id)) >= times:
                return
            time.sleep(0.2)
        raise AssertionError(f"{run_id} of {dag_id} was not reported, but {self.bodies}")


def _timeless(report: dict[str, Any]) -> dict[str, Any]:
    assert datetime.fromisoformat(report["at"]).tzinfo is not None
    return {name: one for name, one in report.items() if name not in ("at", "run_after")}


@contextmanager
def open_door(folder: Path, airflow_url: str) -> Iterator[Reports]:
    """Serves from a thread of its own: the tests that Airflow's runs belong to have many loops."""
    made = Reports(folder / "bot.db")
    url = f"sqlite+aiosqlite:///{made.file}"
    migrate(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(FastAPI(), log_level="warning", lifespan="off"))
        serving = threading.Thread(
            target=lambda: asyncio.run(_serve(server, listening, made, url, airflow_url))
        )
        serving.start()
        try:
            yield made
        finally:
            server.should_exit = True
            serving.join()


async def _kept(successes: object) -> None:
    """They are seen in the bodies."""


async def _serve(
    server: uvicorn.Server, listening: socket.socket, made: Reports, url: str, airflow_url: str
) -> None:
    engine = create_engine(url)
    reported = SqlReportedFailures(engine, lambda connection, job: None)
    clusters = (ClusterAddress("lab", (airflow_url,)),)
    web = FastAPI()
    web.include_router(failure_routes(FailureDoor(TOKEN, clusters, reported.add, _kept)))

    @web.middleware("http")
    async def note(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        body = json.loads(await request.body())
        reply = await answer(request)
        made.bodies.append((reply.status_code, body))
        return reply

    server.config.app = web
    try:
        await server.serve([listening])
    finally:
        await engine.dispose()
