"""Puts a run's parts up on loopback: workspace, Airflow, model, database and the bot itself."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from bot.playground.workspace import Limits, LocalWorkspace
from tests.chaos.balancer import balancer
from tests.chaos.fleet import Fleet, Replica, replica_at, tail
from tests.chaos.plan import Plan
from tests.chaos.town import FAILURES, town
from tests.chaos.trouble import Scene
from tests.fakes.airflow_server import RecordedAirflow
from tests.fakes.model_server import API_KEY, MODEL, ModelServer
from tests.ports import free_port
from tests.postgres import PostgresDatabase, postgres_server
from tests.rules import with_compiled_rules

RECORDINGS = Path(__file__).parent.parent / "payloads" / "airflow"
WEBHOOK_TOKEN = "a-token-of-this-run-alone"
_START = 120.0


def recordings() -> list[dict[str, Any]]:
    """Every recorded failure whose Dag the recorded Airflow knows."""
    found = [json.loads(path.read_text()) for path in sorted(RECORDINGS.glob("*.json"))]
    return [one for one in found if one["evidence"]["dag_details"]["status"] == 200]


@asynccontextmanager
async def staged(plan: Plan, folder: Path, *, channels: int = 10) -> AsyncIterator[Scene]:
    """Everything runs while the block does."""
    limits = Limits(retries=plan.retries)
    workspace = LocalWorkspace.started(town(channels), limits=limits, seed=plan.seed)
    with database_of(plan) as database, RecordedAirflow(recordings()) as airflow:
        async with ModelServer() as model, workspace as ws:
            settings = settings_of(plan, database, airflow, model)
            replicas = replicas_of(plan, folder, settings, secrets_of(ws, settings))
            await migrated(replicas[0])
            async with Fleet.running(replicas, _START) as fleet, _delivering(plan, ws, fleet):
                yield Scene(ws, airflow, model, fleet, database)


@asynccontextmanager
async def _delivering(plan: Plan, ws: LocalWorkspace, fleet: Fleet) -> AsyncIterator[None]:
    """Slack finds the bot's processes: they call it, or it calls them."""
    if plan.door == "socket":
        await ws.wait_for_app(len(fleet.doors), 30.0)
        yield
        return
    chance = random.Random(f"{plan.seed} balancer")
    async with balancer(fleet, chance) as address:
        await ws.use_http(f"{address}/slack/events")
        yield


@contextmanager
def database_of(plan: Plan) -> Iterator[PostgresDatabase | None]:
    if plan.database == "sqlite":
        yield None
        return
    with postgres_server() as server:
        yield server.create_database("bot")


def settings_of(
    plan: Plan,
    database: PostgresDatabase | None,
    airflow: RecordedAirflow,
    model: ModelServer | None,
) -> dict[str, Any]:
    """What all processes of the bot have in common."""
    settings: dict[str, Any] = {
        "clusters": {
            "lab": {
                "base_url": airflow.url,
                "username": airflow.username,
                "dag_list_seconds": 300,
            }
        },
        "slack": {"mode": plan.door, "local_workspace": True},
        "answers": {"deadline": 8},
        "failure_webhook": {"channel": FAILURES},
        "logging": {"format": "json"},
    }
    if database is not None:
        settings["database"] = {"url": database.dsn}
    if model is not None:
        settings["model"] = {"base_url": model.base_url, "name": MODEL, "timeout": 6}
    return settings


def secrets_of(ws: LocalWorkspace, settings: Mapping[str, Any]) -> dict[str, str]:
    """Those that `settings` go without, by the variable that brings them."""
    key = {"AIRFLOW_BOT_MODEL__API_KEY": API_KEY} if "model" in settings else {}
    return key | {
        "SLACK_API_URL": ws.base_url,
        "AIRFLOW_BOT_SLACK__BOT_TOKEN": ws.bot_token,
        "AIRFLOW_BOT_SLACK__APP_TOKEN": ws.app_token,
        "AIRFLOW_BOT_SLACK__SIGNING_SECRET": ws.signing_secret,
        "AIRFLOW_BOT_CLUSTERS__lab__PASSWORD": RecordedAirflow.password,
        "AIRFLOW_BOT_FAILURE_WEBHOOK__TOKEN": WEBHOOK_TOKEN,
    }


def replicas_of(
    plan: Plan, folder: Path, settings: Mapping[str, Any], secrets: Mapping[str, str]
) -> list[Replica]:
    replicas = []
    for number, role in enumerate(plan.roles, start=1):
        replica = replica_at(folder / f"{role}-{number}", role, free_port(), settings, secrets)
        with_compiled_rules(replica.folder / "data")
        replicas.append(replica)
    return replicas


async def migrated(replica: Replica) -> None:
    """The database is made ready as an operator would."""
    with replica.log.open("ab") as written:
        migrating = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "migrate", "--config", str(replica.config)),
            env=dict(replica.environ),
            stdout=written,
            stderr=written,
        )
    if await migrating.wait() != 0:
        raise RuntimeError(f"`airflow-bot migrate` failed:\n{tail(replica.log)}")
