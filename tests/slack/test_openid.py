"""Sign in with Slack: what is asked of Slack, and what is not believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bot.playground.workspace import LocalWorkspace, World
from bot.playground.workspace.grants import OAuthApp
from bot.playground.workspace.world import AUTHOR
from bot.services.console_ports import Identified, NotIdentified
from bot.slack.openid import OpenIdApp, SlackOpenId

BACK = "https://bot.example.com/console/sign-in/slack/back"


@pytest.fixture
async def ws() -> AsyncIterator[LocalWorkspace]:
    world = World(oauth=OAuthApp(redirect_urls=(BACK,)))
    async with LocalWorkspace.started(world) as workspace:
        yield workspace


def app_of(ws: LocalWorkspace) -> OpenIdApp:
    app = ws.hub.world.oauth
    return OpenIdApp(app.client_id, app.client_secret, f"{ws.hub.url}/", ws.base_url, BACK)


async def code_of(ws: LocalWorkspace, address: str) -> tuple[str, str]:
    """What the browser comes back with, of the first person of the workspace."""
    async with aiohttp.ClientSession() as browser:
        async with browser.get(address) as page:
            assert AUTHOR.real_name in await page.text()
        said = address.replace("/authorize?", "/said?") + f"&user={AUTHOR.id}"
        async with browser.get(said, allow_redirects=False) as back:
            query = parse_qs(urlsplit(back.headers["Location"]).query)
    return query["code"][0], query["state"][0]


async def test_who_signs_in_is_who_slack_says(ws: LocalWorkspace) -> None:
    openid = SlackOpenId(app_of(ws))

    code, state = await code_of(ws, openid.address("the-state", "the-nonce"))

    assert state == "the-state"
    who = await openid.identified(code, "the-nonce")
    assert who == Identified(AUTHOR.id, ws.team_id, AUTHOR.real_name)


async def test_a_code_is_good_once(ws: LocalWorkspace) -> None:
    openid = SlackOpenId(app_of(ws))
    code, _ = await code_of(ws, openid.address("s", "n"))
    await openid.identified(code, "n")

    with pytest.raises(NotIdentified, match="did not take the code"):
        await openid.identified(code, "n")


async def test_a_token_for_another_sign_in_is_refused(ws: LocalWorkspace) -> None:
    openid = SlackOpenId(app_of(ws))
    code, _ = await code_of(ws, openid.address("s", "n"))

    with pytest.raises(NotIdentified, match="does not prove"):
        await openid.identified(code, "another")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://slack.example.com"},
        {"aud": "another-app"},
        {"exp": 1},
        {"https://slack.com/user_id": ""},
        {"https://slack.com/team_id": ["T1"]},
    ],
)
async def test_claims_that_are_not_ours_are_refused(
    ws: LocalWorkspace, claims: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    vouching = ws.hub.vouching
    signed = vouching.signed
    monkeypatch.setattr(
        type(vouching), "signed", lambda _, *given, **others: signed(*given, **claims)
    )
    openid = SlackOpenId(app_of(ws))
    code, _ = await code_of(ws, openid.address("s", "n"))

    with pytest.raises(NotIdentified, match="does not prove"):
        await openid.identified(code, "n")


async def test_a_token_signed_by_nobody_known_is_refused(ws: LocalWorkspace) -> None:
    async with LocalWorkspace.started(ws.hub.world) as other:
        openid = SlackOpenId(replace(app_of(ws), api_url=other.base_url))
        code, _ = await code_of(other, openid.address("s", "n").replace(ws.hub.url, other.hub.url))

        with pytest.raises(NotIdentified, match="does not prove"):
            await openid.identified(code, "n")


async def test_a_slack_that_is_away_is_said(ws: LocalWorkspace) -> None:
    nobody = "http://127.0.0.1:9/"
    openid = SlackOpenId(replace(app_of(ws), root=nobody, api_url=f"{nobody}api/"))

    with pytest.raises(NotIdentified, match="in a minute"):
        await openid.identified("code", "n")
