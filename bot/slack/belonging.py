"""Who belongs to what, as the workspace says; kept for a while, since rules ask it all the time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import MayNotAsk, NotTold
from bot.services.access_ports import Member
from bot.services.ports import Meter
from bot.slack.client import web_client
from bot.slack.config import SlackConfig
from bot.slack.people import SlackPeople
from bot.slack.refusals import MAY_NOT_ASK, UNSURE, is_passing, wait_asked_for, word_for
from bot.slack.workspaces import workspace_here

log = structlog.get_logger(__name__)

T = TypeVar("T")

_SECONDS = 3.0  # for one look; whoever waits is somebody with a question
_PAUSES = (1.0, 3.0)  # before the second look, the least and the most
_FRESH = 300.0  # for how long an answer of Slack counts
_REFUSED = 300.0  # for how long a refusal does: scopes change rarely
_TROUBLE = 10.0  # and trouble
_OLD = 3_600.0  # for how long what Slack said counts on while it is in trouble
_KEPT = 10_000  # people, channels and groups
# What Slack says of people who are none of the workspace's own, and of channels that others read.
_GUEST = ("is_restricted", "is_ultra_restricted", "is_stranger")
_SHARED = ("is_ext_shared", "is_pending_ext_shared")


@dataclass(frozen=True, slots=True)
class _Known:
    value: Any
    until: float
    error: str = ""
    said_at: float = 0.0


class SlackBelonging:
    """The port `Directory`. Answers are kept for some minutes, while Slack is in trouble for an
    hour; so long somebody who left a group may still have its rights. Needs `usergroups:read` for
    groups, `channels:read` and `groups:read` for channels, `users:read` for people. What else is to
    be known of `people` can be asked there."""

    def __init__(
        self,
        config: SlackConfig,
        meter: Meter | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = web_client(config, config.bot_token, meter)
        self.people = SlackPeople(self._client, clock)
        self._clock = clock
        self._sleep = sleep
        self._known: OrderedDict[tuple[str, str, str], _Known] = OrderedDict()
        self._asking: dict[tuple[str, str, str], asyncio.Task[_Known]] = {}

    async def members(self, group: str) -> frozenset[str]:
        group_id = await self._group_id(group)
        if not group_id:
            return frozenset()

        async def ask() -> frozenset[str]:
            reply = await self._client.usergroups_users_list(usergroup=group_id)
            return frozenset(str(one) for one in reply.get("users") or ())

        return await self._once(("group", group_id), ask)

    async def channel_name(self, channel: str) -> str:
        return str((await self._channel(channel)).get("name") or "")

    async def is_shared(self, channel: str) -> bool:
        found = await self._channel(channel)
        return any(found.get(flag) is True for flag in _SHARED)

    async def creator(self, channel: str) -> str:
        return str((await self._channel(channel)).get("creator") or "")

    async def member(self, user_id: str) -> Member:
        async def ask() -> Member:
            user = await self.people.user(user_id)
            admin = any(user.get(flag) for flag in ("is_admin", "is_owner", "is_primary_owner"))
            is_guest = any(user.get(flag) is True for flag in _GUEST)
            return Member(user_id, bool(admin), is_guest)

        return await self._once(("user", user_id), ask)

    async def _group_id(self, group: str) -> str:
        if not group.startswith("@"):
            return group

        async def ask() -> Mapping[str, str]:
            reply = await self._client.usergroups_list()
            groups = reply.get("usergroups") or ()
            return {str(one.get("handle")): str(one.get("id")) for one in groups}

        return (await self._once(("handles", ""), ask)).get(group[1:], "")

    async def _channel(self, channel: str) -> Mapping[str, Any]:
        async def ask() -> Mapping[str, Any]:
            reply = await self._client.conversations_info(channel=channel)
            return reply.get("channel") or {}

        return await self._once(("channel", channel), ask)

    async def _once(self, what: tuple[str, str], ask: Callable[[], Awaitable[T]]) -> T:
        """What is known, or what Slack says; many who ask at once ask it once."""
        key = (workspace_here(), *what)
        known: _Known | None = self._known.get(key)
        if known is None or known.until <= self._clock():
            task = self._asking.get(key)
            if task is None or task.get_loop() is not asyncio.get_running_loop():
                task = asyncio.create_task(self._ask(key, ask))
                self._asking[key] = task
                task.add_done_callback(lambda _: self._asking.pop(key, None))
            known = await asyncio.shield(task)
        if known.error:
            refused = MayNotAsk if known.error in MAY_NOT_ASK else NotTold
            raise refused(f"Slack does not tell the {what[0]} {what[1]}: {known.error}.")
        value: T = known.value
        return value

    def _without_answer(self, key: tuple[str, str, str], error: Exception) -> _Known:
        now, last = self._clock(), self._known.get(key)
        if not is_passing(error):
            return _Known(None, now + _REFUSED, word_for(error))
        if last is not None and not last.error and now - last.said_at < _OLD:
            return replace(last, until=now + _TROUBLE)
        return _Known(None, now + _TROUBLE, word_for(error))

    async def _ask(self, key: tuple[str, str, str], ask: Callable[[], Awaitable[Any]]) -> _Known:
        try:
            value = await self._said(ask, is_new=key not in self._known)
            known = _Known(value, self._clock() + _FRESH, said_at=self._clock())
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.directory_unknown", what=key[1], error=word_for(error))
            known = self._without_answer(key, error)
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return known

    async def _said(self, ask: Callable[[], Awaitable[T]], *, is_new: bool) -> T:
        """Of whom nothing was ever known, Slack is asked twice: what rests on nothing is denied,
        and many a trouble is over in a moment."""
        try:
            async with asyncio.timeout(_SECONDS):
                return await ask()
        except (SlackClientError, *UNSURE) as error:
            if not (is_new and is_passing(error)):
                raise
            least, most = _PAUSES
            await self._sleep(min(max(wait_asked_for(error), least), most))
        async with asyncio.timeout(_SECONDS):
            return await ask()


def people_of(directory: object, client: AsyncWebClient) -> SlackPeople:
    """Those of `directory` where it asks Slack, so that each is asked for once."""
    return directory.people if isinstance(directory, SlackBelonging) else SlackPeople(client)
