"""Answers questions that called nobody and that nobody answered, where a channel wants that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from bot.domain.channel_policies import PolicyKey
from bot.domain.questions import Origin, Question, ThreadKey
from bot.domain.work import Job, Priority, Queue, Retry
from bot.questions.overheard import looks_like_question
from bot.services.access_ports import ChannelPolicies
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Asked, Identity, Overheard, Place, Way
from bot.slack.gestures import Gestures
from bot.slack.jobs import UNANSWERED, job_of
from bot.slack.plain import flatten
from bot.slack.reading import moment_of
from bot.words import mark, number, say

log = structlog.get_logger(__name__)

_STORE = Retry(attempts=6, pause=1.0, seconds=15.0)
_LOOK = Retry(attempts=4, pause=2.0, seconds=30.0)
_PAGES = 2
_READ_SECONDS = 8.0
_WHY = mark(
    "Nobody answered this for {minutes} minutes, so I looked into it: this channel's settings ask "
    "me to. Change that with {command} settings."
)


@dataclass(frozen=True, slots=True)
class Overhearing:
    """Does jobs of the kinds "overheard" and "unanswered". `redact` masks secrets; `now` gives
    aware UTC times."""

    policies: ChannelPolicies
    gestures: Gestures
    redact: Callable[[str], str]
    now: Callable[[], datetime]
    origin: Origin = Origin.SLACK
    command: str = "/airflow"

    async def heard(self, overheard: Overheard, steps: DurableSteps) -> None:
        """Comes back to it when the channel's time is over; never, where it wants none of that."""
        minutes = await steps.run("policy", lambda: self._minutes(overheard), _STORE)
        if minutes:
            await steps.start(
                Job(
                    key=f"{overheard.key}:due",
                    kind=UNANSWERED,
                    body=overheard,
                    queue=Queue.LATER,
                    share=overheard.key,
                    priority=Priority.REMARK,
                    delay=minutes * 60.0,
                )
            )

    async def due(self, overheard: Overheard, steps: DurableSteps) -> None:
        """Answers, unless a person has, or the message is gone."""
        asked = await steps.run("look", lambda: self._asked(overheard), _LOOK)
        if asked is not None:
            await steps.start(job_of(asked))

    async def _minutes(self, overheard: Overheard) -> int:
        policy = await self.policies.policy(PolicyKey(overheard.workspace, overheard.channel))
        return 0 if policy.quiet_until(self.now()) else policy.answers_after

    async def _asked(self, overheard: Overheard) -> Asked | None:
        minutes = await self._minutes(overheard)
        if not minutes:
            return None
        me = await self.gestures.identity()
        thread = await self.gestures.replies(overheard.channel, overheard.ts, _PAGES, _READ_SECONDS)
        root = next((one for one in thread if one.get("ts") == overheard.ts), None)
        if root is None or is_answered(thread, overheard, me):
            log.info("overheard.left_alone", gone=root is None)
            return None
        flat = flatten(root, me.user_id)
        if not looks_like_question(flat.text):
            return None
        why = say(_WHY, minutes=number(minutes), command=self.command)
        place = Place(
            overheard.channel, overheard.asker.user_id, overheard.ts, overheard.ts, lead=why
        )
        links = tuple(self.redact(link) for link in flat.links)
        question = self._question(overheard, self.redact(flat.text))
        return Asked(replace(question, links=links), place, Way.MENTION)

    def _question(self, overheard: Overheard, text: str) -> Question:
        return Question(
            id=f"{overheard.workspace}:{overheard.channel}:{overheard.ts}",
            origin=self.origin,
            asker=overheard.asker,
            thread=ThreadKey(overheard.workspace, overheard.channel, overheard.ts),
            message_ts=overheard.ts,
            text=text,
            # As the words were meant when they were said: "today" may be over by now.
            asked_at=moment_of(overheard.ts) or self.now(),
            is_shared=overheard.is_shared,
        )


def is_answered(thread: Sequence[Mapping[str, Any]], overheard: Overheard, me: Identity) -> bool:
    """Whether anybody but its author said something below it, or this bot did. Other bots do not
    count."""
    for message in thread:
        if message.get("ts") == overheard.ts:
            continue
        user = message.get("user")
        if user == me.user_id or message.get("bot_id") == me.bot_id:
            return True
        if user != overheard.asker.user_id and not message.get("bot_id"):
            return True
    return False
