"""Questions that the bot alone has answered: a human is called where nobody reacts to that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.domain.escalation_rules import UNANSWERED
from bot.domain.work import Job, Priority, Queue, Retry
from bot.services.escalate import Escalator
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Asked
from bot.slack.gestures import Gestures

UNREACTED = "escalation_unreacted"
"""The kind of job that looks whether anybody reacted."""
_LOOK = Retry(attempts=4, pause=2.0, seconds=30.0)
_STORE = Retry(attempts=10, pause=1.0, seconds=15.0)
_PAGES = 2
_READ_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Unreacted:
    """The body of such a job: what was answered, and where."""

    turn_id: str
    channel: str
    thread: str


def unreacted_job(asked: Asked, minutes: float) -> Job | None:
    """None where somebody asked the bot: they have their answer, and can ask on."""
    place = asked.place
    if not place.lead or place.thread is None:
        return None
    return Job(
        key=f"{asked.key}:unreacted",
        kind=UNREACTED,
        body=Unreacted(asked.question.id, place.channel, place.thread),
        queue=Queue.LATER,
        share=asked.key,
        priority=Priority.REMARK,
        delay=minutes * 60.0,
    )


@dataclass(frozen=True, slots=True)
class Reactions:
    """Does jobs of kind `UNREACTED`."""

    escalator: Escalator
    gestures: Gestures

    async def work(self, body: Unreacted, steps: DurableSteps) -> None:
        reacted = await steps.run("look", partial(self._somebody_reacted, body), _LOOK)
        if not reacted:
            call = partial(self.escalator.unanswered, body.turn_id, UNANSWERED)
            await steps.run("escalate", call, _STORE)

    async def _somebody_reacted(self, body: Unreacted) -> bool:
        """Also where the question is gone, or may not be looked at: then nobody is called."""
        me = await self.gestures.identity()
        thread = await self.gestures.replies(body.channel, body.thread, _PAGES, _READ_SECONDS)
        if not any(one.get("ts") == body.thread for one in thread):
            return True
        return any(_is_by_people(one, body.thread, me.user_id) for one in thread)


def _is_by_people(message: Mapping[str, Any], root: str, me: str) -> bool:
    """Whether somebody wrote this below the question, or put a reaction on it."""
    reactions: Sequence[Mapping[str, Any]] = message.get("reactions") or ()
    reacted = {user for one in reactions for user in one.get("users") or ()} - {me}
    wrote = message.get("ts") != root and not message.get("bot_id") and message.get("user") != me
    return wrote or bool(reacted)
