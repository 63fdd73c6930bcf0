"""One bot, installed by people in two workspaces: each is answered with its own token."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.fernet import Fernet

from bot.bootstrap import Parts
from bot.domain.audit import AuditQuery
from bot.playground.workspace import InstalledApp, LocalWorkspace, World
from bot.playground.workspace.grants import OAuthApp
from bot.playground.workspace.several import SeveralWorkspaces
from bot.playground.workspace.world import AUTHOR, ONCALL_CHANNEL, SUPPORT_CHANNEL
from bot.serving import serving
from bot.settings import load_settings
from bot.slack.manifest import app_manifest
from tests.end_to_end.conftest import recording, stored_in
from tests.fakes.airflow_server import RecordedAirflow
from tests.ports import free_port
from tests.rules import with_compiled_rules

ONE, OTHER = "T0FIRST001", "T0SECOND02"


@dataclass
class Stage:
    slack: SeveralWorkspaces
    parts: Parts
    url: str
    folder: Path

    @property
    def both(self) -> tuple[LocalWorkspace, LocalWorkspace]:
        one, other = self.slack.workspaces
        return one, other

    async def install(self, ws: LocalWorkspace, *, allow: bool = True) -> tuple[int, str]:
        """What a person sees at the end who installs it."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            page = await self._page(browser, f"{self.url}/slack/install")
            asked = _link(page[1]).partition("?")[2]
            choice = await self._page(browser, f"{_address(ws)}/oauth/v2/authorize?{asked}")
            said = re.findall(r'href="([^"]+)"', choice[1])[0 if allow else 1]
            async with browser.get(
                f"{_address(ws)}{unescape(said)}", allow_redirects=False
            ) as reply:
                back = reply.headers["Location"]
            # Slack sends it over https, and with it the cookie.
            cookies = {one.key: one.value for one in jar}
            return await self._page(browser, back, cookies)

    async def _page(
        self, browser: aiohttp.ClientSession, url: str, cookies: dict[str, str] | None = None
    ) -> tuple[int, str]:
        async with browser.get(url, cookies=cookies) as reply:
            return reply.status, await reply.text()

    async def asked(self, ws: LocalWorkspace) -> str:
        said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} help", raw=True)
        reply = await ws.wait_for_reply(said)
        return str(reply.text)


def _link(page: str) -> str:
    found = re.search(r'class="go" href="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


@asynccontextmanager
async def two_workspaces(
    folder: Path, *, rotates: bool, is_socket: bool = False
) -> AsyncIterator[Stage]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    oauth = OAuthApp(redirect_urls=(f"{url}/slack/oauth_redirect",), rotates=rotates)
    app = InstalledApp.from_manifest(app_manifest())
    worlds = [World(app=app, team_name=team, team_id=team, oauth=oauth) for team in (ONE, OTHER)]
    with_compiled_rules(folder / "data")
    with RecordedAirflow([recording("pipeline_62808")]) as airflow:
        async with SeveralWorkspaces.started(worlds) as slack:
            for ws in slack.workspaces:
                ws.hub.grants.is_installed = False
            config = folder / "airflow-bot.yaml"
            settings = _settings(folder, airflow, url, port, oauth.client_id)
            settings["slack"]["mode"] = "socket" if is_socket else "http"
            config.write_text(json.dumps(settings))
            async with serving(load_settings(_secrets(slack, oauth), config)) as service:
                for ws in () if is_socket else slack.workspaces:
                    await ws.use_http(f"{url}/slack/events")
                yield Stage(slack, service.parts, url, folder)


def _settings(
    folder: Path, airflow: RecordedAirflow, url: str, port: int, client_id: str
) -> dict[str, Any]:
    return {
        "data_dir": str(folder / "data"),
        "clusters": {"lab": {"base_url": airflow.url, "username": airflow.username}},
        "slack": {
            "local_workspace": True,
            "client_id": client_id,
            "public_url": url,
            "workspace": ONE,
        },
        "escalation": {"channel": ONCALL_CHANNEL},
        "web": {"port": port},
    }


def _secrets(slack: SeveralWorkspaces, oauth: OAuthApp) -> dict[str, str]:
    return {
        "SLACK_API_URL": slack.base_url,
        "SLACK_CLIENT_SECRET": oauth.client_secret,
        "SLACK_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_APP_TOKEN": slack.app_token,
        "AIRFLOW_BOT_CLUSTERS__lab__PASSWORD": RecordedAirflow.password,
    }


@pytest.mark.parametrize("is_socket", [False, True])
async def test_two_workspaces_install_ask_and_one_leaves(tmp_path: Path, is_socket: bool) -> None:
    async with two_workspaces(tmp_path, rotates=True, is_socket=is_socket) as stage:
        one, other = stage.both
        status, page = await stage.install(one, allow=False)
        assert "It was not allowed in Slack" in page
        for ws in stage.both:
            status, page = await stage.install(ws)
            assert (status, "It is in" in page, ws.team_id in page) == (200, True, True)
        for ws in stage.both:
            await stage.asked(ws)
            assert {call.method for call in ws.calls()} >= {"chat.postMessage", "auth.test"}

        # A human is called from the second workspace: the card is in the first.
        human = await other.say(SUPPORT_CHANNEL, AUTHOR.id, f"{other.mention} get me a human")
        card = await one.wait_for(lambda: next(iter(_by_bot(one, ONCALL_CHANNEL)), None))
        await other.wait_for(lambda: [m for m in other.replies(human) if "human" in m.text] or None)
        await one.wait_for_reply(card)  # says who is called: the card is known by then
        await one.say(ONCALL_CHANNEL, AUTHOR.id, "I am on it", card.ts)
        await other.wait_for(
            lambda: [m for m in other.replies(human) if "I am on it" in m.text] or None
        )
        assert _by_bot(other, ONCALL_CHANNEL) == []

        other.uninstall()
        installed = stage.parts.installed
        assert installed is not None
        await _until_gone(stage, OTHER)
        assert [found.workspace for found in await installed.installations.list()] == [ONE]
        entries = await stage.parts.audit.entries(AuditQuery())
        assert {"install", "uninstall"} <= {entry.action for entry in entries}
        await stage.asked(one)
        assert "xoxe" not in " ".join(stored_in(tmp_path / "data"))


def _by_bot(ws: LocalWorkspace, channel: str) -> list[Any]:
    return [one for one in ws.messages(channel) if one.bot_id]


async def _until_gone(stage: Stage, workspace: str) -> None:
    from sqlalchemy import func, select

    from bot.adapters.sql.tables import TurnRow
    from tests.waiting import until

    async def gone() -> bool:
        count = select(func.count()).select_from(TurnRow).where(TurnRow.workspace == workspace)
        async with stage.parts.database.connect() as connection:
            turns = await connection.scalar(count)
        found = await stage.parts.installed.installations.find(workspace)  # type: ignore[union-attr]
        return not turns and found is None

    await until(gone, "nothing kept of the workspace")


def _address(ws: LocalWorkspace) -> str:
    return ws.base_url.removesuffix("/api/")
