"""From the settings to who is on call: its sources, and the part of Slack that they ask.

Apart from the rest, so that a look at the rota waits for nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from bot.adapters.oncall.rota import RotaSource
from bot.adapters.oncall.source import Source
from bot.adapters.oncall.sources import LeveledOnCall
from bot.services.ports import Meter
from bot.settings import OnCallSettings, PagerDutySettings, Settings, SlackMode, SlackSettings

if TYPE_CHECKING:
    from bot.adapters.oncall.pagerduty_api import PagerDutyConfig
    from bot.slack.config import SlackConfig
    from bot.slack.directory import SlackDirectory


@asynccontextmanager
async def on_call_of(
    settings: Settings,
    now: Callable[[], datetime],
    meter: Meter | None = None,
    several: SlackConfig | None = None,
) -> AsyncIterator[LeveledOnCall]:
    """Who is on call by these settings. Nothing is asked of anybody yet; closed at the end."""
    on_call = settings.on_call
    sources: dict[str, Source] = {}
    async with AsyncExitStack() as stack:
        if on_call.rota is not None:
            sources["rota"] = RotaSource(on_call.rota, _kept(settings, on_call.rota), now)
        if on_call.pagerduty.is_enabled or on_call.user_group:
            directory = _directory(settings.slack, meter, several)
            _ask_others(on_call, directory, now, sources, stack)
        yield LeveledOnCall(sources, now, on_call.plan)


def _ask_others(
    on_call: OnCallSettings,
    directory: SlackDirectory | None,
    now: Callable[[], datetime],
    sources: dict[str, Source],
    stack: AsyncExitStack,
) -> None:
    """Adds those that are asked over the network."""
    if on_call.pagerduty.is_enabled:
        from bot.adapters.oncall.pagerduty import PagerDutySource

        pagerduty = PagerDutySource(_pagerduty_config(on_call.pagerduty), directory or _NoSlack())
        stack.push_async_callback(pagerduty.close)
        sources["pagerduty"] = pagerduty
    if on_call.user_group and directory:
        from bot.adapters.oncall.user_group import UserGroupSource

        sources["user_group"] = UserGroupSource(on_call.user_group, directory.members, now)


def _directory(
    slack: SlackSettings, meter: Meter | None, several: SlackConfig | None
) -> SlackDirectory | None:
    if slack.mode is SlackMode.OFF or (slack.bot_token is None and several is None):
        return None
    # Slack's library takes a second to import.
    from bot.slack.client import web_client
    from bot.slack.config import SlackConfig
    from bot.slack.directory import SlackDirectory

    if several is not None:
        # Who is on call is known where the channels of the settings are.
        return SlackDirectory(web_client(several, "", meter), several.workspace)
    token = slack.bot_token.get_secret_value() if slack.bot_token else ""
    return SlackDirectory(web_client(SlackConfig(token, api_url=slack.api_url), token, meter))


def _pagerduty_config(pagerduty: PagerDutySettings) -> PagerDutyConfig:
    from bot.adapters.oncall.pagerduty_api import PagerDutyConfig

    return PagerDutyConfig(
        token=pagerduty.token.get_secret_value() if pagerduty.token else "",
        from_email=pagerduty.from_email or "",
        service=pagerduty.service or "",
        escalation_policy=pagerduty.escalation_policy or "",
        api_url=pagerduty.api_url,
        seconds=pagerduty.timeout,
        slack_users=pagerduty.slack_users,
    )


def _kept(settings: Settings, rota: Path) -> Path:
    """Where the last good one is copied to; another rota has another place."""
    name = sha256(str(rota).encode()).hexdigest()[:12]
    return settings.data_dir / f"rota-{name}.yaml"


class _NoSlack:
    """Knows nobody."""

    async def id_of(self, email: str) -> str:
        return ""

    async def email_of(self, user_id: str) -> str:
        return ""
