"""The process stops when it is told to, however far its start is, and says what it waited for."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.adapters.sql.migrate import migrate
from bot.playground.workspace import Fault, FaultKind, InstalledApp, LocalWorkspace, World
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.slack.manifest import app_manifest
from bot.workflows.databases import migrate_engine
from tests.ports import free_port
from tests.postgres import PostgresDatabase
from tests.rules import with_compiled_rules
from tests.waiting import PATIENCE, until

SECRETS = {
    "AIRFLOW_BOT_CLUSTERS__lab__PASSWORD": "not-asked-for",
    "AIRFLOW_BOT_SLACK__BOT_TOKEN": "xoxb-1",
    "AIRFLOW_BOT_SLACK__APP_TOKEN": "xapp-1",
    "AIRFLOW_BOT_SLACK__SIGNING_SECRET": "not-asked-for",
    "AIRFLOW_BOT_FAILURE_WEBHOOK__TOKEN": "a-long-random-word",
}
BUSY = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


@dataclass
class Command:
    """`airflow-bot serve` as a supervisor runs it."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    async def start(self, slack: int | LocalWorkspace, mode: str = "http", **more: Any) -> None:
        """`slack` is a workspace, or the port where one would be; `more` are further settings."""
        api_url, tokens = _way_to(slack)
        settings = {
            "data_dir": str(self.folder),
            "clusters": {"lab": {"base_url": "http://127.0.0.1:9", "username": "bot"}},
            "slack": {"mode": mode, "api_url": api_url, "local_workspace": True},
            "web": {"port": self.port},
            "failure_webhook": {"channel": "C0123ABCD"},
            "logging": {"format": "json"},
            **more,
        }
        config = self.folder / "airflow-bot.yaml"
        config.write_text(json.dumps(settings))
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "--config", str(config)),
            env={**os.environ, **SECRETS, **tokens},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def end(self) -> tuple[int, str]:
        """Exit status and log, once it has ended; fails where it does not."""
        assert self.process is not None
        async with asyncio.timeout(PATIENCE):
            out, err = await self.process.communicate()
        assert out == b""
        return self.process.returncode or 0, err.decode()

    async def stop(self, number: int = signal.SIGTERM) -> tuple[int, list[dict[str, Any]]]:
        """Exit status and the events of its log after the signal."""
        assert self.process is not None
        self.process.send_signal(number)
        status, err = await self.end()
        return status, [json.loads(line) for line in err.splitlines()]

    async def until_waiting_for(self, part: str) -> None:
        async def waits() -> bool:
            with suppress(aiohttp.ClientError):
                status, body = await self.get("/readyz")
                return (status, body.get("waits_for")) == (503, part)
            return False

        await until(waits, f"waiting for {part}")
        assert (await self.get("/healthz"))[0] == 200

    async def get(self, path: str) -> tuple[int, Mapping[str, Any]]:
        return await self._asked("GET", path)

    async def post(self, path: str, body: Mapping[str, Any], **headers: str) -> int:
        return (await self._asked("POST", path, json=body, headers=headers))[0]

    async def _asked(self, method: str, path: str, **sent: Any) -> tuple[int, Mapping[str, Any]]:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as http, http.request(method, url, **sent) as reply:
            return reply.status, await reply.json()


def _way_to(slack: int | LocalWorkspace) -> tuple[str, Mapping[str, str]]:
    """The address of its API, and the tokens that it knows."""
    if isinstance(slack, int):
        return f"http://127.0.0.1:{slack}/api/", {}
    return slack.base_url, {
        "AIRFLOW_BOT_SLACK__BOT_TOKEN": slack.bot_token,
        "AIRFLOW_BOT_SLACK__APP_TOKEN": slack.app_token,
    }


@pytest.fixture
async def command(tmp_path: Path) -> AsyncIterator[Command]:
    command = Command(with_compiled_rules(tmp_path))
    yield command
    if command.process is not None and command.process.returncode is None:
        command.process.kill()
        await command.process.communicate()


@asynccontextmanager
async def listening(reply: bytes = b"", heard: asyncio.Event | None = None) -> AsyncIterator[int]:
    """The port of a server that reads, and answers all with `reply`, or never."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while await reader.read(65_536):
                if heard is not None:
                    heard.set()
                writer.write(reply)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@contextmanager
def locked(postgres: PostgresDatabase, *tables: str) -> Iterator[None]:
    """Whoever wants one of these hangs."""
    with closing(psycopg.connect(postgres.dsn)) as connection:
        for table in tables:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def is_wanted(postgres: PostgresDatabase, table: str) -> bool:
    """Whether somebody hangs there."""
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
    with closing(psycopg.connect(postgres.dsn)) as connection:
        return connection.execute(waiting, (table,)).fetchone() is not None


def waited_for(events: list[dict[str, Any]]) -> list[str]:
    return [each["waited_for"] for each in events if each["event"] == "stopped_while_starting"]


@SIGNALS
@pytest.mark.parametrize("reply", [b"", BUSY])
async def test_a_start_that_waits_for_slack_is_called_off(
    command: Command, reply: bytes, number: int
) -> None:
    async with listening(reply) as slack:
        await command.start(slack)
        await command.until_waiting_for("Slack")
        status, events = await command.stop(number)
    assert (status, waited_for(events)) == (0, ["Slack"])


async def test_nothing_is_acknowledged_while_the_process_starts(command: Command) -> None:
    token = SECRETS["AIRFLOW_BOT_FAILURE_WEBHOOK__TOKEN"]
    report = {"dag_id": "orders_daily", "run_id": "manual__1"}
    async with listening() as slack:
        await command.start(slack)
        await command.until_waiting_for("Slack")
        assert await command.post("/slack/events", {"type": "event_callback"}) == 503
        assert (
            await command.post("/webhooks/failures", report, authorization=f"Bearer {token}") == 503
        )
        await command.stop()


async def test_a_start_that_waits_for_socket_mode_is_called_off(command: Command) -> None:
    world = World(app=InstalledApp.from_manifest(app_manifest()))
    async with LocalWorkspace.started(world) as ws:
        ws.faults.add(Fault(FaultKind.SERVER_ERROR, "apps.connections.open", times=None))
        await command.start(ws, "socket")
        await command.until_waiting_for("Socket Mode")
        status, events = await command.stop()
    assert (status, waited_for(events)) == (0, ["Socket Mode"])


async def test_a_slack_where_nobody_listens_ends_the_process_with_the_setting(
    command: Command,
) -> None:
    await command.start(slack=free_port())
    status, err = await command.end()
    assert status == 2
    assert "Check slack.api_url" in err.splitlines()[-1]


@SIGNALS
async def test_a_start_that_waits_for_a_database_is_called_off(
    command: Command, postgres: PostgresDatabase, number: int
) -> None:
    await asyncio.to_thread(migrate, postgres.url)
    await asyncio.to_thread(migrate_engine, postgres.url)
    with locked(postgres, "airflow_bot_schema"):
        async with listening() as slack:
            await command.start(slack, database={"url": postgres.dsn})
            await command.until_waiting_for("the database")
            status, events = await command.stop(number)
    assert (status, waited_for(events)) == (0, ["the database"])


@pytest.mark.parametrize(
    ("table", "event"),
    [
        ("dbos.queues", "stopped_while_starting"),
        # Asked for where nothing else can go on meanwhile, not even the hearing of signals.
        ("dbos.workflow_status", "left_without_waiting"),
    ],
)
async def test_a_start_that_hangs_in_the_tables_of_durable_work_is_called_off(
    command: Command, postgres: PostgresDatabase, table: str, event: str
) -> None:
    await asyncio.to_thread(migrate, postgres.url)
    await asyncio.to_thread(migrate_engine, postgres.url)
    world = World(app=InstalledApp.from_manifest(app_manifest()))
    async with LocalWorkspace.started(world) as ws:
        with locked(postgres, table):
            await command.start(ws, database={"url": postgres.dsn})
            await until(lambda: is_wanted(postgres, table), f"a look into {table}")
            status, events = await command.stop()
    assert (status, events[-1]["event"]) == (0, event)
    assert events[-1]["waited_for"] == "durable work in the database"


@SIGNALS
async def test_work_that_hangs_is_handed_back_and_the_process_is_gone(
    command: Command, number: int
) -> None:
    world = World(app=InstalledApp.from_manifest(app_manifest()))
    asked = asyncio.Event()
    async with LocalWorkspace.started(world) as ws, listening(heard=asked) as airflow:
        cluster = {"base_url": f"http://127.0.0.1:{airflow}", "username": "bot"}
        await command.start(ws, "socket", clusters={"lab": cluster}, work={"shutdown": 0.5})
        await ws.wait_for_app()
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why did orders fail?", raw=True)
        await until(asked.is_set, "a question to Airflow")
        status, events = await command.stop(number)
    assert status == 0
    assert [each["count"] for each in events if each["event"] == "work_handed_back"] == [1]


async def test_a_database_that_never_greets_is_named_with_the_setting(command: Command) -> None:
    async with listening() as silent:
        await command.start(silent, database={"url": f"postgresql://bot@127.0.0.1:{silent}/bot"})
        status, err = await command.end()
    assert status == 2
    assert "database.url" in err.splitlines()[-1]
