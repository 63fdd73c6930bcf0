"""Carries what people say between the thread of those who asked and that of those on call.

Messages of apps never arrive here, so what was carried is not carried back. Each is posted once
under a key made of where it was said, whatever is tried again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.domain.escalations import Escalation, Party
from bot.domain.questions import ThreadKey
from bot.domain.work import Retry
from bot.services.escalation_ports import Card, Escalations
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Asked, Place
from bot.slack.escalation_saying import say_soon
from bot.slack.escalation_values import Relayed
from bot.slack.posts import ANSWER, Post

_STORE = Retry(attempts=10, pause=1.0, seconds=15.0)
_PARTIES = 100
_FROM_CARD, _FROM_ASKER = "from those on call", "from the thread that asked"

NameOf = Callable[[str], Awaitable[str]]
"""What somebody is called; "" where Slack does not say. Never raises."""


@dataclass(frozen=True, slots=True)
class Bridge:
    escalations: Escalations
    name_of: NameOf

    async def relay(self, asked: Asked, steps: DurableSteps) -> bool:
        """Whether what was said belongs to an escalation, and was carried over."""
        thread = asked.question.thread
        if thread.thread == asked.question.message_ts:
            return False  # it opens a thread, which nothing can be about yet
        look = partial(self.escalations.of_thread, thread)
        found: Sequence[Escalation] = await steps.run("bridged", look, _STORE)
        if not found:
            return False
        user = asked.place.user
        name = await steps.run("name", partial(self.name_of, user))
        for escalation in found:
            await self._carry(escalation, asked, name or user, steps)
        return True

    async def _carry(
        self, escalation: Escalation, asked: Asked, name: str, steps: DurableSteps
    ) -> None:
        card: Card | None = await steps.run(
            "card", partial(self.escalations.card, escalation.id), _STORE
        )
        if card is None:
            return
        thread = asked.question.thread
        if (card.channel, card.ts) != (thread.channel, thread.thread):
            place = Place(card.channel, "", card.ts)
            await self._say(asked, name, _FROM_ASKER, place, escalation, steps)
            return
        for party in await self._parties(escalation, steps):
            place = Place(party.thread.channel, "", party.thread.thread)
            await self._say(asked, name, _FROM_CARD, place, escalation, steps)

    async def _parties(self, escalation: Escalation, steps: DurableSteps) -> list[Party]:
        found: list[Party] = []
        while True:
            page = partial(self.escalations.parties, escalation.id, _PARTIES, len(found))
            parties: Sequence[Party] = await steps.run("parties", page, _STORE)
            found += parties
            if len(parties) < _PARTIES:
                return found

    async def _say(
        self,
        asked: Asked,
        name: str,
        side: str,
        place: Place,
        escalation: Escalation,
        steps: DurableSteps,
    ) -> None:
        question = asked.question
        key = f"relay:{question.id}:{escalation.id}:{place.channel}:{place.thread}"
        content = Relayed(name, question.text, side, asked.files)
        await say_soon(
            Post(key, ANSWER, place, content, workspace=question.thread.workspace), steps
        )


async def is_bridged(escalations: Escalations, thread: ThreadKey) -> bool:
    """Whether what people say there is to be heard."""
    return bool(await escalations.of_thread(thread))
