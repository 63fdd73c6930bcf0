"""Carries what people say between the thread of those who asked and that of those on call.

Messages of apps never arrive here, so what was carried is not carried back. Each is posted once
under a key made of where it was said, whatever is tried again, and changed or taken away with it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bot.domain.escalations import Escalation, Party
from bot.domain.questions import ThreadKey
from bot.domain.work import Queue, Retry
from bot.services.escalation_ports import Card, Escalations
from bot.services.ports import DurableSteps
from bot.services.readers import Everybody
from bot.services.talk import subject_of
from bot.slack.arrivals import Asked, Place, Way
from bot.slack.escalation_readers import ForReaders
from bot.slack.escalation_values import Relayed
from bot.slack.posts import ANSWER, EDITION, Post, message_job
from bot.slack.talk.hearing import Hearing, forget_job
from bot.words import mark, say

_STORE = Retry(attempts=10, pause=1.0, seconds=15.0)
_PARTIES = 100
_FROM_CARD, _FROM_ASKER = mark("from those on call"), mark("from the thread that asked")
_PREFIX = "relay:"
_MENTION = re.compile(r"<@([UW][A-Z0-9]{2,30})>")
_NAMED = 20  # of those whom one message mentions; the others are somebody
_SOMEBODY = mark("somebody")

NameOf = Callable[[str], Awaitable[str]]
"""What somebody is called; "" where Slack does not say. Never raises."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """`hearing` says which words stand where a message was edited or deleted meanwhile;
    `workspace` is that of those on call, where there are several."""

    escalations: Escalations
    name_of: NameOf
    hearing: Hearing | None = None
    readers: ForReaders = field(default_factory=lambda: ForReaders(Everybody()))
    workspace: str = ""

    async def relay(self, asked: Asked, steps: DurableSteps) -> bool:
        """Whether what was said belongs to an escalation: then it was carried over, as far as it
        still stands."""
        thread = asked.question.thread
        if thread.thread == asked.question.message_ts:
            return False  # it opens a thread, which nothing can be about yet
        look = partial(self.escalations.of_thread, thread, over=None)
        found: Sequence[Escalation] = await steps.run("bridged", look, _STORE)
        known = await self._known(asked, found, steps)
        meant = [one for one in found if known.get(one.id, not one.state.is_over)]
        if not meant:
            await self._forget(asked, found, steps)
            return bool(found) and await self._is_of_card(found, thread, steps)
        edition = await self._edition(asked, steps)
        if edition is None:
            return True
        relayed = await self._relayed(asked, steps)
        for escalation in meant:
            await self._carry(escalation, asked, relayed, edition, steps)
        return True

    async def _known(
        self, asked: Asked, found: Sequence[Escalation], steps: DurableSteps
    ) -> Mapping[str, bool]:
        """Of those that are over, whether other words of this message were carried: then these take
        their place. Nothing else is carried any more."""
        over = [one.id for one in found if one.state.is_over]
        if not asked.is_edited or not over or self.hearing is None:
            return {}
        records, begin = self.hearing.records, f"{_PREFIX}{asked.question.id}:"

        async def look() -> Mapping[str, bool]:
            found = await records.belongings(subject_of(asked.question))
            of = {page.key.removeprefix(begin).partition(":")[0] for page in found.pages}
            return {one: one in of for one in over}

        return await steps.run("carried before", look, _STORE)

    async def _is_of_card(
        self, found: Sequence[Escalation], thread: ThreadKey, steps: DurableSteps
    ) -> bool:
        """Whether those on call talk there: not to the bot, unless they call it."""
        for one in found:
            card = await steps.run("card", partial(self.escalations.card, one.id), _STORE)
            if card is not None and (card.channel, card.ts) == (thread.channel, thread.thread):
                return True
        return False

    async def _forget(self, asked: Asked, found: Sequence[Escalation], steps: DurableSteps) -> None:
        """What was said to others, in no thread of an escalation, is none of our business; nor what
        those on call say once it is over."""
        thread = asked.question.thread
        is_aside = asked.way is Way.ASIDE
        if asked.way is Way.FOLLOW_UP and found:
            is_aside = await self._is_of_card(found, thread, steps)
        if is_aside:
            await steps.start(forget_job((asked.question.id,), "aside"))

    async def _edition(self, asked: Asked, steps: DurableSteps) -> int | None:
        """How many wordings there were before; None where these words stand no more."""
        if self.hearing is None:
            return 0
        heard = await self.hearing.hear(
            asked.key, asked.question, asked.place, asked.wording, steps
        )
        return heard[1] if heard is not None else None

    async def _relayed(self, asked: Asked, steps: DurableSteps) -> Relayed:
        """With everybody by name: nobody is called a second time."""
        said = asked.said if asked.said is not None else asked.question.text
        users = [asked.place.user, *_MENTION.findall(said)]
        names = await steps.run("names", partial(self._names, users))
        text = _MENTION.sub(lambda hit: f"@{names.get(hit[1]) or say(_SOMEBODY)}", said)
        return Relayed(names.get(asked.place.user) or say(_SOMEBODY), text, "", asked.files)

    async def _names(self, users: Iterable[str]) -> Mapping[str, str]:
        return {user: await self.name_of(user) for user in list(dict.fromkeys(users))[:_NAMED]}

    async def _carry(
        self,
        escalation: Escalation,
        asked: Asked,
        relayed: Relayed,
        edition: int,
        steps: DurableSteps,
    ) -> None:
        card: Card | None = await steps.run(
            "card", partial(self.escalations.card, escalation.id), _STORE
        )
        if card is None:
            return
        here = asked.question.thread
        if (card.channel, card.ts) != (here.channel, here.thread):
            of_card = self.workspace or here.workspace
            threads = [(ThreadKey(of_card, card.channel, card.ts), "")]
            relayed = replace(relayed, side=_FROM_ASKER)
        else:
            parties = await self._parties(escalation, steps)
            others = [one for one in parties if one.thread != here and not one.is_alone]
            threads = [(one.thread, one.user_id) for one in others]
            relayed = replace(relayed, side=_FROM_CARD)
        for thread, user in threads:
            key = f"{_PREFIX}{asked.question.id}:{escalation.id}:{thread.channel}:{thread.thread}"
            limit = partial(self.readers.relayed, relayed, thread, user)
            content: Relayed = await steps.run("for its readers", limit, _STORE)
            place = Place(thread.channel, "", thread.thread)
            revision = edition * EDITION + ANSWER
            post = Post(key, revision, place, content, workspace=thread.workspace)
            await _say_in_order(post, steps)

    async def _parties(self, escalation: Escalation, steps: DurableSteps) -> list[Party]:
        found: list[Party] = []
        while True:
            page = partial(self.escalations.parties, escalation.id, _PARTIES, len(found))
            parties: Sequence[Party] = await steps.run("parties", page, _STORE)
            found += parties
            if len(parties) < _PARTIES:
                return found


async def _say_in_order(post: Post, steps: DurableSteps) -> None:
    """What was said later stands below, however long the one before takes."""
    job = message_job(post, f"{post.key}:say:{post.revision}")
    line = f"{_PREFIX}{post.place.channel}:{post.place.thread}"
    await steps.start(replace(job, queue=Queue.QUESTIONS, share=line))


def place_of_relay(key: str) -> Place | None:
    """Where the message stands that was carried over under this key; None for other messages."""
    parts = key.removeprefix(_PREFIX).split(":")
    if not key.startswith(_PREFIX) or len(parts) < 6:
        return None
    return Place(parts[4], "", parts[5])


async def is_bridged(escalations: Escalations, thread: ThreadKey) -> bool:
    """Whether what people say there is to be heard: after the end as well, since what was carried
    changes and goes with theirs."""
    return bool(await escalations.of_thread(thread, over=None))
