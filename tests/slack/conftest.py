"""The real Slack side in a local workspace, with scripted answers behind it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import InstalledApp, World
from bot.slack.app import Services, SlackSide, build_slack
from bot.slack.config import SlackConfig
from bot.slack.manifest import manifest
from bot.slack.surfaces import all_surfaces
from tests.slack.doubles import NOW, MemoryRecords, ScriptedAnswers


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
        farewell=0.05,
    )


@pytest.fixture
def services(answers: ScriptedAnswers, records: MemoryRecords) -> Services:
    numbers = itertools.count(1)
    return Services(
        answers=answers,
        records=records,
        engaged=records.engaged,
        redact=lambda text: text.replace("hunter2", "****"),
        now=lambda: NOW,
        new_reference=lambda: f"ref-{next(numbers)}",
    )


@pytest.fixture
async def slack(config: SlackConfig, services: Services) -> AsyncIterator[SlackSide]:
    """Opened, and fed by the tests themselves."""
    side = build_slack(config, services)
    await side.open()
    yield side
    await side.close()


@pytest.fixture
async def connected(ws: LocalWorkspace, slack: SlackSide) -> SlackSide:
    """Connected by Socket Mode: what people do in the workspace arrives."""
    await slack.connect()
    await ws.wait_for_app()
    return slack


@pytest.fixture
async def modelled(config: SlackConfig, services: Services) -> AsyncIterator[SlackSide]:
    """The same where a language model is set up."""
    side = build_slack(replace(config, has_model=True), services)
    await side.open()
    yield side
    await side.close()
