"""Status lines, suggested prompts and thread titles of an assistant."""

from __future__ import annotations

from dataclasses import replace

from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import InstalledApp, LocalWorkspace, World
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from tests.playground.test_web_api import refusal

PROMPT = {"title": "Latest failure", "message": "Why did the latest run fail?"}


async def test_a_status_stands_until_the_app_posts_into_the_thread(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    root = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why?")
    await client.assistant_threads_setStatus(
        channel_id=SUPPORT_CHANNEL,
        thread_ts=root.ts,
        status="is reading the log…",
        loading_messages=["Reading the log…"],
    )
    status = ws.state.statuses[SUPPORT_CHANNEL, root.ts]
    await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="done", thread_ts=root.ts)

    assert status.text == "is reading the log…"
    assert ws.state.statuses == {}


async def test_more_than_ten_loading_messages_are_refused(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    body = await refusal(
        client.assistant_threads_setStatus(
            channel_id=SUPPORT_CHANNEL, thread_ts="1.2", status="x", loading_messages=["x"] * 11
        )
    )

    assert body["error"] == "invalid_arguments"


async def test_prompts_with_a_thread_do_silently_nothing_under_agent_view(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    channel = ws.hub.open_direct(AUTHOR.id).id
    reply = await client.assistant_threads_setSuggestedPrompts(
        channel_id=channel, thread_ts="1700000000.000001", prompts=[PROMPT]
    )
    assert reply["ok"]
    assert ws.state.prompts == {}
    await client.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=[PROMPT])
    assert ws.state.prompts[channel].prompts == (PROMPT,)


async def test_a_fifth_prompt_is_refused(ws: LocalWorkspace, client: AsyncWebClient) -> None:
    body = await refusal(
        client.assistant_threads_setSuggestedPrompts(
            channel_id=ws.hub.open_direct(AUTHOR.id).id, prompts=[PROMPT] * 5
        )
    )

    assert body["error"] == "too_many_prompts"


async def test_a_session_without_the_stop_event_is_warned_about() -> None:
    app = replace(InstalledApp(), events=frozenset({"app_mention"}))
    async with LocalWorkspace.started(World(app=app)) as ws:
        root = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why?")
        reply = await AsyncWebClient(ws.bot_token, ws.base_url).agents_sessions_setStatus(
            channel_id=SUPPORT_CHANNEL, thread_ts=root.ts, status="processing", title="Orders"
        )

        assert reply["warning"] == "missing_agent_session_stopped_event_subscription"
        assert not ws.state.statuses[SUPPORT_CHANNEL, root.ts].can_stop
        assert ws.state.titles[SUPPORT_CHANNEL, root.ts] == "Orders"
