"""Checks of the Slack side against the real workspace: tokens, scopes, events, Socket Mode."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import StoreError
from bot.services.installation_ports import Installations
from bot.slack.client import web_client
from bot.slack.config import SlackConfig
from bot.slack.manifest import bot_events, optional_scopes, required_scopes
from bot.slack.refusals import UNSURE, code_of
from bot.slack.surfaces import all_surfaces
from bot.slack.workspaces import in_workspace

_PART = "slack"
_REINSTALL = "Apply manifest.json to the app and install it to the workspace again."


async def check_slack(config: SlackConfig, *, socket_mode: bool) -> Sequence[Check]:
    """One check for each thing that a broken setup breaks; never raises."""
    checks: list[Check] = []
    if config.tokens is None:
        checks += await _check_bot_token(web_client(config, config.bot_token))
    if socket_mode:
        checks.append(await _check_app_token(config))
    else:
        checks.append(_check_signing_secret(config))
    return [*checks, _events_check()]


async def check_installations(config: SlackConfig, installations: Installations) -> Sequence[Check]:
    """One check for each workspace that the app is installed in; never raises."""
    name = "installations"
    try:
        found = await installations.list()
    except StoreError as error:
        remedy = "Bring the database up to date with airflow-bot migrate; keep every key in use."
        return [Check(_PART, name, CheckStatus.FAILED, str(error), remedy)]
    if not found:
        remedy = "Open /slack/install at slack.public_url, and allow it in your workspace."
        return [Check(_PART, name, CheckStatus.WARNING, "in no workspace yet", remedy)]
    checks: list[Check] = []
    for one in found:
        with in_workspace(one.workspace):
            checks += await _check_bot_token(web_client(config, ""), one.workspace)
    if config.workspace and config.workspace not in {one.workspace for one in found}:
        remedy = "Install the app there, or correct slack.workspace."
        detail = f"{config.workspace}, whose channels the settings name, is not among them"
        checks.append(Check(_PART, name, CheckStatus.FAILED, detail, remedy))
    return checks


async def _check_bot_token(client: AsyncWebClient, workspace: str = "") -> list[Check]:
    """The token, and the scopes that Slack says it has."""
    name = f"token of {workspace}" if workspace else "bot token"
    if not client.token and not workspace:
        remedy = "Set slack.bot_token to the Bot User OAuth Token (xoxb-…) of the installed app."
        return [Check(_PART, name, CheckStatus.FAILED, "none is set", remedy)]
    try:
        found = await client.auth_test()
    except SlackApiError as error:
        remedy = "Copy the Bot User OAuth Token of the installed app into slack.bot_token."
        if workspace:
            remedy = "Install the app there again, at /slack/install."
        refused = Check(_PART, name, CheckStatus.FAILED, f"refused: {code_of(error)}", remedy)
        return [refused]
    except (*UNSURE, SlackClientError, StoreError) as error:
        return [_unreachable(name, error, client.base_url)]
    who = f"{found.get('user')} in {found.get('team')}"
    granted = {name.lower(): value for name, value in dict(found.headers or {}).items()}
    scopes = granted.get("x-oauth-scopes", "")
    return [Check(_PART, name, CheckStatus.OK, who), *_check_scopes(scopes)]


def _check_scopes(granted: str) -> list[Check]:
    """`granted` is Slack's own header; an empty one says nothing."""
    has = {scope.strip() for scope in granted.split(",") if scope.strip()}
    if not has:
        detail = "Slack did not say which scopes the token has"
        return [Check(_PART, "scopes", CheckStatus.SKIPPED, detail)]
    surfaces = all_surfaces()
    missing = required_scopes(surfaces) - has
    if missing:
        detail = f"missing: {', '.join(sorted(missing))}"
        return [Check(_PART, "scopes", CheckStatus.FAILED, detail, _REINSTALL)]
    fewer = [
        f"{scope} ({surface.name})"
        for surface in surfaces
        for scope in surface.better_with
        if scope not in has
    ]
    if optional_scopes(surfaces) - has:
        detail = f"works with less, missing: {', '.join(sorted(fewer))}"
        return [Check(_PART, "scopes", CheckStatus.WARNING, detail, _REINSTALL)]
    return [Check(_PART, "scopes", CheckStatus.OK, f"all {len(has)} granted")]


async def _check_app_token(config: SlackConfig) -> Check:
    name = "Socket Mode"
    remedy = "Create an app-level token (xapp-…) with connections:write; set slack.app_token."
    if not config.app_token:
        return Check(_PART, name, CheckStatus.FAILED, "no app-level token is set", remedy)
    client = web_client(config, config.app_token)
    try:
        await client.apps_connections_open(app_token=config.app_token)
    except SlackApiError as error:
        return Check(_PART, name, CheckStatus.FAILED, f"refused: {code_of(error)}", remedy)
    except (*UNSURE, SlackClientError) as error:
        return _unreachable(name, error, config.api_url)
    return Check(_PART, name, CheckStatus.OK, "Slack offers a connection")


def _check_signing_secret(config: SlackConfig) -> Check:
    name = "signing secret"
    if not config.signing_secret:
        remedy = "Copy the Signing Secret from the app's Basic Information to slack.signing_secret."
        return Check(_PART, name, CheckStatus.FAILED, "none is set", remedy)
    detail = "set; only a request that Slack signed can prove it right"
    return Check(_PART, name, CheckStatus.OK, detail)


def _events_check() -> Check:
    """Slack tells an app's subscriptions to nobody but its configuration token."""
    events = ", ".join(sorted(bot_events(all_surfaces())))
    remedy = "Compare the app's Event Subscriptions with manifest.json."
    detail = f"a bot token cannot see them; needed: {events}"
    return Check(_PART, "events", CheckStatus.SKIPPED, detail, remedy)


def _unreachable(name: str, error: Exception, where: str) -> Check:
    detail = f"{where} does not answer ({type(error).__name__})"
    return Check(_PART, name, CheckStatus.FAILED, detail, "Check slack.api_url and the way there.")
