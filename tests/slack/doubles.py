"""Stands-in for what is behind the desk: answers by script, and records in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.domain.answers import Help, Reply
from bot.domain.conversations import Rating, Turn
from bot.domain.errors import BadRequest
from bot.domain.questions import Intent, Question, ThreadKey
from bot.services.ports import DurableSteps, ReplyChannel

Script = Callable[[Question, ReplyChannel], Awaitable[Reply | None]]
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class MemoryRecords:
    """Turns and ratings, as the store keeps them."""

    def __init__(self) -> None:
        self.turns: dict[str, Turn] = {}
        self.ratings: dict[tuple[str, str], Rating] = {}
        self.is_gone: Callable[[Question], bool] = lambda _: False
        self.rated: Callable[[Rating], Awaitable[None]] | None = None

    def add(self, turn: Turn) -> None:
        """Nothing is kept of what was deleted since."""
        if not self.is_gone(turn.question):
            self.turns[turn.id] = turn

    async def turn(self, turn_id: str) -> Turn | None:
        return self.turns.get(turn_id)

    def has_thread(self, thread: ThreadKey) -> bool:
        return any(turn.question.thread == thread for turn in self.turns.values())

    async def rate(self, rating: Rating) -> None:
        self.ratings[rating.turn_id, rating.user_id] = rating
        if self.rated is not None:
            await self.rated(rating)


async def say_help(question: Question, channel: ReplyChannel) -> Reply | None:
    return Help("ref-help", ("production",))


@dataclass
class ScriptedAnswers:
    """Answers each question by `script`, posts the reply and keeps the turn."""

    records: MemoryRecords
    script: Script = say_help
    asked: list[Question] = field(default_factory=list)
    picked: list[tuple[str, int]] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until_asked(self, questions: int) -> None:
        """Waits for so many questions; fails where they do not come."""
        async with self._moved, asyncio.timeout(20):
            await self._moved.wait_for(lambda: len(self.asked) >= questions)

    async def handle(
        self, question: Question, channel: ReplyChannel, steps: DurableSteps
    ) -> Turn | None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        async with self._moved:
            self.asked.append(question)
            self._moved.notify_all()
        try:
            reply = await self.script(question, channel)
        finally:
            self.under_way -= 1
        if reply is None:
            return None
        ts = await channel.post(reply, question.id)
        turn = Turn(question.id, question, Intent.DIAGNOSE, reply, None, NOW, 0.1, ts)
        self.records.add(turn)
        return turn

    async def pick(
        self,
        turn_id: str,
        option: int,
        question: Question,
        channel: ReplyChannel,
        steps: DurableSteps,
    ) -> Turn | None:
        self.picked.append((turn_id, option))
        if turn_id not in self.records.turns:
            raise BadRequest("I no longer have that list. Please ask again.")
        return await self.handle(replace(question, intent=Intent.DIAGNOSE), channel, steps)


def always(*replies: Reply) -> Script:
    """Answers with these; all but the last are posted first and then refined."""

    async def script(question: Question, channel: ReplyChannel) -> Reply | None:
        for reply in replies[:-1]:
            await channel.post(reply, question.id)
        return replies[-1]

    return script


@dataclass
class Gate:
    """A script that waits until it is let go."""

    reply: Reply
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, question: Question, channel: ReplyChannel) -> Reply | None:
        self.entered.set()
        await self.let_go.wait()
        return self.reply
