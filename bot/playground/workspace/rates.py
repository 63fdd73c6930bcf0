"""How often each method may be called: Slack's tiers, per method or, for posting, per channel."""

from __future__ import annotations

import math
from collections import deque

from bot.playground.workspace.clock import Clock
from bot.playground.workspace.methods import Method, Tier
from bot.playground.workspace.values import Json


class Rates:
    """Remembers the calls of the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}

    def wait(self, method: Method | None, arguments: Json) -> int:
        """Seconds to wait before this call would be taken; 0 takes it, and counts it."""
        if method is None:
            return 0
        key, most, span = method.name, int(method.tier), 60.0
        if method.tier is Tier.POSTING:
            key, most, span = f"{key}:{arguments.get('channel')}", 1, 1.0
        now = self._clock.now()
        calls = self._calls.setdefault(key, deque())
        while calls and calls[0] <= now - span:
            calls.popleft()
        if len(calls) >= most:
            return max(1, math.ceil(calls[0] + span - now))
        calls.append(now)
        return 0
