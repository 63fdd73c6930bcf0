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
from bot.services.access_ports import Directory
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
    directory: Directory | None = None,
) -> People:
    """`slack` is asked for its settings once somebody wants a profile, `directory` for people where
    it knows some."""
    from bot.services.mine import MineService

    is_off = settings.slack.mode is SlackMode.OFF
    profiles: Profiles = NobodyKnown() if is_off else _LateProfiles(slack, directory)
    preferences = SqlPreferences(database, now)
    mine = MineService(seen, profiles, preferences, now, settings.owners)
    return People(preferences, mine, SqlRecentThreads(database), seen)


class _LateProfiles:
    """Slack's library takes a second to import, which an answer at the terminal does not need."""

    def __init__(self, slack: Callable[[], SlackConfig], directory: Directory | None) -> None:
        self._slack = slack
        self._directory = directory
        self._profiles: Profiles | None = None

    async def profile(self, user_id: str) -> Profile:
        if self._profiles is None:
            from bot.slack.belonging import people_of
            from bot.slack.client import web_client
            from bot.slack.profiles import SlackProfiles

            config = self._slack()
            client = web_client(config, config.bot_token)
            self._profiles = SlackProfiles(people_of(self._directory, client))
        return await self._profiles.profile(user_id)
