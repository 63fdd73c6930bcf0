"""From settings to what is known of people: who they are, what they set, which Dags are theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.preferences import SqlPreferences
from bot.adapters.sql.recent import SqlRecentThreads
from bot.domain.people import Profile
from bot.services.people_ports import NobodyKnown, Profiles
from bot.services.sight import SeenBy
from bot.settings import Settings, SlackMode

if TYPE_CHECKING:
    from bot.services.home import HomeService
    from bot.services.mine import MineService
    from bot.slack.config import SlackConfig


@dataclass(frozen=True, slots=True)
class People:
    """`seen` gives the clusters as somebody may see them."""

    preferences: SqlPreferences
    mine: MineService
    threads: SqlRecentThreads
    seen: SeenBy

    def home(self, now: Callable[[], datetime]) -> HomeService:
        from bot.services.home import HomeService

        return HomeService(self.mine, self.preferences, self.threads, self.seen, now)


def people_of(
    settings: Settings,
    seen: SeenBy,
    database: AsyncEngine,
    slack: Callable[[], SlackConfig],
    now: Callable[[], datetime],
) -> People:
    """`slack` is asked for its settings once somebody wants a profile."""
    from bot.services.mine import MineService

    is_off = settings.slack.mode is SlackMode.OFF
    profiles: Profiles = NobodyKnown() if is_off else _LateProfiles(slack)
    preferences = SqlPreferences(database, now)
    mine = MineService(seen, profiles, preferences, now, settings.owners)
    return People(preferences, mine, SqlRecentThreads(database), seen)


class _LateProfiles:
    """Slack's library takes a second to import, which an answer at the terminal does not need."""

    def __init__(self, slack: Callable[[], SlackConfig]) -> None:
        self._slack = slack
        self._profiles: Profiles | None = None

    async def profile(self, user_id: str) -> Profile:
        if self._profiles is None:
            from bot.slack.client import web_client
            from bot.slack.profiles import SlackProfiles

            config = self._slack()
            self._profiles = SlackProfiles(web_client(config, config.bot_token))
        return await self._profiles.profile(user_id)
