"""Storing and posting a reply, so that neither the store nor a crash costs the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from bot.answering.told_cases import cases_in, without_cases
from bot.domain.answers import Diagnosis, kind_of
from bot.domain.conversations import Turn
from bot.domain.errors import BotError
from bot.domain.work import Retry
from bot.services.discretion import kept_of
from bot.services.ports import ConversationStore, Meter, ReplyChannel, Steps

log = structlog.get_logger(__name__)

# Before the first the asker has nothing to read; behind the second only a model's words wait.
_BEFORE = Retry(attempts=4, pause=0.5, seconds=10.0)
_AFTER = Retry(attempts=5, pause=1.0, seconds=10.0, longest=8.0)


class Publisher:
    """The replies to one question, on their way into the store and to the asker."""

    def __init__(
        self,
        store: ConversationStore,
        meter: Meter,
        now: Callable[[], datetime],
        channel: ReplyChannel,
        steps: Steps,
    ) -> None:
        self._store = store
        self._meter = meter
        self._now = now
        self._channel = channel
        self._steps = steps
        self._is_stored = False
        self._is_counted = False

    async def publish(self, turn: Turn, *, stands: bool) -> Turn:
        """Stores first: buttons may be pressed as soon as the reply is seen.

        A store that refuses costs the buttons until it takes the turn after all, not the answer.
        Of cases it costs the words: only those are shown that are kept with the answer, where the
        end of a case finds them.
        `stands`: no other verdict is to follow, so that this one is counted.
        """
        gone = await self._record(partial(self._store.add_turn, kept_of(turn)), _BEFORE)
        self._is_stored = gone is not None
        return await self._post(_without(turn, gone), counts=stands)

    async def refine(self, turn: Turn) -> Turn:
        """The same reply with more words, in place of the one that was posted."""
        if cases_in(turn.reply):
            turn = _without(turn, await self._record(partial(self._keep, turn), _BEFORE))
        return await self._post(turn, counts=False)

    async def _post(self, turn: Turn, *, counts: bool) -> Turn:
        ts = await self._channel.post(turn.reply, turn.id)
        turn = replace(turn, reply_ts=ts or turn.reply_ts)
        was_stored = self._is_stored

        async def keep() -> Sequence[str]:
            if counts:
                self._count(turn)
            return await (self._keep(turn) if was_stored else self._store.add_turn(kept_of(turn)))

        gone = await self._record(keep, _AFTER)
        self._is_stored = gone is not None or was_stored
        if not gone:
            return turn
        # Whatever ended a case while this was posted may have been before it in the thread.
        kept = _without(turn, gone)
        await self._channel.post(kept.reply, kept.id)
        return kept

    async def _keep(self, turn: Turn) -> Sequence[str]:
        kept = kept_of(turn)
        return await self._store.set_reply(kept.id, kept.reply, kept.reply_ts)

    def _count(self, turn: Turn) -> None:
        """Once, however often the store has to be asked."""
        if self._is_counted:
            return
        self._is_counted = True
        reply = turn.reply
        verdict = reply.verdict.kind.value if isinstance(reply, Diagnosis) else kind_of(reply)
        seconds = seconds_since(turn.question.asked_at, self._now())
        self._meter.answered(verdict, seconds)
        log.info("answered", verdict=verdict, seconds=round(seconds, 1), ts=turn.reply_ts)

    async def _record(
        self, work: Callable[[], Awaitable[Sequence[str]]], retry: Retry
    ) -> Sequence[str] | None:
        """The cases that the store left out; None where it took nothing. Whatever keeps it from
        that does not cost the answer."""

        async def record() -> list[str]:
            return list(await work())

        try:
            return await self._steps.run("record", record, retry)
        except BotError as error:
            log.error("turn_not_stored", error=str(error))
            return None


def _without(turn: Turn, gone: Collection[str] | None) -> Turn:
    """Without these cases; None for all of them."""
    told = cases_in(turn.reply) if gone is None else gone
    return replace(turn, reply=without_cases(turn.reply, told))


def seconds_since(earlier: datetime, later: datetime) -> float:
    """Never negative: the two may come from different clocks."""
    return max(0.0, (later - earlier).total_seconds())
