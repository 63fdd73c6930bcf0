"""Streamed messages: how they grow, what they become, and when they die."""

from __future__ import annotations

from slack_sdk.models.messages.chunk import MarkdownTextChunk, PlanUpdateChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import LocalWorkspace, ManualClock
from bot.playground.workspace.methods.streams import blocks_of
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from tests.playground.test_web_api import refusal


async def test_the_sdks_stream_grows_and_ends_as_one_message(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    question = await ws.say_directly(AUTHOR.id, "why?")
    stream = await client.chat_stream(
        channel=question.channel, thread_ts=question.ts, buffer_size=1
    )
    await stream.append(markdown_text="It ran ")
    await stream.append(markdown_text="out of memory")
    growing = await ws.wait_for_reply(question)
    assert growing.stream is not None
    await stream.stop(blocks=[{"type": "divider"}])

    done = ws.current(growing)
    assert done.stream is None
    assert done.text == "It ran out of memory"
    assert [block["type"] for block in done.blocks] == ["markdown", "divider"]


async def test_a_channel_stream_needs_its_recipient(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    root = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why?")
    body = await refusal(client.chat_startStream(channel=SUPPORT_CHANNEL, thread_ts=root.ts))

    assert body["error"] == "missing_recipient_user_id"


async def test_a_stream_is_dead_after_five_minutes_and_can_be_updated_still() -> None:
    clock = ManualClock()
    async with LocalWorkspace.started(clock=clock) as ws:
        client = AsyncWebClient(ws.bot_token, ws.base_url)
        question = await ws.say_directly(AUTHOR.id, "why?")
        channel = question.channel
        ts = (await client.chat_startStream(channel=channel, thread_ts=question.ts))["ts"]
        clock.advance(301)
        body = await refusal(client.chat_appendStream(channel=channel, ts=ts, markdown_text="x"))
        stop = await refusal(client.chat_stopStream(channel=channel, ts=ts))
        await client.chat_update(channel=channel, ts=ts, text="The whole answer")

    assert body["error"] == stop["error"] == "message_not_in_streaming_state"


async def test_an_ended_stream_takes_no_more(ws: LocalWorkspace, client: AsyncWebClient) -> None:
    question = await ws.say_directly(AUTHOR.id, "why?")
    started = await client.chat_startStream(channel=question.channel, thread_ts=question.ts)
    await client.chat_stopStream(channel=question.channel, ts=started["ts"])
    body = await refusal(
        client.chat_appendStream(channel=question.channel, ts=started["ts"], markdown_text="x")
    )

    assert body["error"] == "message_not_in_streaming_state"


async def test_one_call_adds_at_most_twelve_thousand_characters(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    question = await ws.say_directly(AUTHOR.id, "why?")
    body = await refusal(
        client.chat_startStream(
            channel=question.channel, thread_ts=question.ts, markdown_text="x" * 12_001
        )
    )

    assert body["error"] == "msg_too_long"


def test_tasks_are_updated_in_place_and_a_plan_holds_them_together() -> None:
    chunks = [
        chunk.to_dict()
        for chunk in (
            PlanUpdateChunk(title="Finding out"),
            TaskUpdateChunk(id="1", title="Read the log", status="in_progress"),
            TaskUpdateChunk(id="2", title="Look at the pool", status="pending"),
            TaskUpdateChunk(id="1", title="Read the log", status="complete", output="118 lines"),
            MarkdownTextChunk(text="Done"),
        )
    ]
    plan, text = blocks_of(chunks, "plan")
    timeline = blocks_of(chunks, "timeline")

    assert plan["title"] == "Finding out"
    assert [(task["task_id"], task["status"]) for task in plan["tasks"]] == [
        ("1", "complete"),
        ("2", "pending"),
    ]
    assert text == {"type": "markdown", "text": "Done"}
    assert [block["type"] for block in timeline] == ["task_card", "task_card", "markdown"]


async def test_the_stop_button_ends_the_stream_and_tells_the_app(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    question = await ws.say_directly(AUTHOR.id, "why?")
    started = await client.chat_startStream(channel=question.channel, thread_ts=question.ts)
    assert ws.state.statuses[question.channel, question.ts].can_stop
    ws.actors.stop_session(question.channel, question.ts, AUTHOR.id)
    delivery = await ws.wait_for(lambda: ws.deliveries("agent_session_stopped"))

    assert delivery[0].payload["event"]["streaming_message_ts"] == [started["ts"]]
    body = await refusal(
        client.chat_appendStream(channel=question.channel, ts=started["ts"], markdown_text="x")
    )
    assert body["error"] == "message_not_in_streaming_state"


async def test_a_growing_message_is_neither_changed_nor_deleted(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    question = await ws.say_directly(AUTHOR.id, "why?")
    there = {"channel": question.channel}
    ts = (await client.chat_startStream(thread_ts=question.ts, **there))["ts"]
    changed = await refusal(client.chat_update(ts=ts, text="The whole answer", **there))
    deleted = await refusal(client.chat_delete(ts=ts, **there))
    await client.chat_stopStream(ts=ts, **there)
    await client.chat_update(ts=ts, text="The whole answer", **there)

    assert changed["error"] == "streaming_state_conflict"
    assert deleted["error"] == "cant_delete_message"


async def test_titles_of_tasks_are_no_longer_than_slack_takes(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    question = await ws.say_directly(AUTHOR.id, "why?")
    chunk = {"type": "task_update", "id": "a", "title": "x" * 257, "status": "pending"}
    body = await refusal(
        client.chat_startStream(channel=question.channel, thread_ts=question.ts, chunks=[chunk])
    )

    assert body["error"] == "invalid_chunks"
