"""`make demo`: starts everything, asks one question by itself, and stays up until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.errors import BotError
from bot.playground.airflow_server import LocalAirflow, ensure_airflow
from bot.playground.demo.staging import Stage
from bot.playground.demo.story import OPENING, SCENES
from bot.playground.workspace import InstalledApp, LocalWorkspace, Message, World

_DAGS = Path(__file__).parent / "dags"
_CHANNEL_NAME = "airflow-support"
_ANSWER_SECONDS = 90.0
_OPENING_SECONDS = 240.0
_STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Where the demo lives. `folder` holds Airflow's and the bot's files over restarts.

    Airflow takes `airflow_port` and the three above it. `stay` False ends the demo after the first answer, for tests.
    """

    folder: Path
    airflow_venv: Path
    manifest: dict[str, Any]
    airflow_port: int = 28080
    page_port: int = 28090
    bot_port: int = 28091
    stay: bool = True


class Steps:
    """Progress lines with the seconds since the start."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        self._write(f"[{time.monotonic() - self._began:5.1f} s] {text}")


async def run_demo(plan: DemoPlan, write: Callable[[str], None]) -> None:
    """Runs until Ctrl-C or SIGTERM, and leaves nothing running.

    Raises `BotError` with what to do where something cannot start.
    """
    steps = Steps(write)
    stop = _stop_event()
    plan.folder.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(ensure_airflow, plan.airflow_venv, steps.say)
    airflow = LocalAirflow(plan.airflow_venv, plan.folder / "airflow", _DAGS, plan.airflow_port)
    try:
        await _until(stop, _play(plan, airflow, steps, stop))
    finally:
        steps.say("stopping Airflow, the workspace and the bot")
        await asyncio.to_thread(airflow.stop)
        steps.say("stopped")


async def _play(plan: DemoPlan, airflow: LocalAirflow, steps: Steps, stop: asyncio.Event) -> None:
    world = World(app=InstalledApp.from_manifest(plan.manifest))
    async with LocalWorkspace.started(world, port=plan.page_port) as workspace:
        steps.say("starting Airflow 3 (API server, scheduler, Dag processor, triggerer)")
        await asyncio.to_thread(airflow.start)
        await asyncio.to_thread(airflow.wait_healthy)
        steps.say(f"Airflow is up: {airflow.url} (user admin, password admin)")
        async with Stage(airflow.url, "admin", "admin") as stage, _bot(plan, workspace) as bot:
            await stage.set(steps.say)
            steps.say(f"{len(SCENES)} Dags are there, each failing in its own way")
            marking = asyncio.create_task(stage.mark_by_hand())
            await _connected(workspace, bot)
            steps.say("the bot is connected")
            if not await stage.failed(OPENING.dag_id, _OPENING_SECONDS):
                raise BotError(f"{OPENING.dag_id} did not fail in time; see {airflow.home}")
            await _first_question(workspace, steps)
            _invite(workspace, steps)
            if plan.stay:
                await _first(stop.wait(), bot.wait())
                if not stop.is_set():
                    raise BotError(f"the bot ended by itself; see {_bot_log(plan)}")
            marking.cancel()


async def _first_question(workspace: LocalWorkspace, steps: Steps) -> None:
    channel = _channel(workspace)
    asker = workspace.hub.world.people[0]
    steps.say(f"{asker.name} asks in #{_CHANNEL_NAME}: {OPENING.question}")
    text = f"{workspace.mention} {OPENING.question}"
    asked = await workspace.say(channel, asker.id, text, raw=True)

    def answer() -> Message | None:
        replies = (m for m in workspace.replies(asked) if m.bot_id and m.blocks)
        return next((m for m in replies if OPENING.dag_id in json.dumps(m.blocks)), None)

    try:
        found = await workspace.wait_for(answer, _ANSWER_SECONDS)
    except TimeoutError as error:
        raise BotError(f"no answer came within {_ANSWER_SECONDS:.0f} s. {error}") from error
    steps.say("the bot answers:")
    for line in found.text.splitlines():
        steps.say(f"    {line}")


def _invite(workspace: LocalWorkspace, steps: Steps) -> None:
    steps.say("")
    steps.say(f"Open the workspace:  {workspace.page_url}")
    steps.say("It is a local page, not Slack. Ask about the other Dags there, for example:")
    for scene in SCENES[1:]:
        steps.say(f"    @airflow {scene.question:<48} ({scene.shows})")
    steps.say("Ctrl-C ends everything.")


@asynccontextmanager
async def _bot(
    plan: DemoPlan, workspace: LocalWorkspace
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot as in production: its own process, configured by a file and the environment."""
    config = plan.folder / "airflow-bot.yaml"
    # JSON is YAML too, and quotes whatever a path may hold.
    config.write_text(json.dumps(_settings(plan), indent=2), encoding="utf-8")
    with _bot_log(plan).open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "serve",
            "--config",
            str(config),
            env={**os.environ, **_secrets(workspace)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches the demo alone, which then ends the bot
        )
    try:
        yield process
    finally:
        await _end(process)


def _settings(plan: DemoPlan) -> dict[str, object]:
    return {
        "data_dir": str(plan.folder / "bot"),
        "clusters": {
            "demo": {
                "base_url": f"http://127.0.0.1:{plan.airflow_port}",
                "username": "bot",
                "description": "the demo's Airflow",
                "dag_list_seconds": 5,
            }
        },
        "slack": {"mode": "socket", "local_workspace": True},
        "web": {"host": "127.0.0.1", "port": plan.bot_port},
    }


def _secrets(workspace: LocalWorkspace) -> dict[str, str]:
    return {
        "SLACK_API_URL": workspace.base_url,
        "AIRFLOW_BOT_SLACK__BOT_TOKEN": workspace.bot_token,
        "AIRFLOW_BOT_SLACK__APP_TOKEN": workspace.app_token,
        "AIRFLOW_BOT_CLUSTERS__demo__PASSWORD": "bot",
    }


async def _connected(workspace: LocalWorkspace, bot: asyncio.subprocess.Process) -> None:
    connected = asyncio.ensure_future(workspace.wait_for_app(seconds=60))
    ended = asyncio.ensure_future(bot.wait())
    await asyncio.wait({connected, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not connected.done():
        connected.cancel()
        raise BotError("the bot ended before it was connected; see bot.log in the demo's folder")
    ended.cancel()
    await connected


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _bot_log(plan: DemoPlan) -> Path:
    return plan.folder / "bot.log"


def _channel(workspace: LocalWorkspace) -> str:
    channels = workspace.state.channels.values()
    named = (channel.id for channel in channels if channel.name == _CHANNEL_NAME)
    return next(named, next(iter(workspace.state.channels)))


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _until(stop: asyncio.Event, play: Any) -> None:
    """Runs `play` to its end, or cancels it when asked to stop."""
    playing, stopping = asyncio.ensure_future(play), asyncio.ensure_future(stop.wait())
    await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not playing.done():
        playing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await playing


async def _first(*waits: Any) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
