"""The language that somebody has set in Slack, asked for once in a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

import structlog
from slack_sdk.errors import SlackClientError

from bot.slack.people import SlackPeople
from bot.slack.refusals import UNSURE, word_for
from bot.slack.workspaces import workspace_here

log = structlog.get_logger(__name__)

_FRESH = 3_600.0
_SECONDS = 1.5  # a form waits for it, and has to open within three
_KEPT = 10_000


@dataclass
class SlackLocales:
    """The port `Locales`. Without the scope for it nobody's is known."""

    people: SlackPeople
    clock: Callable[[], float] = monotonic
    _known: OrderedDict[tuple[str, str], tuple[float, str]] = field(default_factory=OrderedDict)

    async def locale(self, user_id: str) -> str:
        key = (workspace_here(), user_id)
        known = self._known.get(key)
        if known is not None and self.clock() - known[0] < _FRESH:
            return known[1]
        try:
            async with asyncio.timeout(_SECONDS):
                said = (await self.people.user(user_id)).get("locale")
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.locale_not_read", error=word_for(error))
            said = known[1] if known is not None else ""
        found = said if isinstance(said, str) else ""
        self._known[key] = (self.clock(), found)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return found
