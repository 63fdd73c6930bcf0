"""Messages posted, changed, deleted, and read back page by page."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, ONCALL, SUPPORT_CHANNEL
from tests.playground.test_web_api import refusal


async def test_text_over_forty_thousand_characters_is_cut(client: AsyncWebClient) -> None:
    reply = await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="x" * 40_001)

    assert len(reply["message"]["text"]) == 40_000
    assert reply["warning"] == "message_truncated"


async def test_a_message_without_any_content_is_refused(client: AsyncWebClient) -> None:
    body = await refusal(client.api_call("chat.postMessage", json={"channel": SUPPORT_CHANNEL}))

    assert body["error"] == "no_text"


async def test_metadata_comes_back_only_when_asked_for(client: AsyncWebClient) -> None:
    metadata = {"event_type": "answer", "event_payload": {"key": "42"}}
    await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="hello", metadata=metadata)
    plain = await client.conversations_history(channel=SUPPORT_CHANNEL)
    full = await client.conversations_history(channel=SUPPORT_CHANNEL, include_all_metadata=True)

    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == metadata


async def test_metadata_without_its_parts_is_refused(client: AsyncWebClient) -> None:
    body = await refusal(
        client.chat_postMessage(channel=SUPPORT_CHANNEL, text="x", metadata={"event_type": "a"})
    )

    assert body["error"] == "invalid_metadata_schema"


async def test_history_and_replies_come_page_by_page(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    root = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "root")
    for number in range(6):
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"reply {number}", root.ts)
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"message {number}")

    history = [
        message["text"]
        async for page in await client.conversations_history(channel=SUPPORT_CHANNEL, limit=3)
        for message in page["messages"]
    ]
    replies = [
        message["text"]
        async for page in await client.conversations_replies(
            channel=SUPPORT_CHANNEL, ts=root.ts, limit=3
        )
        for message in page["messages"]
    ]

    assert history == [f"message {n}" for n in reversed(range(6))] + ["root"]
    assert replies == ["root"] + [f"reply {n}" for n in range(6)]


async def test_a_root_counts_its_replies(ws: LocalWorkspace, client: AsyncWebClient) -> None:
    root = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "root")
    await ws.say(SUPPORT_CHANNEL, ONCALL.id, "reply", root.ts)
    last = await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="mine", thread_ts=root.ts)

    shown = (await client.conversations_replies(channel=SUPPORT_CHANNEL, ts=root.ts))["messages"]
    assert shown[0]["reply_count"] == 2
    assert shown[0]["latest_reply"] == last["ts"]
    assert shown[1]["parent_user_id"] == AUTHOR.id


async def test_only_the_apps_own_messages_can_be_changed(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    theirs = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "mine")

    changed = await refusal(client.chat_update(channel=SUPPORT_CHANNEL, ts=theirs.ts, text="x"))
    deleted = await refusal(client.chat_delete(channel=SUPPORT_CHANNEL, ts=theirs.ts))

    assert changed["error"] == "cant_update_message"
    assert deleted["error"] == "cant_delete_message"


async def test_an_update_keeps_blocks_that_it_does_not_name(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(
        channel=SUPPORT_CHANNEL, text="one", blocks=[{"type": "divider"}]
    )
    kept = await client.chat_update(channel=SUPPORT_CHANNEL, ts=posted["ts"], text="two")
    removed = await client.chat_update(
        channel=SUPPORT_CHANNEL, ts=posted["ts"], text="three", blocks=[]
    )

    assert kept["message"]["blocks"][0]["type"] == "divider"
    assert "blocks" not in removed["message"]
    assert removed["message"]["edited"]["user"]


async def test_a_deleted_root_with_replies_leaves_a_tombstone(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    root = await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="root")
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "reply", root["ts"])
    await client.chat_delete(channel=SUPPORT_CHANNEL, ts=root["ts"])

    kept = ws.state.message(SUPPORT_CHANNEL, root["ts"])
    assert kept is not None
    assert kept.subtype == "tombstone"
    assert kept.text == "This message was deleted."


async def test_an_ephemeral_message_is_seen_by_one_person_and_by_no_history(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    await client.chat_postEphemeral(channel=SUPPORT_CHANNEL, user=AUTHOR.id, text="only you")
    history = await client.conversations_history(channel=SUPPORT_CHANNEL)

    assert [m.text for m in ws.ephemerals(AUTHOR.id)] == ["only you"]
    assert ws.ephemerals(ONCALL.id) == []
    assert history["messages"] == []


async def test_a_user_id_as_channel_opens_the_direct_message(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=AUTHOR.id, text="hello")
    opened = await client.conversations_open(users=AUTHOR.id)

    assert posted["channel"] == opened["channel"]["id"]
    assert opened["already_open"]


async def test_a_permalink_of_a_reply_names_its_thread(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    root = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "root")
    reply = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "reply", root.ts)
    link = await client.chat_getPermalink(channel=SUPPORT_CHANNEL, message_ts=reply.ts)

    assert link["permalink"].startswith(ws.hub.url)
    assert f"thread_ts={root.ts}" in link["permalink"]


async def test_reactions_are_added_once_and_taken_back(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    question = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why?")
    target: dict[str, Any] = {"channel": SUPPORT_CHANNEL, "timestamp": question.ts}
    await client.reactions_add(name="eyes", **target)
    again = await refusal(client.reactions_add(name="eyes", **target))
    shown = await client.reactions_get(**target)
    await client.reactions_remove(name="eyes", **target)
    gone = await refusal(client.reactions_remove(name="eyes", **target))
    unheard = await refusal(client.reactions_add(name="no_such_emoji", **target))

    assert again["error"] == "already_reacted"
    assert shown["message"]["reactions"][0]["users"] == [ws.bot_user_id]
    assert gone["error"] == "no_reaction"
    assert unheard["error"] == "invalid_name"


async def test_ids_of_messages_rise_even_within_one_microsecond(ws: LocalWorkspace) -> None:
    ids = [ws.hub.new_ts() for _ in range(1_000)]

    assert ids == sorted(set(ids))


@pytest.mark.parametrize("thread_ts", ["1234", "yesterday", "1700000000"])
async def test_a_thread_that_is_no_ts_is_refused(client: AsyncWebClient, thread_ts: str) -> None:
    with pytest.raises(SlackApiError, match="invalid_thread_ts"):
        await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="x", thread_ts=thread_ts)
