"""What Slack says of a person, asked for once for all who want to know something of them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.workspaces import workspace_here

_FRESH = 60.0  # seconds; who wants to rely on it for longer keeps it themselves
_KEPT = 2_000

Key = tuple[str, str]


class SlackPeople:
    """Keeps no refusal: what follows where Slack does not tell is different for everybody."""

    def __init__(self, client: AsyncWebClient, clock: Callable[[], float] = monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known: OrderedDict[Key, tuple[float, Mapping[str, Any]]] = OrderedDict()
        self._asking: dict[Key, asyncio.Task[Mapping[str, Any]]] = {}

    async def user(self, user_id: str) -> Mapping[str, Any]:
        """As `users.info` has them, with their locale. Raises what Slack says; whoever waits for
        it no longer leaves it to the others."""
        key = (workspace_here(), user_id)
        known = self._known.get(key)
        if known is not None and self._clock() - known[0] < _FRESH:
            return known[1]
        task = self._asking.get(key)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = self._asking[key] = asyncio.create_task(self._ask(key))
            task.add_done_callback(lambda done: self._asked(key, done))
        return await asyncio.shield(task)

    async def _ask(self, key: Key) -> Mapping[str, Any]:
        reply = await self._client.users_info(user=key[1], include_locale=True)
        found: Mapping[str, Any] = reply.get("user") or {}
        self._known[key] = (self._clock(), found)
        self._known.move_to_end(key)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return found

    def _asked(self, key: Key, done: asyncio.Task[Mapping[str, Any]]) -> None:
        if self._asking.get(key) is done:
            del self._asking[key]
        if not done.cancelled():
            # There may be nobody left who waits for it.
            done.exception()
