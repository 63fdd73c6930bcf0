"""The one middleware that every authenticated payload passes: nothing is acknowledged before it is
kept, and nothing is kept twice."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from slack_bolt import BoltResponse
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.domain.errors import StoreError
from bot.domain.questions import Origin, ThreadKey
from bot.services.at_work import delivered, working_on
from bot.services.ports import Intake, Meter
from bot.slack.arrivals import Asked, AtOnce, Identity, Ignored, Way
from bot.slack.jobs import Taken, delivery_of, job_of, said_among_people
from bot.slack.parse import Parsed, Parser

log = structlog.get_logger(__name__)

Engaged = Callable[[ThreadKey], Awaitable[bool]]
"""Whether the bot is part of a thread: what it took on there or has said there; or whether it was
told to leave it. `StoreError`."""

_ARRIVAL = "arrival"
_EVENT = "event"
_TRY_LATER = 503
_RETRY = "x-slack-retry-num"  # Bolt sets it in Socket Mode as well, to 0 the first time
_KINDS = {
    "block_actions": "press",
    "block_suggestion": "typing",
    "message_action": "shortcut",
    "shortcut": "shortcut",
    "view_submission": "form",
}
Kind = TypeVar("Kind")


@dataclass
class Inbox:
    """Whatever is nothing for us is acknowledged too: Slack counts a 404 as our failure.

    What could not be kept is answered 500 (in Socket Mode with no acknowledgement at all), so that
    Slack delivers it again. `is_open` False: the process is about to end and keeps nothing more.
    """

    parser: Parser
    intake: Intake
    engaged: Engaged
    meter: Meter
    keeps_out: Engaged
    origin: Origin = Origin.SLACK
    clock: Callable[[], float] = time.monotonic
    is_open: bool = True

    async def receive(
        self,
        body: Mapping[str, Any],
        request: AsyncBoltRequest,
        context: AsyncBoltContext,
        next_: Callable[[], Awaitable[Any]],
    ) -> BoltResponse | None:
        began, kind = self.clock(), _kind_of(body)
        if not self.is_open:
            self.meter.delivery(kind, "refused", self.clock() - began)
            return BoltResponse(status=_TRY_LATER)
        arrival = self.parser.parse(body, identity_of(context))
        if isinstance(arrival, Ignored):
            log.debug("slack.ignored", reason=arrival.reason)
            self.meter.delivery(kind, "ignored", self.clock() - began)
            return BoltResponse(status=200)
        if isinstance(arrival, AtOnce):
            self.meter.delivery(kind, "taken", self.clock() - began)
            context[_ARRIVAL] = arrival
            await next_()
            return None
        with working_on(arrival.key):
            outcome = await self._outcome(arrival, str(body.get("event_id") or ""))
            if outcome == "duplicate" and _is_twin(arrival, request):
                outcome = "twin"
            seconds = self.clock() - began
            self.meter.delivery(kind, outcome, seconds)
            delivered(arrival.key, kind, outcome, seconds)
            log.info("slack.delivered", kind=kind, outcome=outcome)
        if outcome == "refused":
            return BoltResponse(status=500)
        if outcome != "taken" or kind == _EVENT:
            # No listener has more to do for an event, and Bolt asks each of them whether it would.
            return BoltResponse(status=200)
        context[_ARRIVAL] = arrival
        await next_()
        return None

    async def _outcome(self, arrival: Taken, event_id: str) -> str:
        """taken, duplicate, ignored or refused."""
        try:
            if await self._is_talk_among_people(arrival):
                return "ignored"
            delivery = delivery_of(arrival, event_id, self.origin)
            taken = await self.intake.take(job_of(arrival), delivery)
        except StoreError as error:
            log.error("slack.not_kept", error=str(error))
            return "refused"
        return "taken" if taken else "duplicate"

    async def _is_talk_among_people(self, arrival: Taken) -> bool:
        """Found out by one look that leaves nothing behind."""
        thread = said_among_people(arrival)
        if thread is None:
            return False
        if not await self.engaged(thread):
            return True
        return isinstance(arrival, Asked) and await self.keeps_out(thread)


def _is_twin(arrival: Taken, request: AsyncBoltRequest) -> bool:
    """Whether this is the other event of one mention: Slack sends an app_mention and a message,
    in no sure order, and numbers what it delivers again."""
    again = request.headers.get(_RETRY, ["0"])[0] != "0"
    return isinstance(arrival, Asked) and arrival.way is Way.MENTION and not again


def _kind_of(body: Mapping[str, Any]) -> str:
    """What came, in few words: figures are kept for each."""
    if "event" in body:
        return _EVENT
    if "command" in body:
        return "command"
    return _KINDS.get(str(body.get("type")), "other")


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


def arrival_of(context: AsyncBoltContext) -> Parsed | None:
    """What was taken on from this request; None where nothing was."""
    found: Parsed | None = context.get(_ARRIVAL)
    return found
