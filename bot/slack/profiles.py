"""Who somebody is to Slack, asked for once in a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import structlog
from slack_sdk.errors import SlackClientError

from bot.domain.people import Profile
from bot.slack.people import SlackPeople
from bot.slack.refusals import UNSURE, word_for
from bot.slack.workspaces import workspace_here

log = structlog.get_logger(__name__)

_FRESH = 600.0
_SECONDS = 3.0
_KEPT = 2_000


@dataclass
class SlackProfiles:
    """The port `Profiles`. Without the scopes for it a profile has the id alone, or no address."""

    people: SlackPeople
    clock: Callable[[], float] = monotonic
    _known: OrderedDict[tuple[str, str], tuple[float, Profile]] = field(default_factory=OrderedDict)

    async def profile(self, user_id: str) -> Profile:
        key = (workspace_here(), user_id)
        known = self._known.get(key)
        if known is not None and self.clock() - known[0] < _FRESH:
            return known[1]
        try:
            async with asyncio.timeout(_SECONDS):
                found = await self.people.user(user_id)
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.profile_not_read", error=word_for(error))
            return known[1] if known is not None else Profile(user_id)
        profile = _profile(user_id, found)
        self._known[key] = (self.clock(), profile)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return profile


def _profile(user_id: str, user: Mapping[str, Any]) -> Profile:
    shown = user.get("profile") or {}
    said = [user.get("name"), user.get("real_name")]
    said += [shown.get("display_name"), shown.get("real_name")]
    names = dict.fromkeys(name for name in said if isinstance(name, str) and name)
    email = shown.get("email")
    return Profile(user_id, tuple(names), email if isinstance(email, str) else "")
