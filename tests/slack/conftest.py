"""The real Slack side in a local workspace, with scripted answers behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import create_engine
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL, InstalledApp, World
from bot.slack.config import SlackConfig
from bot.slack.manifest import manifest
from bot.slack.posting import Poster
from bot.slack.surfaces import all_surfaces
from bot.workflows.databases import migrate_engine
from tests.slack.doubles import MemoryRecords, ScriptedAnswers
from tests.slack.engine import Power, PoweredLedger
from tests.slack.running import RunningBot
from tests.slack.stage import Stage
from tests.slack.wanting import Wanting, poster_of


@pytest.fixture
async def ws() -> AsyncIterator[LocalWorkspace]:
    """A workspace in which our own manifest is installed: no scope more than we ask for."""
    app = InstalledApp.from_manifest(manifest(all_surfaces()))
    async with LocalWorkspace.started(World(app=app)) as workspace:
        yield workspace


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords()


@pytest.fixture
def answers(records: MemoryRecords) -> ScriptedAnswers:
    return ScriptedAnswers(records)


@pytest.fixture
def config(ws: LocalWorkspace) -> SlackConfig:
    return SlackConfig(
        bot_token=ws.bot_token,
        app_token=ws.app_token,
        signing_secret=ws.signing_secret,
        api_url=ws.base_url,
        progress_every=0.0,
    )


@pytest.fixture
async def slack(
    config: SlackConfig, answers: ScriptedAnswers, records: MemoryRecords
) -> AsyncIterator[RunningBot]:
    """Opened, and fed by the tests themselves."""
    bot = RunningBot(config, answers, records)
    await bot.start()
    yield bot
    await bot.engine.stop()
    await bot.stop()


@pytest.fixture
async def connected(ws: LocalWorkspace, slack: RunningBot) -> RunningBot:
    """Connected by Socket Mode: what people do in the workspace arrives."""
    await slack.slack.connect()
    await ws.wait_for_app()
    return slack


@pytest.fixture
async def modelled(
    config: SlackConfig, answers: ScriptedAnswers, records: MemoryRecords
) -> AsyncIterator[RunningBot]:
    """The same where a language model is set up."""
    bot = RunningBot(replace(config, has_model=True), answers, records)
    await bot.start()
    yield bot
    await bot.engine.stop()
    await bot.stop()


@pytest.fixture
def ledger() -> PoweredLedger:
    return PoweredLedger(Power())


@pytest.fixture
async def question(ws: LocalWorkspace) -> Message:
    return await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why?")


@pytest.fixture
def poster(slack: RunningBot, ledger: PoweredLedger) -> Poster:
    return poster_of(slack, ledger)


@pytest.fixture
def wanting(poster: Poster) -> Wanting:
    return Wanting(poster)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[AsyncEngine]:
    migrate_engine(database_url)
    database = create_engine(database_url)
    yield database
    await database.dispose()


@pytest.fixture
def stage(
    config: SlackConfig, answers: ScriptedAnswers, database_url: str, database: AsyncEngine
) -> Stage:
    return Stage(config, answers, database_url, database)
