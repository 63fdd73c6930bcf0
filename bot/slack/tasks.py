"""A desk that works in background tasks of this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from bot.domain.answers import Diagnosis
from bot.domain.conversations import Score
from bot.domain.errors import BadRequest
from bot.domain.questions import Question, ThreadKey
from bot.services.ports import ReplyChannel
from bot.slack.arrivals import Place, RatingPress
from bot.slack.blocks.evidence import evidence_card
from bot.slack.blocks.forms import rating_form
from bot.slack.blocks.logs import excerpt_card, excerpt_file
from bot.slack.channel import Channel, notice
from bot.slack.desk import Answers, Records
from bot.slack.door import Door
from bot.slack.replies import Replies

Engaged = Callable[[ThreadKey], Awaitable[bool]]
Work = Callable[[Question, ReplyChannel], Awaitable[object]]
_THANKS = "Thanks, noted. You can change your mind with the other thumb."
_GONE = "I no longer have that answer. Please ask the question again."


class TaskDesk:
    """One turn at a time in each thread, `turns_at_once` in all."""

    def __init__(
        self,
        answers: Answers,
        records: Records,
        engaged: Engaged,
        replies: Replies,
        door: Door,
        turns_at_once: int,
    ) -> None:
        self._answers = answers
        self._records = records
        self._engaged = engaged
        self._replies = replies
        self._door = door
        self._slots = asyncio.Semaphore(turns_at_once)
        self._lines = _Lines()
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question, place: Place) -> None:
        self._start(self._turn(question, place, self._answers.handle))

    async def ask_if_engaged(self, question: Question, place: Place) -> None:
        self._start(self._turn_if_engaged(question, place))

    async def pick(self, turn_id: str, option: int, question: Question, place: Place) -> None:
        async def work(asked: Question, channel: ReplyChannel) -> object:
            return await self._answers.pick(turn_id, option, asked, channel)

        self._start(self._turn(question, place, work))

    async def evidence(self, turn_id: str, place: Place) -> None:
        self._start(self._privately(place, self._show_evidence(turn_id, place)))

    async def log_excerpt(self, turn_id: str, place: Place) -> None:
        self._start(self._privately(place, self._show_log(turn_id, place)))

    async def rate(self, press: RatingPress) -> None:
        self._start(self._privately(press.place, self._keep(press)))

    async def close(self, farewell: float) -> None:
        """Waits `farewell` seconds for what is under way, then tells the askers of the rest."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=farewell)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def idle(self) -> None:
        """Returns once nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        # The loop holds tasks weakly; one that nobody else holds may vanish in mid-turn.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _turn_if_engaged(self, question: Question, place: Place) -> None:
        try:
            # A first question still being worked on engages the bot, though nothing is stored.
            engaged = self._lines.busy(question.thread) or await self._engaged(question.thread)
        except Exception as error:
            # Nobody called the bot, so nobody is told.
            self._door.note(error)
            return
        if engaged:
            await self._turn(question, place, self._answers.handle)

    async def _turn(self, question: Question, place: Place, work: Work) -> None:
        """One question from acknowledgement to answer; every failure ends at the door."""
        channel: Channel = self._replies.private(place)
        try:
            question, channel = await self._replies.open(question, place)
            async with self._lines.join(question.thread) as line:
                # A remark that calls nobody is acknowledged once it turns out to be for us.
                if question.is_addressed:
                    await channel.acknowledge()
                async with line, self._slots:
                    earlier = await self._replies.earlier(question)
                    await work(replace(question, earlier=earlier), channel)
        except asyncio.CancelledError:
            if not channel.answered:
                await self._door.stopped(channel)
            raise
        except Exception as error:
            await self._excuse(error, channel)
        finally:
            await channel.close()

    async def _excuse(self, error: Exception, channel: Channel) -> None:
        """An answer that stands already is not followed by an apology for what came after it."""
        if channel.answered:
            self._door.note(error)
        else:
            await self._door.apologise(error, channel)

    async def _privately(self, place: Place | None, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:
            if place is None:
                self._door.note(error)
            else:
                await self._door.apologise(error, self._replies.private(place))

    async def _diagnosis(self, turn_id: str) -> Diagnosis:
        turn = await self._records.turn(turn_id)
        if turn is None or not isinstance(turn.reply, Diagnosis):
            raise BadRequest(_GONE)
        return turn.reply

    async def _show_evidence(self, turn_id: str, place: Place) -> None:
        diagnosis = await self._diagnosis(turn_id)
        await self._replies.outgoing.whisper(place, evidence_card(diagnosis))

    async def _show_log(self, turn_id: str, place: Place) -> None:
        """As a file in the thread; as text where files are refused or the bot is no member."""
        diagnosis = await self._diagnosis(turn_id)
        excerpt = excerpt_file(diagnosis.target, diagnosis.log_lines, diagnosis.lines_read)
        sent = not place.is_private and await self._replies.gestures.upload(place, *excerpt)
        if not sent:
            await self._replies.outgoing.whisper(place, excerpt_card(diagnosis))

    async def _keep(self, press: RatingPress) -> None:
        rating, asked_why = press.rating, False
        if rating.score is Score.DOWN and press.trigger_id:
            # First of all: the trigger is good for three seconds.
            form = rating_form(rating.turn_id)
            asked_why = await self._replies.gestures.open_form(press.trigger_id, form)
        await self._records.rate(rating)
        if press.place is not None and not asked_why:
            await self._replies.outgoing.whisper(press.place, notice(_THANKS))


class _Lines:
    """Who is in which thread; a thread nobody is in takes no memory."""

    def __init__(self) -> None:
        self._locks: dict[ThreadKey, tuple[asyncio.Lock, int]] = {}

    def busy(self, thread: ThreadKey) -> bool:
        return thread in self._locks

    @asynccontextmanager
    async def join(self, thread: ThreadKey) -> AsyncIterator[asyncio.Lock]:
        """Yields the lock that lets one in at a time, in the order of arrival."""
        lock, present = self._locks.get(thread, (asyncio.Lock(), 0))
        self._locks[thread] = (lock, present + 1)
        try:
            yield lock
        finally:
            _, present = self._locks[thread]
            if present == 1:
                del self._locks[thread]
            else:
                self._locks[thread] = (lock, present - 1)
