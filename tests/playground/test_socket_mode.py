"""Envelopes, acknowledgements and connections of Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import Limits, LocalWorkspace, ManualClock
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from tests.playground.bolt import bolt_app, by_socket


@asynccontextmanager
async def raw_socket(ws: LocalWorkspace) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    opened = await AsyncWebClient(ws.app_token, ws.base_url).apps_connections_open(
        app_token=ws.app_token
    )
    async with aiohttp.ClientSession() as session, session.ws_connect(opened["url"]) as socket:
        yield socket


async def ack(socket: aiohttp.ClientWebSocketResponse, payload: Any = None) -> dict[str, Any]:
    envelope: dict[str, Any] = await socket.receive_json()
    body = {"envelope_id": envelope["envelope_id"]}
    await socket.send_json(body | ({"payload": payload} if payload else {}))
    return envelope


async def test_a_mention_reaches_bolt_and_its_answer_stands_in_the_thread(
    ws: LocalWorkspace,
) -> None:
    app = bolt_app(ws)

    @app.event("app_mention")
    async def answer(event: dict[str, Any], say: Any) -> None:
        await say(text="Looking into it", thread_ts=event["ts"])

    async with by_socket(ws, app):
        question = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "@airflow why did it fail?")
        reply = await ws.wait_for_reply(question)

    assert reply.text == "Looking into it"
    assert reply.root_ts == question.ts
    assert reply.user == ws.bot_user_id


async def test_a_connection_begins_with_hello(ws: LocalWorkspace) -> None:
    async with raw_socket(ws) as socket:
        hello = await socket.receive_json()

    assert hello["type"] == "hello"
    assert hello["num_connections"] == 1
    assert hello["connection_info"] == {"app_id": ws.hub.world.app.id}


async def test_a_ticket_opens_one_connection_only(ws: LocalWorkspace) -> None:
    opened = await AsyncWebClient(base_url=ws.base_url).apps_connections_open(
        app_token=ws.app_token
    )
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(opened["url"]):
            pass
        async with session.get(opened["url"].replace("ws", "http", 1)) as second:
            assert second.status == 403


async def test_an_envelope_that_is_not_acknowledged_comes_again_with_the_reason() -> None:
    clock = ManualClock()
    async with (
        LocalWorkspace.started(clock=clock, limits=Limits(retries=(0.0, 60.0, 300.0))) as ws,
        raw_socket(ws) as socket,
    ):
        await socket.receive_json()
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "anything")
        first = await socket.receive_json()
        clock.advance(3.0)
        second = await ack(socket)
        await ws.wait_for(lambda: len(ws.deliveries()) == 2)

    assert (first["retry_attempt"], first["retry_reason"]) == (0, "")
    assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
    assert first["envelope_id"] != second["envelope_id"]
    assert first["payload"]["event_id"] == second["payload"]["event_id"]


async def test_after_three_retries_an_event_is_given_up() -> None:
    clock = ManualClock()
    async with LocalWorkspace.started(clock=clock) as ws:
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "nobody listens")
        await ws.wait_for(lambda: len(ws.deliveries()) == 2)
        first_minute = clock.now()
        clock.advance(60.0)
        await ws.wait_for(lambda: len(ws.deliveries()) == 3)
        clock.advance(300.0)
        await ws.wait_for(lambda: len(ws.deliveries()) == 4)
        clock.advance(10_000.0)

        assert [entry.at - first_minute for entry in ws.deliveries()] == [0, 0, 60, 360]
        assert {entry.reason for entry in ws.deliveries()} == {"connection_failed"}
        assert clock.sleepers == 0


async def test_each_envelope_goes_to_one_of_several_connections(ws: LocalWorkspace) -> None:
    async with raw_socket(ws) as one, raw_socket(ws) as other:
        sockets = (one, other)
        for socket in sockets:
            await socket.receive_json()
        for number in range(20):
            await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"message {number}")
        counts = []
        for socket in sockets:
            count = 0
            while True:
                try:
                    envelope = await socket.receive_json(timeout=0.2)
                except TimeoutError:
                    break
                await socket.send_json({"envelope_id": envelope["envelope_id"]})
                count += 1
            counts.append(count)

    assert sum(counts) == 20
    assert all(counts)


async def test_bolt_reconnects_when_asked_to_and_hears_what_is_said_then(
    ws: LocalWorkspace,
) -> None:
    app = bolt_app(ws)
    heard: list[str] = []

    @app.event("message")
    async def hear(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    async with by_socket(ws, app):
        await ws.sockets.refresh()
        await ws.wait_for_app()
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "after the refresh")
        await ws.wait_for(lambda: ws.deliveries() and not ws.deliveries()[-1].reason)

    assert heard == ["after the refresh"]


async def test_bolt_reconnects_after_its_connection_was_cut(ws: LocalWorkspace) -> None:
    app = bolt_app(ws)

    async with by_socket(ws, app):
        await ws.sockets.cut()
        assert ws.sockets.connections == 0
        await ws.wait_for_app(seconds=30.0)


async def test_the_answer_to_a_command_travels_in_the_acknowledgement(ws: LocalWorkspace) -> None:
    async with raw_socket(ws) as socket:
        await socket.receive_json()
        running = asyncio.create_task(ws.command("/airflow", "help"))
        envelope = await ack(socket, {"text": "Ask me anything"})
        outcome = await running

    assert envelope["type"] == "slash_commands"
    assert envelope["accepts_response_payload"] is True
    assert outcome.taken
    assert [m.text for m in ws.ephemerals(AUTHOR.id)] == ["Ask me anything"]
