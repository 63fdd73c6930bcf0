"""Faults that can be switched on, and what the app's client makes of them."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import (
    DeliveryFaults,
    Fault,
    FaultKind,
    Limits,
    LocalWorkspace,
    ManualClock,
)
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL


async def post(client: AsyncWebClient, text: str = "hello") -> None:
    await client.chat_postMessage(channel=SUPPORT_CHANNEL, text=text)


async def test_a_rate_limit_spoils_one_method_for_a_number_of_calls(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, "chat.postMessage", times=2, seconds=7))
    await client.auth_test()
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            await post(client)
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "7"
    await post(client)

    assert [call.status for call in ws.calls("chat.postMessage")] == [429, 429, 200]


async def test_a_server_error_has_no_json(ws: LocalWorkspace, client: AsyncWebClient) -> None:
    ws.faults.add(Fault(FaultKind.SERVER_ERROR))
    with pytest.raises(SlackApiError) as caught:
        await post(client)

    assert caught.value.response.status_code == 500


async def test_a_cut_connection_leaves_the_message_behind(ws: LocalWorkspace) -> None:
    ws.faults.add(Fault(FaultKind.CUT, "chat.postMessage"))
    client = AsyncWebClient(ws.bot_token, ws.base_url, retry_handlers=[])
    with pytest.raises(aiohttp.ClientConnectionError):
        await post(client, "posted all the same")

    assert [m.text for m in ws.messages(SUPPORT_CHANNEL)] == ["posted all the same"]
    assert ws.calls("chat.postMessage")[0].status == 0


async def test_a_late_message_appears_long_after_its_caller_was_cut_off() -> None:
    clock = ManualClock()
    async with LocalWorkspace.started(clock=clock) as ws:
        ws.faults.add(Fault(FaultKind.LATE, "chat.postMessage", seconds=10))
        client = AsyncWebClient(ws.bot_token, ws.base_url, retry_handlers=[])
        with pytest.raises(aiohttp.ClientConnectionError):
            await post(client, "posted after all")
        await clock.until_somebody_sleeps()
        clock.advance(9)
        assert ws.messages(SUPPORT_CHANNEL) == []
        clock.advance(1)
        await ws.wait_for(lambda: ws.calls("chat.postMessage"))

        (late,) = ws.messages(SUPPORT_CHANNEL)
        assert late.text == "posted after all"
        assert float(late.ts) >= clock.now()
        assert ws.calls("chat.postMessage")[0].status == 0


async def test_an_error_after_the_deed_leaves_the_message_behind(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    ws.faults.add(Fault(FaultKind.DONE_ERROR, "chat.postMessage"))
    with pytest.raises(SlackApiError) as caught:
        await post(client, "posted all the same")

    assert caught.value.response.status_code == 500
    assert [m.text for m in ws.messages(SUPPORT_CHANNEL)] == ["posted all the same"]


async def test_a_message_stands_before_its_slow_confirmation_comes() -> None:
    clock = ManualClock()
    async with LocalWorkspace.started(clock=clock) as ws:
        ws.faults.add(Fault(FaultKind.DONE_SLOW, "chat.postMessage", seconds=20))
        posting = asyncio.create_task(post(AsyncWebClient(ws.bot_token, ws.base_url)))
        await clock.until_somebody_sleeps()
        assert len(ws.messages(SUPPORT_CHANNEL)) == 1
        assert not posting.done()
        clock.advance(20)
        await posting


async def test_a_lagging_read_side_does_not_show_what_was_just_posted() -> None:
    clock = ManualClock()
    async with LocalWorkspace.started(clock=clock) as ws:
        client = AsyncWebClient(ws.bot_token, ws.base_url)
        ws.faults.read_lag = 5.0
        asked = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why?")
        await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="so", thread_ts=asked.ts)

        async def seen() -> list[str]:
            found = await client.conversations_replies(channel=SUPPORT_CHANNEL, ts=asked.ts)
            return [message["text"] for message in found["messages"]]

        assert await seen() == ["why?"]
        clock.advance(6)
        assert await seen() == ["why?", "so"]


async def test_a_slow_reply_comes_when_its_time_is_up() -> None:
    clock = ManualClock()
    async with LocalWorkspace.started(clock=clock) as ws:
        ws.faults.add(Fault(FaultKind.SLOW, "chat.postMessage", seconds=20))
        posting = asyncio.create_task(post(AsyncWebClient(ws.bot_token, ws.base_url)))
        await clock.until_somebody_sleeps()
        assert ws.messages(SUPPORT_CHANNEL) == []
        clock.advance(20)
        await posting

        assert len(ws.messages(SUPPORT_CHANNEL)) == 1


@pytest.mark.parametrize("error", ["missing_scope", "unknown_method", "channel_not_found"])
async def test_any_refusal_can_be_ordered(
    ws: LocalWorkspace, client: AsyncWebClient, error: str
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.postMessage", times=None, error=error))
    for _ in range(2):
        with pytest.raises(SlackApiError, match=error):
            await post(client)
    ws.faults.clear()
    await post(client)


async def test_a_duplicate_is_the_same_event_again(ws: LocalWorkspace) -> None:
    ws.faults.delivery = DeliveryFaults(duplicates=2)
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hello")
    await ws.wait_for(lambda: len(ws.deliveries()) >= 3)

    assert len({entry.payload["event_id"] for entry in ws.deliveries()}) == 1


async def test_a_twin_is_the_same_event_under_another_id(ws: LocalWorkspace) -> None:
    ws.faults.delivery = DeliveryFaults(twins=1)
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hello")
    await ws.wait_for(lambda: len(ws.deliveries()) >= 2)

    assert len({entry.payload["event_id"] for entry in ws.deliveries()}) == 2
    assert len({entry.payload["event"]["ts"] for entry in ws.deliveries()}) == 1


async def test_with_jitter_events_overtake_each_other() -> None:
    clock = ManualClock()
    async with LocalWorkspace.started(clock=clock) as ws:
        ws.faults.delivery = DeliveryFaults(jitter=30)
        said = [await ws.say(SUPPORT_CHANNEL, AUTHOR.id, str(number)) for number in range(8)]
        for _ in range(310):
            await asyncio.sleep(0)
            clock.advance(0.1)

        firsts = [entry for entry in ws.deliveries() if entry.attempt == 0]
        came = [entry.payload["event"]["ts"] for entry in firsts]
        assert sorted(came) == [message.ts for message in said] != came


async def test_held_events_come_late_and_in_the_order_that_is_wanted(ws: LocalWorkspace) -> None:
    ws.faults.delivery = DeliveryFaults(hold=True)
    for word in ("first", "second", "third"):
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, word)
    assert ws.dispatcher.held == 3
    assert ws.deliveries() == []
    ws.dispatcher.release(reverse=True)
    await ws.wait_for(lambda: len(ws.deliveries()) >= 3)

    texts = [entry.payload["event"]["text"] for entry in ws.deliveries()[:3]]
    assert texts == ["third", "second", "first"]


async def test_a_late_event_waits_its_time() -> None:
    clock = ManualClock()
    async with LocalWorkspace.started(clock=clock) as ws:
        ws.faults.delivery = DeliveryFaults(delay=30)
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hello")
        await clock.until_somebody_sleeps()
        assert ws.deliveries() == []
        clock.advance(30)
        await ws.wait_for(lambda: ws.deliveries())


async def test_rates_are_kept_to_when_they_are_enforced() -> None:
    clock = ManualClock()
    limits = Limits(enforce_rates=True)
    async with LocalWorkspace.started(clock=clock, limits=limits) as ws:
        client = AsyncWebClient(ws.bot_token, ws.base_url)
        await post(client)
        with pytest.raises(SlackApiError) as caught:
            await post(client)
        clock.advance(1.0)
        await post(client)

    assert caught.value.response.headers["Retry-After"] == "1"


async def test_a_reset_takes_everything_back(ws: LocalWorkspace, client: AsyncWebClient) -> None:
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, times=None))
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hello")
    ws.hub.reset()
    await post(client)

    assert [m.text for m in ws.messages(SUPPORT_CHANNEL)] == ["hello"]
    assert len(ws.calls()) == 1
