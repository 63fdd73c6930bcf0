"""`make demo`: starts everything, asks one question by itself, and stays up until Ctrl-C."""

from __future__ import annotations

import asyncio
import shlex
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.errors import BotError
from bot.playground.airflow_server import PORTS, LocalAirflow, ensure_airflow
from bot.playground.demo.bot_process import BotProcess, bot_running
from bot.playground.demo.narration import Narrator
from bot.playground.demo.staging import Stage
from bot.playground.demo.story import OPENING, SCENES
from bot.playground.keeper import Keeper
from bot.playground.workspace import InstalledApp, LocalWorkspace, Message, World

_DAGS = Path(__file__).parent / "dags"
_COMMAND = Path(sys.executable).parent / "airflow-bot"
_CHANNEL = "airflow-support"
_ANSWER_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Where the demo lives. `folder` holds Airflow's and the bot's files over restarts.

    Airflow takes `airflow_port` and the three above it. `stay` False ends the demo after the
    first answer.
    """

    folder: Path
    airflow_venv: Path
    manifest: dict[str, Any]
    airflow_port: int = 28080
    page_port: int = 28090
    bot_port: int = 28091
    stay: bool = True


@dataclass(frozen=True, slots=True)
class Demo:
    """Everything at work: what `running_demo` gives to its block."""

    workspace: LocalWorkspace
    stage: Stage
    bot: BotProcess

    @property
    def channel(self) -> str:
        """The id of the channel where people ask."""
        channels = self.workspace.state.channels.values()
        return next(channel.id for channel in channels if channel.name == _CHANNEL)

    async def ask(self, question: str) -> Message:
        """Mentions the bot as the first person of the workspace and returns its answer's card.

        Raises `BotError` where none comes.
        """
        asker = self.workspace.hub.world.people[0]
        text = f"{self.workspace.mention} {question}"
        asked = await self.workspace.say(self.channel, asker.id, text, raw=True)

        def answer() -> Message | None:
            replies = (m for m in self.workspace.replies(asked) if m.bot_id and m.blocks)
            return next(replies, None)

        try:
            return await self.workspace.wait_for(answer, _ANSWER_SECONDS)
        except TimeoutError as error:
            raise BotError(f"no answer came: {error} See {self.bot.log}.") from error


async def run_demo(plan: DemoPlan, narrator: Narrator) -> None:
    """Runs until Ctrl-C, SIGTERM or the end of the terminal, and leaves nothing running.

    Raises `BotError` with what to do where something cannot start.
    """
    stop = _stop_event()
    with Keeper(plan.folder) as keeper:
        await _until(stop, _play(plan, narrator, keeper), narrator)
    narrator.step("stopped")


async def _play(plan: DemoPlan, narrator: Narrator, keeper: Keeper) -> None:
    async with running_demo(plan, narrator, keeper) as demo:
        asker, bot = demo.workspace.hub.world.people[0], demo.workspace.hub.world.bot
        found = await demo.ask(OPENING.question)
        question = f"@{bot.name} {OPENING.question}"
        narrator.exchange(asker.real_name, question, bot.real_name, found.text)
        if plan.stay:
            words = (_COMMAND, "ask", "-c", plan.folder / "airflow-bot.yaml")
            narrator.invitation(
                demo.workspace.page_url,
                bot.name,
                f"http://127.0.0.1:{plan.airflow_port}",
                " ".join(shlex.quote(_short(word)) for word in words),
                await demo.bot.console_link(),
            )
            await _stay(demo, narrator)


async def _stay(demo: Demo, narrator: Narrator) -> None:
    setting = asyncio.create_task(_set_the_rest(demo.stage, narrator))
    try:
        await demo.bot.process.wait()
        raise demo.bot.failure()
    finally:
        setting.cancel()


@asynccontextmanager
async def running_demo(plan: DemoPlan, narrator: Narrator, keeper: Keeper) -> AsyncIterator[Demo]:
    """The whole demo while the block runs, with the opening scene set.

    Raises `BotError` with what to do where something cannot start.
    """
    _check_ports(plan)
    await asyncio.to_thread(ensure_airflow, plan.airflow_venv, narrator.step)
    narrator.step("starting a real Airflow 3, a local workspace and the bot")
    airflow = LocalAirflow(
        plan.airflow_venv,
        plan.folder / "airflow",
        _DAGS,
        plan.airflow_port,
        launched=keeper.keep,
    )
    world = World(app=InstalledApp.from_manifest(plan.manifest))
    try:
        async with (
            LocalWorkspace.started(world, port=plan.page_port) as workspace,
            bot_running(plan.folder, airflow.url, plan.bot_port, workspace, keeper.keep) as bot,
        ):
            await _together(_start(airflow, narrator), _connect(bot, workspace, narrator))
            record = plan.folder / "failures.json"
            async with Stage(airflow.url, "admin", "admin", record) as stage:
                await stage.set([OPENING])
                narrator.step(f"{OPENING.dag_id} has failed, as it should; asking why")
                yield Demo(workspace, stage, bot)
    finally:
        await asyncio.to_thread(airflow.stop)


async def _start(airflow: LocalAirflow, narrator: Narrator) -> None:
    await asyncio.to_thread(airflow.start)
    await asyncio.to_thread(airflow.wait_healthy)
    narrator.step("Airflow is up: API server, scheduler, Dag processor and triggerer")


async def _connect(bot: BotProcess, workspace: LocalWorkspace, narrator: Narrator) -> None:
    await bot.connected(workspace)
    narrator.step("the bot is connected to the workspace")


async def _set_the_rest(stage: Stage, narrator: Narrator) -> None:
    try:
        await stage.set(SCENES[1:])
        narrator.step(f"all {len(SCENES)} Dags are in their situations now")
    except BotError as error:
        narrator.step(f"not all Dags are in their situations: {error}")


def _short(word: Path | str) -> str:
    """A path as one types it here."""
    path, here = Path(word), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _check_ports(plan: DemoPlan) -> None:
    """Before anything is started: the remedy names the option."""
    for port, option, what in _ports(plan):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise BotError(
                    f"port {port} is taken, and {what} needs it: stop what uses it, or choose "
                    f'another, e.g. make demo ARGS="{option} {port - 10_000}"'
                ) from error


def _ports(plan: DemoPlan) -> Iterator[tuple[int, str, str]]:
    for step in range(PORTS):
        yield plan.airflow_port + step, "--airflow-port", "Airflow"
    yield plan.page_port, "--page-port", "the page"
    yield plan.bot_port, "--bot-port", "the bot"


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _until(stop: asyncio.Event, play: Coroutine[Any, Any, None], narrator: Narrator) -> None:
    """Runs `play` to its end, or cancels it when asked to stop."""
    playing, stopping = asyncio.ensure_future(play), asyncio.ensure_future(stop.wait())
    await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not playing.done():
        narrator.step("stopping")
        playing.cancel()
    await asyncio.gather(playing, return_exceptions=stop.is_set())


async def _together(*parts: Coroutine[Any, Any, None]) -> None:
    """Runs these side by side; the first that fails ends the others and is what one hears of."""
    try:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part)
    except* BotError as failures:
        raise failures.exceptions[0] from None
