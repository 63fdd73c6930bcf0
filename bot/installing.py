"""From the settings to installations in several workspaces; none of it where there is one token."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.installations import SqlInstallations, SqlOAuthStates
from bot.adapters.sql.sealing import Seal
from bot.domain.checks import Check
from bot.services.access_ports import AuditLog
from bot.settings import Settings, SlackMode

if TYPE_CHECKING:
    from bot.slack.config import SlackConfig
    from bot.slack.oauth import InstallFlow
    from bot.slack.tokens import Tokens

_AUTHORIZE = "oauth/v2/authorize"


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the app is installed, and the way to install it in one more workspace."""

    installations: SqlInstallations
    states: SqlOAuthStates
    tokens: Tokens


def installed_of(
    settings: Settings, database: AsyncEngine, now: Callable[[], datetime]
) -> Installed | None:
    """None where the settings hold the token of the one workspace that there is."""
    slack = settings.slack
    if not slack.is_for_several or slack.encryption_key is None or slack.client_secret is None:
        return None
    # Slack's library takes a second to import.
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.slack.client import sdk_logger
    from bot.slack.tokens import Tokens

    keys = slack.encryption_key.get_secret_value().split(",")
    installations = SqlInstallations(database, Seal([one.strip() for one in keys]))
    exchange = AsyncWebClient(
        base_url=slack.api_url, timeout=15, retry_handlers=[], logger=sdk_logger()
    )
    secret = slack.client_secret.get_secret_value()
    tokens = Tokens(installations, exchange, slack.client_id or "", secret, now)
    return Installed(installations, SqlOAuthStates(database), tokens)


def flow_of(
    settings: Settings, installed: Installed, audit: AuditLog, now: Callable[[], datetime]
) -> InstallFlow:
    from bot.slack.oauth import Installing, install_flow

    slack = settings.slack
    secret = slack.client_secret.get_secret_value() if slack.client_secret else ""
    return install_flow(
        Installing(
            client_id=slack.client_id or "",
            client_secret=secret,
            url=(slack.public_url or "").rstrip("/"),
            api_url=slack.api_url,
            authorize_url=slack.api_url.removesuffix("api/") + _AUTHORIZE,
            installations=installed.installations,
            states=installed.states,
            audit=audit,
            now=now,
            installed=installed.tokens.forget,
        )
    )


async def slack_checks(
    settings: Settings, config: SlackConfig, installed: Installed | None
) -> Sequence[Check]:
    """What the doctor finds of Slack's side."""
    from bot.slack.doctor import check_installations, check_slack
    from bot.slack.doctor_channels import check_channels
    from bot.slack.doctor_owners import check_owners
    from bot.slack.workspaces import in_workspace

    socket_mode = settings.slack.mode is SlackMode.SOCKET
    checks = [*await check_slack(config, socket_mode=socket_mode)]
    if installed is not None:
        checks += await check_installations(config, installed.installations)
    checks += await check_channels(config, spoken_in(settings))
    with in_workspace(config.workspace):
        checks += await check_owners(config, settings.escalation.owners)
    return checks


def homes_of(settings: Settings) -> Mapping[str, str]:
    """The workspaces of channels, where the settings name them."""
    routes = settings.failure_webhook.routes
    return {one: route.workspace for route in routes if route.workspace for one in route.channels}


def spoken_in(settings: Settings) -> Mapping[str, str]:
    """The channels in which the bot speaks by itself, with the setting that names each."""
    webhook, found = settings.failure_webhook, dict[str, str]()
    for number, route in enumerate(webhook.routes):
        found |= dict.fromkeys(route.channels, f"failure_webhook.routes.{number}.channels")
    if webhook.channel:
        found[webhook.channel] = "failure_webhook.channel"
    for section, channel in (
        ("growth", settings.growth.channel),
        ("gap_report", settings.gap_report.channel),
    ):
        if channel:
            found[channel] = f"{section}.channel"
    if settings.escalation.channel:
        found[settings.escalation.channel] = "escalation.channel"
    return found
