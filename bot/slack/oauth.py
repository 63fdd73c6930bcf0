"""Bolt's way of installing the app in one more workspace, over what we keep of it."""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from logging import Logger
from typing import Any, Protocol

import structlog
from slack_bolt import BoltResponse
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import (
    AsyncCallbackOptions,
    AsyncFailureArgs,
    AsyncSuccessArgs,
)
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation as SdkInstallation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.audit import AuditEntry, Outcome
from bot.domain.errors import StoreError
from bot.domain.installations import Installation
from bot.services.access_ports import AuditLog
from bot.services.installation_ports import Installations
from bot.slack.client import sdk_logger
from bot.slack.manifest import INSTALL, REDIRECT, redirect_of, wanted_scopes
from bot.slack.refusals import UNSURE, word_for

log = structlog.get_logger(__name__)

_ACTION = "install"
_GOOD_FOR = timedelta(minutes=10)
_WORDS = {
    "access_denied": "It was not allowed in Slack. Nothing was installed.",
    "invalid_browser": "You came back in another browser, or cookies are blocked here. Start again "
    "from the install page, and stay in one browser.",
    "invalid_state": "That took more than ten minutes, or the page was loaded twice. Start again.",
    "missing_code": "Slack sent no code along. Start again from the install page.",
    "invalid_code": "Slack did not take the code: it is good once and for ten minutes, and only "
    "with the redirect address that the app has in Slack. Start again.",
    "organisation": "You chose the whole Enterprise organisation, and this app is installed in "
    "each workspace by itself. Start again, and choose one workspace at the top right of Slack's "
    "page. Where you cannot, ask an administrator of the organisation to approve the app for it. "
    "Nothing was kept, and what Slack gave was given back.",
    "storage_error": "What Slack gave could not be kept. Start again in a minute.",
}


class States(Protocol):
    """Each is good once. Raises `StoreError`."""

    async def add(self, state: str, now: datetime, until: datetime) -> None: ...

    async def take(self, state: str, now: datetime) -> bool: ...


@dataclass(frozen=True, slots=True)
class Installing:
    """What an installation needs. `url` is where people reach this bot, without a slash at its end;
    `authorize_url` where Slack asks them; `now` gives aware UTC times."""

    client_id: str
    client_secret: str = field(repr=False)
    url: str
    api_url: str
    authorize_url: str
    installations: Installations
    states: States
    audit: AuditLog
    now: Callable[[], datetime]
    installed: Callable[[str], None] = lambda _: None


class _OfOrganisation(BoltError):
    """It was installed in a whole organisation, whose events do not say whose token they need."""


class _Store(AsyncInstallationStore):
    """Where Bolt puts what it was given."""

    def __init__(self, installing: Installing) -> None:
        self._to = installing

    @property
    def logger(self) -> Logger:
        return sdk_logger()

    async def async_save(self, installation: SdkInstallation) -> None:
        """Raises `BoltError`, which Bolt tells of on its page."""
        to, made = self._to, installation
        if not made.team_id or not made.bot_token:
            raise BoltError("not of one workspace")
        ends = made.bot_token_expires_at
        kept = Installation(
            workspace=made.team_id,
            name=made.team_name or "",
            bot_token=made.bot_token,
            bot_user_id=made.bot_user_id or "",
            bot_id=made.bot_id or "",
            installed_at=to.now(),
            installed_by=made.user_id or "",
            enterprise_id=made.enterprise_id or "",
            scopes=",".join(made.bot_scopes or ()),
            refresh_token=made.bot_refresh_token or "",
            expires_at=datetime.fromtimestamp(ends, UTC) if ends else None,
        )
        try:
            await to.installations.put(kept)
            await to.audit.add(_entry(kept))
        except StoreError as error:
            log.error("slack.installation_not_kept", error=str(error))
            raise BoltError("not kept") from error
        to.installed(kept.workspace)
        log.info("slack.installed", workspace=kept.workspace)


class _States(AsyncOAuthStateStore):
    def __init__(self, installing: Installing) -> None:
        self._of = installing

    @property
    def logger(self) -> Logger:
        return sdk_logger()

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        state, now = secrets.token_urlsafe(32), self._of.now()
        await self._of.states.add(state, now, now + _GOOD_FOR)
        return state

    async def async_consume(self, state: str) -> bool:
        return bool(state) and await self._of.states.take(state, self._of.now())


class InstallFlow(AsyncOAuthFlow):
    """Bolt's flow with pages of ours. Neither page raises."""

    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:
        return _page(
            "Install Airflow Support Bot",
            "<p>It reads why Airflow tasks failed and answers in Slack. You will be asked to allow "
            "what it needs in your workspace. Nothing is kept of it once you take it out again."
            f'</p><p><a class="go" href="{html.escape(url)}">Add to Slack</a></p>',
        )

    async def run_installation(self, code: str) -> SdkInstallation | None:
        try:
            return await super().run_installation(code)
        except (SlackApiError, *UNSURE) as error:
            log.warning("slack.not_installed_yet", error=word_for(error))
            return None

    async def store_installation(
        self, request: AsyncBoltRequest, installation: SdkInstallation
    ) -> None:
        """Raises `BoltError`. That of a whole organisation is not left behind in Slack, where it
        would look as if the bot was there."""
        if not installation.is_enterprise_install:
            await super().store_installation(request, installation)
            return
        try:
            await self.client.auth_revoke(token=installation.bot_token or "")
        except (SlackApiError, *UNSURE) as error:
            log.warning("slack.organisation_not_given_back", error=word_for(error))
        raise _OfOrganisation("of a whole organisation")


def install_flow(installing: Installing) -> InstallFlow:
    """Speaks to Slack with the app's own name and secret."""
    client = AsyncWebClient(base_url=installing.api_url, retry_handlers=[], logger=sdk_logger())
    settings = AsyncOAuthSettings(
        client_id=installing.client_id,
        client_secret=installing.client_secret,
        scopes=sorted(wanted_scopes()),
        redirect_uri=redirect_of(installing.url),
        install_path=INSTALL,
        redirect_uri_path=REDIRECT,
        authorization_url=installing.authorize_url,
        installation_store=_Store(installing),
        state_store=_States(installing),
        callback_options=AsyncCallbackOptions(success=_installed, failure=_failed),
        logger=sdk_logger(),
    )
    return InstallFlow(client=client, logger=sdk_logger(), settings=settings)


async def _installed(args: AsyncSuccessArgs) -> BoltResponse:
    made = args.installation
    app, team = made.app_id or "", made.team_id or ""
    link = html.escape(f"slack://app?team={team}&id={app}")
    name = html.escape(made.team_name or "your workspace")
    words = (
        f"<p>It is in <b>{name}</b> now. Invite it to a channel with <code>/invite</code>, and "
        f'mention it there.</p><p><a class="go" href="{link}">Open Slack</a></p>'
    )
    return _answer(200, _page("Installed", words))


async def _failed(args: AsyncFailureArgs) -> BoltResponse:
    reason, status = args.reason, args.suggested_status_code
    if isinstance(args.error, _OfOrganisation):
        reason, status = "organisation", 400
    words = html.escape(_WORDS.get(reason, f"Slack says: {reason}."))
    log.info("slack.installation_failed", reason=reason)
    again = f'<p>{words}</p><p><a class="go" href="{INSTALL}">Start again</a></p>'
    return _answer(status, _page("Not installed", again))


def _answer(status: int, page: str) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return BoltResponse(status=status, body=page, headers=headers)


def _page(title: str, body: str) -> str:
    return _PAGE.replace("{title}", html.escape(title)).replace("{body}", body)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title}</title><style>
:root { color-scheme: light dark; --ink: #1d1c1d; --paper: #fff; --soft: #f6f6f8; --go: #017cee }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --paper: #222529; --soft: #1a1d21; --go: #4aa3ff }
}
body { background: var(--soft); color: var(--ink); font: 17px/1.5 system-ui, sans-serif; margin: 0;
  display: grid; min-height: 100vh; place-items: center }
main { background: var(--paper); border-radius: 12px; box-sizing: border-box; margin: 1rem;
  max-width: 32rem; padding: 2rem 2.5rem; width: calc(100% - 2rem) }
h1 { font-size: 1.4rem; margin: 0 0 1rem }
code { background: var(--soft); border-radius: 4px; padding: .1em .3em }
.go { background: var(--go); border-radius: 8px; color: var(--paper); display: inline-block;
  font-weight: 600; padding: .6rem 1.2rem; text-decoration: none }
</style></head><body><main><h1>{title}</h1>{body}</main></body></html>
"""


def _entry(made: Installation) -> AuditEntry:
    return AuditEntry(
        key=f"install:{made.workspace}:{made.installed_at.isoformat()}",
        at=made.installed_at,
        user_id=made.installed_by,
        workspace=made.workspace,
        channel="",
        action=_ACTION,
        outcome=Outcome.ALLOWED,
    )
