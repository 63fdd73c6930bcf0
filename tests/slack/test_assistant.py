"""A workspace whose app still has the older assistant in place of the agent's view."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.channel_policies import ChannelPolicy, PolicyKey
from bot.playground.workspace import InstalledApp, LocalWorkspace, World
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.slack.config import SlackConfig
from bot.slack.manifest import bot_events, manifest
from bot.slack.parse_assistant import ASSISTANT_EVENTS
from bot.slack.surfaces import all_surfaces
from tests.slack.asking import ASK, answered
from tests.slack.doubles import MemoryRecords, ScriptedAnswers, always
from tests.slack.driver import words
from tests.slack.replies import CODE
from tests.slack.running import RunningBot
from tests.slack.test_home import PROD, PROFILES

METHOD = "assistant.threads.setSuggestedPrompts"


@pytest.fixture
async def ws() -> AsyncIterator[LocalWorkspace]:
    app = InstalledApp.from_manifest(manifest(all_surfaces()))
    events = app.events | set(ASSISTANT_EVENTS)
    older = replace(app, agent_view=False, events=events - {"app_context_changed"})
    async with LocalWorkspace.started(World(app=older)) as workspace:
        yield workspace


@pytest.fixture
async def connected(
    ws: LocalWorkspace, config: SlackConfig, answers: ScriptedAnswers, records: MemoryRecords
) -> AsyncIterator[RunningBot]:
    bot = RunningBot(config, answers, records, clusters={"prod": PROD}, profiles=PROFILES)
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()
    yield bot
    await bot.engine.stop()
    await bot.stop()


async def prompted(ws: LocalWorkspace, bot: RunningBot, calls: int) -> list[str]:
    await ws.wait_for(lambda: len(ws.calls(METHOD)) >= calls)
    await bot.idle()
    direct = ws.state.direct_channel(AUTHOR.id)
    assert direct is not None
    return [one["title"] for one in ws.state.prompts[direct.id].prompts]


def test_the_manifest_asks_for_nothing_that_new_apps_do_not_get() -> None:
    assert not bot_events(all_surfaces()) & set(ASSISTANT_EVENTS)


async def test_a_thread_that_opens_has_prompts_about_the_own_dags(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    thread = ws.actors.open_assistant(AUTHOR.id)
    titles = await prompted(ws, connected, 1)
    assert titles[:2] == ["Why did orders_daily fail?", "Is the platform healthy?"]
    assert ws.calls(METHOD)[0].arguments["thread_ts"] == thread


async def test_prompts_follow_the_channel_beside_the_thread(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    key = PolicyKey(ws.team_id, SUPPORT_CHANNEL)
    connected.policies.kept[key] = ChannelPolicy(dags=("bill*",), version=1)
    thread = ws.actors.open_assistant(AUTHOR.id)
    await prompted(ws, connected, 1)
    ws.actors.open_assistant(AUTHOR.id, SUPPORT_CHANNEL, thread=thread)
    titles = await prompted(ws, connected, 2)
    assert titles[:2] == ["Why did billing fail?", "Why did orders_daily fail?"]
    assert {call.arguments["thread_ts"] for call in ws.calls(METHOD)} == {thread}


async def test_a_question_in_the_thread_is_answered_there(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    thread = ws.actors.open_assistant(AUTHOR.id)
    asked = await ws.say_directly(AUTHOR.id, ASK, thread)
    answer = await answered(ws, connected, asked)
    assert answer.thread_ts == thread
    assert "Your code" in words(answer)
