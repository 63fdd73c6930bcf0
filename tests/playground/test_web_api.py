"""Tokens, scopes, argument forms and refusals of the Web API."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import (
    Credentials,
    InstalledApp,
    Limits,
    LocalWorkspace,
    ManualClock,
    Message,
    World,
)
from bot.playground.workspace.arguments import Arguments
from bot.playground.workspace.changes import MessagePosted
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.hub import Hub
from bot.playground.workspace.methods import METHODS, Call
from bot.playground.workspace.world import AUTHOR, GENERAL_CHANNEL, SUPPORT_CHANNEL

FIELDS = st.sampled_from(
    (
        "blocks",
        "channel",
        "channel_id",
        "chunks",
        "cursor",
        "elements",
        "files",
        "id",
        "limit",
        "loading_messages",
        "markdown_text",
        "metadata",
        "name",
        "prompts",
        "status",
        "text",
        "thread_ts",
        "ts",
        "type",
        "user",
        "users",
        "view",
    )
)
"""Names that matter, so that nonsense gets past the first check."""


async def refusal(awaitable: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    body: dict[str, Any] = caught.value.response.data
    return body


async def test_auth_test_names_the_bot_and_its_scopes(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    reply = await client.auth_test()

    assert reply["user_id"] == ws.bot_user_id
    assert reply["team_id"] == ws.team_id
    assert "chat:write" in reply.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-another", "invalid_auth"), ("app", "not_allowed_token_type")],
)
async def test_a_wrong_token_is_refused_by_name(ws: LocalWorkspace, token: str, error: str) -> None:
    client = AsyncWebClient(ws.app_token if token == "app" else token, base_url=ws.base_url)

    assert (await refusal(client.api_call("auth.test")))["error"] == error


async def test_an_unknown_method_is_named(client: AsyncWebClient) -> None:
    body = await refusal(client.api_call("chat.sing"))

    assert body["error"] == "unknown_method"
    assert body["req_method"] == "chat.sing"


async def test_a_missing_scope_says_what_is_needed_and_what_was_given() -> None:
    app = replace(InstalledApp(), scopes=frozenset({"chat:write"}))
    async with LocalWorkspace.started(World(app=app)) as ws:
        client = AsyncWebClient(ws.bot_token, ws.base_url)
        body = await refusal(
            client.reactions_add(channel=SUPPORT_CHANNEL, timestamp="1.2", name="eyes")
        )

    assert body["error"] == "missing_scope"
    assert body["needed"] == "reactions:write"
    assert body["provided"] == "chat:write"


async def test_history_demands_the_scope_of_the_channels_kind() -> None:
    app = replace(InstalledApp(), scopes=frozenset({"channels:history"}))
    async with LocalWorkspace.started(World(app=app)) as ws:
        client = AsyncWebClient(ws.bot_token, ws.base_url)
        await client.conversations_history(channel=SUPPORT_CHANNEL)
        direct = ws.hub.open_direct(AUTHOR.id)
        body = await refusal(client.conversations_history(channel=direct.id))

    assert body["needed"] == "im:history"


async def test_a_form_and_json_mean_the_same(ws: LocalWorkspace) -> None:
    blocks = '[{"type": "divider"}]'
    headers = {"Authorization": f"Bearer {ws.bot_token}"}
    arguments = {"channel": SUPPORT_CHANNEL, "text": "hello"}
    async with aiohttp.ClientSession(ws.base_url, headers=headers) as session:
        async with session.post("chat.postMessage", data=arguments | {"blocks": blocks}) as form:
            first = await form.json()
        body = arguments | {"blocks": [{"type": "divider"}]}
        async with session.post("chat.postMessage", json=body) as sent:
            second = await sent.json()

    assert first["ok"]
    assert second["ok"]
    assert first["message"]["blocks"][0]["type"] == second["message"]["blocks"][0]["type"]


async def test_a_token_in_the_body_is_taken_and_never_recorded(ws: LocalWorkspace) -> None:
    async with (
        aiohttp.ClientSession(ws.base_url) as session,
        session.post("auth.test", data={"token": ws.bot_token}) as response,
    ):
        assert (await response.json())["ok"]

    assert ws.bot_token not in str(ws.calls())


async def test_a_channel_without_the_app_is_closed_to_it(client: AsyncWebClient) -> None:
    body = await refusal(client.chat_postMessage(channel=GENERAL_CHANNEL, text="hello"))
    await client.conversations_join(channel=GENERAL_CHANNEL)
    joined = await client.chat_postMessage(channel=GENERAL_CHANNEL, text="hello")

    assert body["error"] == "not_in_channel"
    assert joined["ok"]


async def test_a_missing_argument_is_named(client: AsyncWebClient) -> None:
    body = await refusal(client.api_call("chat.postMessage", json={"text": "where to?"}))

    assert body["error"] == "invalid_arguments"
    assert body["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


async def test_lists_come_page_by_page(ws: LocalWorkspace, client: AsyncWebClient) -> None:
    names: list[str] = []
    cursor = ""
    pages = 0
    while pages == 0 or cursor:
        page = await client.users_list(limit=2, cursor=cursor)
        names += [member["id"] for member in page["members"]]
        cursor = page["response_metadata"]["next_cursor"]
        pages += 1

    assert pages == 2
    assert set(names) == set(ws.hub.world.members)


async def test_an_email_is_shown_only_with_its_scope() -> None:
    app = replace(InstalledApp(), scopes=frozenset({"users:read"}))
    async with LocalWorkspace.started(World(app=app)) as ws:
        client = AsyncWebClient(ws.bot_token, ws.base_url)
        user = (await client.users_info(user=AUTHOR.id))["user"]

    assert "email" not in user["profile"]


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("name", sorted(METHODS))
@settings(max_examples=15, deadline=None)
@given(sent=st.dictionaries(FIELDS, NONSENSE, max_size=6))
def test_whatever_is_sent_the_answer_is_slacks(name: str, sent: dict[str, Any]) -> None:
    hub = Hub(World(), Credentials.fresh(), ManualClock(), Limits())
    said = MessagePosted(Message(SUPPORT_CHANNEL, hub.new_ts(), AUTHOR.id, "hello"))
    hub.commit(said)
    right = dict.fromkeys(("channel", "channel_id"), SUPPORT_CHANNEL)
    right |= dict.fromkeys(("ts", "thread_ts", "timestamp", "message_ts"), said.message.ts)
    right |= {"user": AUTHOR.id, "user_id": AUTHOR.id, "name": "eyes", "status": "processing"}
    right |= {"trigger_id": hub.new_trigger(AUTHOR.id)}
    for arguments in (sent, right | sent, sent | right):
        with contextlib.suppress(SlackRefusal):
            json.dumps(METHODS[name].run(Call(hub, Arguments(arguments))))
