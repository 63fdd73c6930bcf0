"""The control API: what it does, and whom it refuses."""

from __future__ import annotations

import base64
import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import LocalWorkspace, PortTaken
from bot.playground.workspace.doors.deeds import DEEDS
from bot.playground.workspace.world import AUTHOR, BOT_USER_ID, ONCALL, SUPPORT_CHANNEL


class Remote:
    """Somebody with the control token on the other side of the wire."""

    def __init__(self, ws: LocalWorkspace, token: str | None = None, **headers: str) -> None:
        self._url = ws.hub.url
        self._headers = {
            "Authorization": f"Bearer {token or ws.hub.credentials.control_token}",
            **headers,
        }

    async def act(self, deed: str, **body: Any) -> tuple[int, dict[str, Any]]:
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.post(f"{self._url}/control/{deed}", json=body) as response,
        ):
            if response.content_type != "application/json":
                return response.status, {}
            return response.status, await response.json()

    async def get(self, path: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.get(f"{self._url}{path}") as response,
        ):
            return response.status, await response.text()


@pytest.fixture
def remote(ws: LocalWorkspace) -> Remote:
    return Remote(ws)


async def test_a_person_says_edits_and_deletes(ws: LocalWorkspace, remote: Remote) -> None:
    place = {"user": AUTHOR.id, "channel": SUPPORT_CHANNEL}
    _, said = await remote.act("say", **place, text="why")
    await remote.act("edit", **place, ts=said["ts"], text="why?")
    assert [m.text for m in ws.messages(SUPPORT_CHANNEL)] == ["why?"]
    await remote.act("delete", **place, ts=said["ts"])
    assert ws.messages(SUPPORT_CHANNEL) == []


async def test_a_file_is_attached(ws: LocalWorkspace, remote: Remote) -> None:
    content = base64.b64encode(b"Traceback").decode()
    place = {"user": AUTHOR.id, "channel": SUPPORT_CHANNEL}
    _, done = await remote.act("upload", **place, name="a.log", content=content, text="see")

    message = ws.state.message(SUPPORT_CHANNEL, done["ts"])
    assert message is not None
    assert ws.state.files[message.files[0]].content == b"Traceback"
    assert await remote.get(f"/control/files/{message.files[0]}") == (200, "Traceback")


async def test_faults_are_switched_on_and_cleared(ws: LocalWorkspace, remote: Remote) -> None:
    await remote.act("fault", kind="rate_limited", method="chat.postMessage", seconds=3)
    await remote.act("delivery", duplicates=1)
    assert ws.faults.calls[0].method == "chat.postMessage"
    assert ws.faults.delivery.duplicates == 1
    await remote.act("clear_faults")
    assert ws.faults.calls == ()
    assert ws.faults.delivery.duplicates == 0


async def test_any_event_can_be_sent(ws: LocalWorkspace, remote: Remote) -> None:
    _, done = await remote.act("event", event={"type": "app_uninstalled"})
    await ws.wait_for(lambda: ws.deliveries("app_uninstalled"))

    assert ws.deliveries()[0].payload["event_id"] == done["event_id"]


async def test_the_state_shows_what_was_said_and_hides_every_token(
    ws: LocalWorkspace, remote: Remote
) -> None:
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hello")
    _, text = await remote.get("/control/state")

    assert json.loads(text)["messages"][0]["payload"]["text"] == "hello"
    for secret in (ws.bot_token, ws.app_token, ws.signing_secret):
        assert secret not in text


@pytest.mark.parametrize("path", ["/control/state", "/control/feed", "/control/files/F1"])
async def test_reading_needs_the_token(ws: LocalWorkspace, path: str) -> None:
    status, text = await Remote(ws, token="guessed").get(path)

    assert status == 401
    assert "control token" in text


@pytest.mark.parametrize("deed", sorted(DEEDS))
async def test_every_deed_needs_the_token(ws: LocalWorkspace, deed: str) -> None:
    status, _ = await Remote(ws, token="guessed").act(deed, user=AUTHOR.id)

    assert status == 401


async def test_the_apps_token_is_no_control_token(ws: LocalWorkspace) -> None:
    assert (await Remote(ws, token=ws.bot_token).get("/control/state"))[0] == 401


async def test_another_host_name_is_refused(ws: LocalWorkspace) -> None:
    for path in ("/", "/control/state", "/api/api.test"):
        status, _ = await Remote(ws, Host="attacker.example").get(path)
        assert status == 421


@pytest.mark.parametrize("headers", [{"Host": "[bad"}, {"Origin": "http://[bad"}])
async def test_a_name_that_is_none_is_a_bad_request(
    ws: LocalWorkspace, headers: dict[str, str]
) -> None:
    status, text = await Remote(ws, **headers).get("/control/state")

    assert status == 400
    assert "no valid address" in text


async def test_another_origin_is_refused(ws: LocalWorkspace) -> None:
    remote = Remote(ws, Origin="https://attacker.example")

    assert (await remote.act("reset"))[0] == 403


async def test_a_form_from_elsewhere_changes_nothing(ws: LocalWorkspace) -> None:
    headers = {"Authorization": f"Bearer {ws.hub.credentials.control_token}"}
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hello")
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{ws.hub.url}/control/reset", data={"a": "b"}) as response,
    ):
        assert response.status == 415
    assert len(ws.messages(SUPPORT_CHANNEL)) == 1


async def test_nobody_can_act_as_the_app_or_in_anothers_modal(
    ws: LocalWorkspace, remote: Remote
) -> None:
    status, body = await remote.act(
        "say", user=BOT_USER_ID, channel=SUPPORT_CHANNEL, text="I am the app"
    )
    assert (status, body["error"]) == (409, f"nobody here has the id {BOT_USER_ID!r}")
    status, body = await remote.act("submit", user=ONCALL.id, view_id="V0")
    assert (status, body["error"]) == (409, "no view V0 is open")


async def test_a_wrong_body_is_answered_with_each_fault(remote: Remote) -> None:
    status, body = await remote.act("say", user=AUTHOR.id, txt="typo")

    assert status == 400
    assert "channel: Field required" in body["error"]
    assert "txt: Extra inputs are not permitted" in body["error"]


async def test_an_unknown_deed_names_the_known_ones(remote: Remote) -> None:
    status, body = await remote.act("dance")

    assert status == 404
    assert "say" in body["error"]


async def test_the_page_forbids_scripts_from_anywhere_else(ws: LocalWorkspace) -> None:
    async with aiohttp.ClientSession() as session, session.get(ws.hub.url) as response:
        policy = response.headers["Content-Security-Policy"]
        text = await response.text()

    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert response.headers["X-Frame-Options"] == "DENY"
    assert ws.hub.credentials.control_token not in text


@pytest.mark.parametrize("path", ["/assets/../local.py", "/assets/%2e%2e/local.py", "/assets/x.js"])
async def test_only_listed_assets_are_given_out(ws: LocalWorkspace, path: str) -> None:
    status, text = await Remote(ws).get(path)

    assert status == 404
    assert "import" not in text


async def test_a_taken_port_is_named(ws: LocalWorkspace) -> None:
    port = int(ws.hub.url.rpartition(":")[2])
    with pytest.raises(PortTaken, match=str(port)):
        async with LocalWorkspace.started(port=port):
            pass


async def test_the_feed_begins_with_everything_and_goes_on_with_changes(
    ws: LocalWorkspace,
) -> None:
    headers = {"Authorization": f"Bearer {ws.hub.credentials.control_token}"}
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "before")
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{ws.hub.url}/control/feed") as feed,
    ):
        first = json.loads(await feed.content.readline())
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "after")
        second = json.loads(await feed.content.readline())

    assert [m["payload"]["text"] for m in first["messages"]] == ["before"]
    assert (second["kind"], second["message"]["payload"]["text"]) == ("message", "after")


async def test_a_channel_is_shared_and_archived_and_people_are_guests_or_of_elsewhere(
    ws: LocalWorkspace, remote: Remote
) -> None:
    client = AsyncWebClient(token=ws.bot_token, base_url=ws.base_url)
    place = {"user": AUTHOR.id, "channel": SUPPORT_CHANNEL}
    assert (await remote.act("channel", channel=SUPPORT_CHANNEL, is_shared=True))[0] == 200
    assert (await remote.act("person", user=AUTHOR.id, team="T0PARTNER"))[0] == 200
    assert (await remote.act("person", user=ONCALL.id, is_guest=True))[0] == 200
    channel = (await client.conversations_info(channel=SUPPORT_CHANNEL))["channel"]
    assert (channel["is_ext_shared"], channel["is_archived"]) == (True, False)
    user = (await client.users_info(user=AUTHOR.id))["user"]
    assert (user["team_id"], user["is_stranger"]) == ("T0PARTNER", True)
    assert "email" not in user["profile"]
    assert (await client.users_info(user=ONCALL.id))["user"]["is_restricted"]
    await remote.act("say", **place, text="why")
    (message,) = (await client.conversations_history(channel=SUPPORT_CHANNEL))["messages"]
    assert (message["team"], message["user_team"]) == ("T0PARTNER", "T0PARTNER")
    _, page = await remote.get("/control/state")
    (shown,) = [one for one in json.loads(page)["channels"] if one["id"] == SUPPORT_CHANNEL]
    assert shown["is_shared"]

    await remote.act("channel", channel=SUPPORT_CHANNEL, is_shared=False, is_archived=True)
    with pytest.raises(SlackApiError, match="is_archived"):
        await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="no")
    await remote.act("person", user=AUTHOR.id)
    assert "is_stranger" not in (await client.users_info(user=AUTHOR.id))["user"]
    assert (await remote.act("channel", channel="C1", is_shared=True))[0] == 409
    assert (await remote.act("person", user="U1"))[0] == 409
    assert (await remote.act("person", user=AUTHOR.id, team="them"))[0] == 400
