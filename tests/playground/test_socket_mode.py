"""A real Bolt app over Socket Mode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL


@asynccontextmanager
async def connected(ws: LocalWorkspace, app: AsyncApp) -> AsyncIterator[None]:
    before = ws.sockets.connections
    handler = AsyncSocketModeHandler(
        app,
        ws.app_token,
        web_client=AsyncWebClient(token=ws.app_token, base_url=ws.base_url),
        ping_interval=1,
    )
    await handler.connect_async()
    await ws.wait_for_app(before + 1)
    try:
        yield
    finally:
        await handler.close_async()


def new_app(ws: LocalWorkspace) -> AsyncApp:
    client = AsyncWebClient(token=ws.bot_token, base_url=ws.base_url)
    return AsyncApp(client=client, process_before_response=True)


async def test_a_mention_reaches_bolt_and_its_answer_stands_in_the_thread(
    ws: LocalWorkspace,
) -> None:
    app = new_app(ws)

    @app.event("app_mention")
    async def answer(event: dict[str, Any], say: Any) -> None:
        await say(text="Looking into it", thread_ts=event["ts"])

    @app.event("message")
    async def ignore() -> None: ...

    async with connected(ws, app):
        question = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why did it fail?")
        reply = await ws.wait_for_reply(question)

    assert reply.text == "Looking into it"
    assert reply.root_ts == question.ts
    assert reply.user == ws.bot_user_id
