"""The pages of an installation: what is kept of it, and what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.checks import CheckStatus
from bot.playground.workspace import LocalWorkspace, World
from bot.playground.workspace.grants import OAuthApp
from bot.playground.workspace.several import SeveralWorkspaces
from bot.playground.workspace.world import AUTHOR, BOT_USER_ID, Channel, ChannelKind, InstalledApp
from bot.services.access_ports import AuditLog
from bot.slack.channel_homes import ChannelHomes
from bot.slack.client import web_client
from bot.slack.config import SlackConfig
from bot.slack.doctor import check_installations
from bot.slack.doctor_channels import check_channels
from bot.slack.manifest import app_manifest
from bot.slack.oauth import InstallFlow, Installing, install_flow
from bot.slack.refusals import SlackUnavailable
from bot.slack.tokens import Tokens
from tests.slack.test_tokens import MemoryInstallations

BACK = "https://bot.example.com/slack/oauth_redirect"
ONE, OTHER = "T0FIRST001", "T0SECOND02"
ALERTS = "C0ALERTS01"


@dataclass
class MemoryStates:
    states: set[str] = field(default_factory=set)

    async def add(self, state: str, now: datetime, until: datetime) -> None:
        self.states.add(state)

    async def take(self, state: str, now: datetime) -> bool:
        return state in self.states


class NoAudit:
    async def add(self, entry: object) -> None:
        pass


def flow_in(ws: LocalWorkspace, kept: MemoryInstallations, states: MemoryStates) -> InstallFlow:
    app = ws.hub.world.oauth
    return install_flow(
        Installing(
            client_id=app.client_id,
            client_secret=app.client_secret,
            url="https://bot.example.com",
            api_url=ws.base_url,
            authorize_url=f"{ws.base_url}authorize",
            installations=kept,
            states=states,
            audit=cast(AuditLog, NoAudit()),
            now=lambda: datetime.now(UTC),
        )
    )


async def installed_by_somebody(ws: LocalWorkspace, kept: MemoryInstallations) -> tuple[int, str]:
    """What they see when Slack sends them back."""
    states = MemoryStates({"state"})
    back = ws.hub.grants.allow(AUTHOR.id, BACK, "state", ws.hub.world.oauth.client_id)
    query = parse_qs(urlsplit(back).query)
    cookie = {"cookie": ["slack-app-oauth-state=state"]}
    request = AsyncBoltRequest(body="", query=query, headers=cookie)
    response = await flow_in(ws, kept, states).handle_callback(request)
    return response.status, str(response.body)


async def test_a_whole_organisation_is_refused_with_the_remedy_and_given_back() -> None:
    oauth = OAuthApp(redirect_urls=(BACK,), organisation="E0LOCAL001")
    async with LocalWorkspace.started(World(oauth=oauth)) as ws:
        kept = MemoryInstallations()
        status, page = await installed_by_somebody(ws, kept)
        assert status == 400
        assert "choose one workspace at the top right" in page
        assert 'href="/slack/install"' in page
        assert kept.kept == {}
        assert len(ws.calls("auth.revoke")) == 1


async def test_one_workspace_of_an_organisation_is_installed() -> None:
    async with LocalWorkspace.started(World(oauth=OAuthApp(redirect_urls=(BACK,)))) as ws:
        kept = MemoryInstallations()
        status, page = await installed_by_somebody(ws, kept)
        assert (status, "It is in" in page) == (200, True)
        assert list(kept.kept) == [ws.team_id]


@dataclass
class Both:
    """Two workspaces, of which the second has the channel `ALERTS`."""

    slack: SeveralWorkspaces
    kept: MemoryInstallations
    passed: timedelta = timedelta()

    @property
    def config(self) -> SlackConfig:
        exchange = AsyncWebClient(base_url=self.slack.base_url, retry_handlers=[])
        app = self.slack.workspaces[0].hub.world.oauth
        tokens = Tokens(self.kept, exchange, app.client_id, app.client_secret, self.now)
        return SlackConfig("", api_url=self.slack.base_url, tokens=tokens, workspace=ONE)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    @property
    def homes(self) -> ChannelHomes:
        return ChannelHomes(web_client(self.config, ""), self.config)


@asynccontextmanager
async def both_installed() -> AsyncIterator[Both]:
    app = InstalledApp.from_manifest(app_manifest())
    oauth = OAuthApp(redirect_urls=(BACK,), rotates=True)
    members = frozenset({AUTHOR.id, BOT_USER_ID})
    alerts = Channel(ALERTS, "data-alerts", ChannelKind.PUBLIC, members, "Alerts")
    one = World(app=app, team_name="One", team_id=ONE, oauth=oauth)
    other = World(app=app, team_name="Other", team_id=OTHER, oauth=oauth, channels=(alerts,))
    async with SeveralWorkspaces.started([one, other]) as slack:
        kept = MemoryInstallations()
        for ws in slack.workspaces:
            await installed_by_somebody(ws, kept)
        yield Both(slack, kept)


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    async with both_installed() as made:
        yield made


async def statuses(both: Both) -> dict[str, tuple[CheckStatus, str, str]]:
    checks = await check_installations(both.config, both.kept)
    tokens = [one for one in checks if one.name.startswith("token of")]
    return {one.name: (one.status, one.detail, one.remedy) for one in tokens}


async def test_the_doctor_finds_each_installation_sound(both: Both) -> None:
    found = await statuses(both)
    assert {name: one[0] for name, one in found.items()} == {
        f"token of {ONE}": CheckStatus.OK,
        f"token of {OTHER}": CheckStatus.OK,
    }
    assert "Other" in found[f"token of {OTHER}"][1]


async def test_a_bad_token_is_the_installations_own_fault(both: Both) -> None:
    bad = replace(both.kept.kept[OTHER], bot_token=f"xoxb-{OTHER}-nothing")
    await both.kept.put(bad)
    status, detail, remedy = (await statuses(both))[f"token of {OTHER}"]
    assert (status, "invalid_auth" in detail) == (CheckStatus.FAILED, True)
    assert "/slack/install" in remedy
    assert (await statuses(both))[f"token of {ONE}"][0] is CheckStatus.OK


async def test_a_revoked_token_is_named_with_the_remedy(both: Both) -> None:
    both.slack.workspaces[1].hub.grants.revoke()
    status, detail, remedy = (await statuses(both))[f"token of {OTHER}"]
    assert (status, "account_inactive" in detail) == (CheckStatus.FAILED, True)
    assert "Install the app there again" in remedy


async def test_a_token_that_has_ended_is_exchanged_and_one_that_cannot_be_is_named(
    both: Both,
) -> None:
    both.passed = timedelta(hours=13)
    assert (await statuses(both))[f"token of {OTHER}"][0] is CheckStatus.OK

    spent = replace(
        both.kept.kept[OTHER], refresh_token=f"xoxe-1-{OTHER}-spent", expires_at=both.now()
    )
    await both.kept.put(spent)
    status, detail, _ = (await statuses(both))[f"token of {OTHER}"]
    assert (status, "invalid_refresh_token" in detail) == (CheckStatus.FAILED, True)


async def test_the_workspace_of_the_settings_has_to_be_among_them(both: Both) -> None:
    both.kept.kept.pop(ONE)
    checks = await check_installations(both.config, both.kept)
    assert "whose channels the settings name" in checks[-1].detail
    both.kept.kept.clear()
    (none,) = await check_installations(both.config, both.kept)
    assert (none.status, "/slack/install" in none.remedy) == (CheckStatus.WARNING, True)


async def test_a_channel_is_found_in_the_workspace_that_has_it(both: Both) -> None:
    assert await both.homes.of(ALERTS) == OTHER
    assert await both.homes.of("C0NOWHERE1") == ONE
    named = replace(both.config, homes={"C0NOWHERE1": OTHER})
    assert await ChannelHomes(web_client(named, ""), named).of("C0NOWHERE1") == OTHER
    alone = SlackConfig("xoxb-1", api_url=both.slack.base_url)
    assert await ChannelHomes(web_client(alone, "xoxb-1"), alone).of(ALERTS) == ""


async def test_a_slack_that_is_away_says_nothing_of_where_a_channel_is(both: Both) -> None:
    away = replace(both.config, api_url="http://127.0.0.1:9/api/")
    with pytest.raises(SlackUnavailable):
        await ChannelHomes(web_client(away, ""), away).of(ALERTS)


async def test_the_doctor_looks_for_each_channel_where_it_is(both: Both) -> None:
    (check,) = await check_channels(both.config, {ALERTS: "failure_webhook.routes.0.channels"})
    assert (check.status, check.detail) == (CheckStatus.OK, "the bot is a member of #data-alerts")
