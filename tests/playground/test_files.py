"""Files uploaded in three steps, shared, downloaded and deleted."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import UPLOADS_DISABLED, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from tests.playground.test_web_api import refusal

LOG = "line 1\nTraceback (most recent call last):\nValueError: <b>\n"


async def test_a_log_excerpt_is_shared_in_the_thread_and_comes_back_whole(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    question = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "the log please")
    sent = await client.files_upload_v2(
        channel=SUPPORT_CHANNEL,
        thread_ts=question.ts,
        filename="orders.load.log",
        title="Log of try 2",
        content=LOG,
        initial_comment="The excerpt",
    )
    reply = await ws.wait_for_reply(question)
    shown = (await client.files_info(file=sent["file"]["id"]))["file"]
    headers = {"Authorization": f"Bearer {ws.bot_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(shown["url_private_download"]) as response,
    ):
        content = await response.text()

    assert reply.subtype == "file_share"
    assert reply.text == "The excerpt"
    assert shown["title"] == "Log of try 2"
    assert shown["size"] == len(LOG)
    assert content == LOG
    assert response.headers["Content-Type"] == "application/octet-stream"


async def test_a_file_is_not_given_to_strangers(ws: LocalWorkspace, client: AsyncWebClient) -> None:
    sent = await client.files_upload_v2(channel=SUPPORT_CHANNEL, filename="a.log", content="secret")
    async with (
        aiohttp.ClientSession() as session,
        session.get(sent["file"]["url_private"], allow_redirects=False) as response,
    ):
        assert response.status == 302
        assert "secret" not in await response.text()


async def test_disabled_uploads_are_refused_at_the_first_step(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    ws.faults.add(UPLOADS_DISABLED)

    for _ in range(2):
        with pytest.raises(SlackApiError, match="file_uploads_disabled"):
            await client.files_upload_v2(channel=SUPPORT_CHANNEL, filename="a.log", content="x")


async def test_a_deleted_file_is_gone_from_its_message(
    ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    sent = await client.files_upload_v2(channel=SUPPORT_CHANNEL, filename="a.log", content="x")
    await client.files_delete(file=sent["file"]["id"])

    assert ws.files() == []
    assert ws.messages(SUPPORT_CHANNEL)[-1].files == ()
    assert (await refusal(client.files_info(file=sent["file"]["id"])))["error"] == "file_not_found"


async def test_an_upload_address_works_once(ws: LocalWorkspace, client: AsyncWebClient) -> None:
    asked = await client.files_getUploadURLExternal(filename="a.log", length=1)
    async with aiohttp.ClientSession() as session:
        async with session.post(asked["upload_url"], data=b"x") as first:
            assert first.status == 200
        async with session.post(asked["upload_url"], data=b"y") as second:
            assert second.status == 404
