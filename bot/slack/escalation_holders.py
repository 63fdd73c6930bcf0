"""Tells whoever is to acknowledge an escalation that it is theirs: beside its card, and in a direct
message, since most of them are no members of the channel of those on call."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import structlog

from bot.domain.answers import Diagnosis
from bot.domain.errors import BotError
from bot.domain.escalation_work import EscalationTold, holder_job
from bot.domain.escalations import WAITING, Deed, Escalation, Kind
from bot.domain.questions import ThreadKey
from bot.domain.work import Retry
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Place
from bot.slack.escalation_calling import Calling
from bot.slack.escalation_cards import Cards
from bot.slack.escalation_readers import ForReaders
from bot.slack.escalation_saying import say_soon
from bot.slack.escalation_values import CallOut
from bot.slack.gestures import Gestures
from bot.slack.posts import ANSWER, Post
from bot.slack.workspaces import in_workspace
from bot.words import mark

log = structlog.get_logger(__name__)

_STORE = Retry(attempts=10, pause=1.0, seconds=15.0)
_OPEN = Retry(attempts=5, pause=1.0, seconds=10.0)
_HOLDS = frozenset({Kind.OPENED, Kind.HANDED_ON, Kind.WOKEN})
_OWNED = mark("This is about a Dag of yours. Please acknowledge it there.")
_YOURS = mark("This is yours now. Please acknowledge it there.")


def has_new_holder(escalation: Escalation, deed: Deed) -> bool:
    """Whether the deed gave it to somebody who has not acknowledged it yet."""
    is_given = deed.kind in _HOLDS and escalation.state in WAITING
    return is_given and bool(escalation.responder)


@dataclass(frozen=True, slots=True)
class Holders:
    calling: Calling
    cards: Cards
    gestures: Gestures
    readers: ForReaders

    async def soon(self, escalation: Escalation, deed: Deed, steps: DurableSteps) -> None:
        """Has them told: after the quiet hours where no person gave it to them."""
        wait = partial(self._wait, escalation, deed)
        delay = await steps.run("wait for holder", wait) if deed.kind is Kind.OPENED else 0.0
        await steps.start(holder_job(escalation, deed, delay))

    async def tell(
        self, escalation: Escalation, body: EscalationTold, workspace: str, steps: DurableSteps
    ) -> None:
        """In a direct message, with what they may see of it; not where Slack gives them none."""
        try:
            with in_workspace(workspace):
                direct = partial(self.gestures.direct, body.holder)
                channel = await steps.run("open direct", direct, _OPEN)
        except BotError as error:
            log.warning("escalation.holder_not_told", error=str(error))
            return
        link = await steps.run("card link", partial(self.cards.link, escalation.id))
        diagnosis = await steps.run(
            "find answer", partial(self.cards.diagnosis, escalation), _STORE
        )
        title = await steps.run(
            "for the holder",
            partial(self._title, escalation, diagnosis, workspace, channel, body.holder),
            _STORE,
        )
        words = _OWNED if body.deed.kind is Kind.OPENED else _YOURS
        said = CallOut(words, title=title, link=link)
        key = f"escalation:{escalation.id}:holder:{body.deed.key}"
        place = Place(channel, body.holder)
        await say_soon(Post(key, ANSWER, place, said, workspace=workspace), steps)

    async def _title(
        self,
        escalation: Escalation,
        diagnosis: Diagnosis | None,
        workspace: str,
        channel: str,
        user: str,
    ) -> str:
        thread = ThreadKey(workspace, channel, "")
        return await self.readers.title(escalation, diagnosis, thread, user)

    async def _wait(self, escalation: Escalation, deed: Deed) -> float:
        now = self.calling.pages.now()
        at = self.calling.escalator.policy.called_at(max(deed.at, now), escalation.severity)
        return max(0.0, (at - now).total_seconds())
