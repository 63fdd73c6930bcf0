"""Tokens that end are exchanged in good time, by one process at a time, and are never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import StoreError
from bot.domain.installations import Installation
from bot.playground.workspace import LocalWorkspace, World
from bot.playground.workspace.faults import Fault, FaultKind
from bot.playground.workspace.grants import OAuthApp
from bot.slack.client import web_client
from bot.slack.config import SlackConfig
from bot.slack.tokens import Tokens
from bot.slack.workspaces import in_workspace

BACK = "https://bot.example.com/slack/oauth_redirect"
APP = OAuthApp(redirect_urls=(BACK,), rotates=True)


@dataclass
class MemoryInstallations:
    """`down` makes what is written fail."""

    kept: dict[str, Installation] = field(default_factory=dict)
    renewing: dict[str, datetime] = field(default_factory=dict)
    down: bool = False

    async def put(self, installation: Installation) -> None:
        self.kept[installation.workspace] = installation

    async def find(self, workspace: str) -> Installation | None:
        return self.kept.get(workspace)

    async def list(self) -> Sequence[Installation]:
        return list(self.kept.values())

    async def remove(self, workspace: str, until: datetime) -> bool:
        self.kept.pop(workspace, None)
        return True

    async def may_renew(self, workspace: str, now: datetime, until: datetime) -> bool:
        if self.renewing.get(workspace, now) > now:
            return False
        self.renewing[workspace] = until
        await asyncio.sleep(0)
        return True

    async def renewed(self, installation: Installation, used: str) -> bool:
        if self.down:
            raise StoreError("The database does not answer.")
        self.renewing.pop(installation.workspace, None)
        if self.kept[installation.workspace].refresh_token != used:
            return False
        self.kept[installation.workspace] = installation
        return True

    async def not_renewed(self, workspace: str) -> None:
        self.renewing.pop(workspace, None)


@dataclass
class Stage:
    ws: LocalWorkspace
    installations: MemoryInstallations
    passed: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    def process(self) -> Tokens:
        exchange = AsyncWebClient(base_url=self.ws.base_url, retry_handlers=[])
        return Tokens(
            self.installations, exchange, APP.client_id, APP.client_secret, self.now, sleep=_short
        )

    @property
    def exchanges(self) -> int:
        return len(self.ws.calls("oauth.v2.access"))


async def _short(seconds: float) -> None:
    await asyncio.sleep(0.01)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with LocalWorkspace.started(World(oauth=APP)) as ws:
        grants = ws.hub.grants
        back = grants.allow("U1", BACK, "s", APP.client_id)
        given, _ = grants.exchange(back.split("code=")[1].split("&")[0], BACK)
        made = datetime.now(UTC)
        one = Installation(
            ws.team_id,
            "One",
            given["access_token"],
            ws.bot_user_id,
            "B1",
            made,
            refresh_token=given["refresh_token"],
            expires_at=made + timedelta(seconds=given["expires_in"]),
        )
        yield Stage(ws, MemoryInstallations({ws.team_id: one}))


async def test_a_token_that_still_holds_for_long_is_used_as_it_is(stage: Stage) -> None:
    tokens = stage.process()
    config = SlackConfig("", api_url=stage.ws.base_url, tokens=tokens)
    with in_workspace(stage.ws.team_id):
        assert (await web_client(config, "").auth_test())["team_id"] == stage.ws.team_id
    assert stage.exchanges == 0


async def test_an_installation_that_another_process_heard_of_is_there_at_once(
    stage: Stage,
) -> None:
    tokens = stage.process()
    installed = stage.installations.kept.pop(stage.ws.team_id)
    assert not await tokens.is_installed(stage.ws.team_id)
    await stage.installations.put(installed)
    assert await tokens.is_installed(stage.ws.team_id)


async def test_two_processes_at_once_exchange_it_once_and_both_go_on(stage: Stage) -> None:
    stage.passed = timedelta(hours=11)
    processes = [stage.process() for _ in range(2)]
    found = await asyncio.gather(*(one.token(stage.ws.team_id) for one in processes * 3))
    assert stage.exchanges == 1
    assert all(stage.ws.hub.grants.judge(token) == "" for token in found)
    latest = stage.installations.kept[stage.ws.team_id]
    assert latest.refresh_token in stage.ws.hub.grants.refreshing
    stage.passed += timedelta(minutes=1)  # each looks anew
    assert {await one.token(stage.ws.team_id) for one in processes} == {latest.bot_token}


async def test_where_it_has_ended_the_other_process_waits_for_the_new_one(stage: Stage) -> None:
    stage.passed = timedelta(hours=13)
    processes = [stage.process() for _ in range(2)]
    found = await asyncio.gather(*(one.token(stage.ws.team_id) for one in processes))
    assert stage.exchanges == 1
    assert set(found) == {stage.installations.kept[stage.ws.team_id].bot_token}


async def test_what_slack_gave_is_kept_until_the_database_has_it(stage: Stage) -> None:
    stage.passed = timedelta(hours=11)
    stage.installations.down = True
    tokens = stage.process()
    fresh = await tokens.token(stage.ws.team_id)
    assert stage.installations.kept[stage.ws.team_id].bot_token != fresh
    assert await tokens.token(stage.ws.team_id) == fresh
    stage.installations.down = False
    assert await tokens.token(stage.ws.team_id) == fresh
    assert stage.installations.kept[stage.ws.team_id].bot_token == fresh
    assert stage.exchanges == 1


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.RATE_LIMITED])
async def test_trouble_leaves_the_token_that_holds(stage: Stage, kind: FaultKind) -> None:
    stage.passed = timedelta(hours=11)
    before = stage.installations.kept[stage.ws.team_id].bot_token
    stage.ws.faults.add(Fault(kind, "oauth.v2.access"))
    tokens = stage.process()
    assert await tokens.token(stage.ws.team_id) == before
    assert await tokens.token(stage.ws.team_id) != before


async def test_a_refresh_token_that_is_refused_is_slacks_own_error(stage: Stage) -> None:
    stage.passed = timedelta(hours=13)
    one = stage.installations.kept[stage.ws.team_id]
    await stage.installations.put(replace(one, refresh_token="xoxe-1-spent"))
    with pytest.raises(SlackApiError, match="invalid_refresh_token"):
        await stage.process().token(stage.ws.team_id)
    with pytest.raises(SlackApiError, match="account_inactive"):
        await stage.process().token("T0NOWHERE")
