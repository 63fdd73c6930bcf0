"""What the channels of replies have in common, to all and to one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_sdk.errors import SlackClientError

from bot.domain.errors import BotError
from bot.slack.gestures import Gestures
from bot.slack.posting import Poster
from bot.slack.posts import Notice
from bot.slack.refusals import UNSURE
from bot.words import mark, say

LOOKING = mark("Looking into it …")
FAILURES = (SlackClientError, BotError, *UNSURE)
"""Without a sign of work the answer comes all the same."""


def working(words: str) -> Notice:
    return Notice(f"⏳ {say(words)}")


@dataclass(frozen=True, slots=True)
class Kit:
    """What every channel of this process uses. `progress_every` is in seconds."""

    poster: Poster
    gestures: Gestures
    progress_every: float = 3.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
