"""No answer is silent: what ended as failed without a word is apologised for, once.

Work that breaks while it is done says so itself. This is for what could not: work that this
version cannot read, that killed every process which took it up, or whose own apology failed. An
answer that stands by then stays, and no longer says that a model is about to add to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import structlog

from bot.domain.dead_letters import DeadLetter, Unfinished
from bot.domain.errors import StoreError
from bot.domain.work import FOR_A_DAY, Job, Queue, again
from bot.services.no_meter import NoMeter
from bot.services.ports import DurableSteps, Meter

SORRY = "sorry"
"""The kind of job that tells of a dead letter; its key begins with it as well."""

UNFINISHED = "unfinished"
"""The kind of job that takes the sign of work from an answer that stands; its key begins with it as
well."""

AT_A_TIME = 20

_UNREADABLE = "unreadable"

log = structlog.get_logger(__name__)


class DeadLetters(Protocol):
    """Where work, and what was said about it, is written down."""

    async def unanswered(self, since: datetime, limit: int) -> Sequence[DeadLetter]:
        """Failed work taken on since then, oldest first, of which nothing was said and which no
        job of the kind `SORRY` has taken up, but for those that failed. Work for which
        `HANDED_IN` of them failed is left out. Raises `StoreError`."""
        ...

    async def unfinished(self, since: datetime, limit: int) -> Sequence[Unfinished]:
        """Answers that stand though the work on them, taken on since then, has failed, oldest
        first. Those which a job of the kind `UNFINISHED` has taken up are left out like above, each
        revision by itself: work that is tried again may come to another. Raises `StoreError`."""
        ...

    async def untold(self, since: datetime) -> Mapping[str, int]:
        """Failed work since then on reported failures, alerts and escalations, by its first key,
        each with how many jobs have failed for it: all that there were, and fewer than `HANDED_IN`.
        Nobody waits for it, but people are to hear what it brings. Raises `StoreError`."""
        ...


class Apologies(Protocol):
    async def say(self, letter: DeadLetter, work: Job | None, steps: DurableSteps) -> bool:
        """Says so where an answer was to go, unless something stands there; False where nobody is
        known to say it to. `work` is what the letter is about, None where it cannot be read."""
        ...


def sorry_key(key: str, failed: int = 0) -> str:
    """The key of the job that tells of the dead letter `key`, where so many have failed before."""
    return again(f"{SORRY}:{key}", failed)


def unfinished_key(name: str, failed: int = 0) -> str:
    """The same for the job that sees to the unfinished answer of this name."""
    return again(f"{UNFINISHED}:{name}", failed)


class DeadLetterService:
    """`read` gives work as it was handed in, `start` hands in a job, once under its key; both raise
    `StoreError`. Letters older than `keep` are past telling. `has_model`: its words are to follow
    on answers. `settle` has what to do about the bodies of dead letters of some kinds, beside
    telling."""

    def __init__(
        self,
        letters: DeadLetters,
        apologies: Apologies,
        *,
        read: Callable[[str], Awaitable[Job | None]],
        start: Callable[[Job], Awaitable[None]],
        now: Callable[[], datetime],
        keep: timedelta,
        meter: Meter | None = None,
        has_model: bool = False,
        settle: Mapping[str, Callable[[Any], Awaitable[None]]] | None = None,
    ) -> None:
        self._letters = letters
        self._apologies = apologies
        self._read = read
        self._start = start
        self._now = now
        self._keep = keep
        self._meter = meter or NoMeter()
        self._has_model = has_model
        self._settle = settle or {}

    async def sweep(self) -> int:
        """Has dead letters told of, at most `AT_A_TIME`; how many. As many unfinished answers are
        seen to where a model's words were to follow, and failed work that nobody waits for is
        handed in again. Raises no `StoreError`: it is repeated."""
        since = self._now() - self._keep
        try:
            for key, failed in (await self._letters.untold(since)).items():
                await self._hand_in_again(key, failed)
            found = await self._letters.unanswered(since, AT_A_TIME)
            for letter in found:
                await self._hand_in(SORRY, sorry_key(letter.key, letter.tries), letter)
            if self._has_model:
                for left in await self._letters.unfinished(since, AT_A_TIME):
                    await self._hand_in(UNFINISHED, unfinished_key(left.name, left.tries), left)
        except StoreError as error:
            log.warning("dead_letters_not_swept", error=str(error))
            return 0
        return len(found)

    async def _hand_in_again(self, key: str, failed: int) -> None:
        work = await self._read(key)
        if work is not None:
            log.warning("work_handed_in_again", key=key, failed=failed)
            await self._start(replace(work, key=again(key, failed), delay=0.0))

    async def _hand_in(self, kind: str, key: str, body: DeadLetter | Unfinished) -> None:
        await self._start(Job(key, kind, body, Queue.LATER, share=key, part_of=body.key))

    async def tell(self, letter: DeadLetter, steps: DurableSteps) -> None:
        """Does jobs of the kind `SORRY`."""
        work = await steps.run("read", partial(self._read, letter.key), FOR_A_DAY)
        kind = work.kind if work is not None else _UNREADABLE
        log.error("dead_letter", kind=kind)
        if work is not None and (settle := self._settle.get(kind)) is not None:
            await steps.run("settle", partial(settle, work.body), FOR_A_DAY)
        is_told = await self._apologies.say(letter, work, steps)
        self._meter.dead_letter(kind, "told" if is_told else "not_told")
        if not is_told:
            log.error("dead_letter_not_told")
