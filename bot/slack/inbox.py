"""The one middleware that every authenticated payload passes: parsed here, taken on once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import structlog
from slack_bolt import BoltResponse
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import Arrival, Asked, Identity, Ignored, Way
from bot.slack.once import Once
from bot.slack.parse import Parser

log = structlog.get_logger(__name__)

_ARRIVAL = "arrival"
Kind = TypeVar("Kind")


class Inbox:
    """Whatever is nothing for us is acknowledged here: Slack counts a 404 as our failure."""

    def __init__(self, parser: Parser, once: Once) -> None:
        self._parser = parser
        self._once = once

    async def receive(
        self,
        body: Mapping[str, Any],
        context: AsyncBoltContext,
        next_: Callable[[], Awaitable[None]],
    ) -> BoltResponse | None:
        arrival = self._parser.parse(body, identity_of(context))
        if isinstance(arrival, Ignored):
            log.debug("slack.ignored", reason=arrival.reason)
            return BoltResponse(status=200)
        if not self._once.claim(arrival.key):
            log.debug("slack.duplicate", key=arrival.key)
            return BoltResponse(status=200)
        context[_ARRIVAL] = arrival
        await next_()
        return None

    def give_back(self, context: AsyncBoltContext) -> None:
        """The arrival was not taken on: Slack's next delivery of it counts."""
        arrival = arrival_of(context)
        if arrival is not None and not isinstance(arrival, Ignored):
            self._once.release(arrival.key)


def identity_of(context: AsyncBoltContext) -> Identity:
    """Who the bot is, as Bolt found out when it authorised the request."""
    found = context.authorize_result
    if found is None:
        return Identity("", "", "")
    return Identity(
        user_id=found.bot_user_id or "",
        bot_id=found.bot_id or "",
        team_id=found.team_id or "",
        enterprise_id=found.enterprise_id or "",
    )


def arrived(context: AsyncBoltContext, kind: type[Kind]) -> Kind:
    """What this request is, for a listener that was registered for nothing else."""
    arrival = context[_ARRIVAL]
    if not isinstance(arrival, kind):
        raise TypeError(f"a listener for {kind.__name__} was given {type(arrival).__name__}")
    return arrival


def arrival_of(context: AsyncBoltContext) -> Arrival | None:
    found: Arrival | None = context.get(_ARRIVAL)
    return found


def came_by(way: Way) -> Callable[..., Awaitable[bool]]:
    """A matcher for questions that came this way."""

    async def matches(context: AsyncBoltContext) -> bool:
        arrival = arrival_of(context)
        return isinstance(arrival, Asked) and arrival.way is way

    return matches
