"""Opens the right channel for a question, and reads what was said in its thread before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.questions import Author, EarlierMessage, Question
from bot.domain.work import Retry
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Identity, Place
from bot.slack.channel import Channel, ThreadChannel
from bot.slack.channel_kit import LOOKING, Kit, working
from bot.slack.confiding import ConfidingChannel, OpenChannel
from bot.slack.limits import Limit
from bot.slack.plain import flatten
from bot.slack.posts import NEVER, WORKING, Post, order_of
from bot.slack.presses import Words
from bot.slack.reading import Redact
from bot.slack.refusals import SlackRefused
from bot.slack.saying import Saying
from bot.slack.whispering import WhisperChannel

_PAGES = 5
_NO_WORDS = Words("")
_KEPT = 40  # messages: the head of the thread, where an alert stands, and the newest
_EARLIER_TEXT = Limit(6_000)
_READ_SECONDS = 5.0
_OPEN = Retry(attempts=5, pause=1.0, seconds=10.0)
_POLICY = Retry(attempts=10, pause=1.0, seconds=15.0)


Whispers = Callable[[Question], Awaitable[bool]]
"""Whether what has no thread yet is answered to its asker alone."""


async def never(question: Question) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Replies:
    """`redact` masks secrets in what is read back from a thread."""

    kit: Kit
    redact: Redact
    whispers: Whispers = never

    async def open(
        self,
        question: Question,
        place: Place,
        work: str,
        steps: DurableSteps,
        edition: int = 0,
    ) -> tuple[Question, OpenChannel]:
        """The channel for `question`; `work` is the key of the work on it, `edition` counts its
        earlier wordings. A command opens a thread
        of its own: the question then belongs to that thread, so that follow-ups there find it.
        Where the bot is no member it answers in private.

        Raises `SlackRefused` where nothing can be said at all.
        """
        words = Words(question.text, question.links)
        saying = Saying(steps, question.thread.workspace, work, edition)
        if place.is_private:
            # In place of the private card that was pressed; a private command is answered at once.
            pressed = place.thread is not None
            aside = WhisperChannel(
                self.kit, saying, place, words, question.id, shows_work=pressed, replaces=pressed
            )
            return replace(question, is_private=True), aside
        if not place.channel:
            question, place = await self._directly(question, place, steps)
        if place.thread is not None and not place.may_be_closed:
            # Work on the wording before may have left a sign.
            left = edition > 0
            thread = ThreadChannel(self.kit, saying, place, words, question.id, resumed=left)
            return question, self._confiding(thread)
        aside = self._aside(saying, place, words, question.id)
        if not question.is_direct and await self._is_whispered(question, steps):
            return replace(question, is_private=True), aside
        opening = Post(
            question.id,
            WORKING,
            place,
            working(LOOKING),
            turn_id=question.id,
            may_be_refused=True,
        )
        sent = await saying.say(opening)
        if sent.ts is None:
            if place.response_url is None:
                raise SlackRefused(sent.refusal)
            return replace(question, is_private=True), aside
        root = place.thread or sent.ts
        place = replace(place, thread=root)
        channel = ThreadChannel(self.kit, saying, place, words, question.id, opened=True)
        question = replace(question, thread=replace(question.thread, thread=root))
        return question, self._confiding(channel)

    async def _is_whispered(self, question: Question, steps: DurableSteps) -> bool:
        return await steps.run("policy", lambda: self.whispers(question), _POLICY)

    def _aside(self, saying: Saying, place: Place, words: Words, key: str) -> WhisperChannel:
        """By the address that came with what was asked, where there is one: it reaches the asker
        also where the bot is no member."""
        place = replace(place, is_private=place.response_url is not None)
        return WhisperChannel(self.kit, saying, place, words, key)

    def _confiding(self, thread: ThreadChannel) -> ConfidingChannel:
        aside = WhisperChannel(
            self.kit, thread.saying, thread.place, thread.words, thread.key, shows_work=False
        )
        return ConfidingChannel(thread, aside)

    async def _directly(
        self, question: Question, place: Place, steps: DurableSteps
    ) -> tuple[Question, Place]:
        """The same in the asker's direct messages. Raises `SlackRefused` where there are none."""
        channel = await steps.run(
            "open direct", lambda: self.kit.gestures.direct(place.user), _OPEN
        )
        thread = replace(question.thread, channel=channel)
        return replace(question, thread=thread, is_direct=True), replace(
            place, channel=channel, is_direct=True
        )

    async def known(
        self, question: Question, place: Place, work: str, steps: DurableSteps
    ) -> Channel:
        """The channel of a question that somebody has worked on, without a word said. Raises
        `SlackRefused` where there is none."""
        if not place.channel:
            question, place = await self._directly(question, place, steps)
        words = Words(question.text, question.links)
        saying = Saying(steps, question.thread.workspace, work)
        if place.is_private:
            return WhisperChannel(self.kit, saying, place, words, question.id, shows_work=False)
        return ThreadChannel(self.kit, saying, place, words, question.id, resumed=True)

    def private(
        self, place: Place, workspace: str, work: str, steps: DurableSteps, words: Words = _NO_WORDS
    ) -> WhisperChannel:
        """For what concerns nobody but the one who pressed a button, the card stays; or for a
        question in these `words`, where others are not to see what became of it."""
        saying = Saying(steps, workspace, work)
        return WhisperChannel(self.kit, saying, place, words, work, shows_work=False)

    def quietly(
        self, place: Place, workspace: str, key: str, steps: DurableSteps
    ) -> WhisperChannel:
        """For a word to one person in the thread that it is about, whatever was pressed."""
        return self.private(replace(place, is_private=False), workspace, key, steps)

    async def earlier(self, question: Question) -> tuple[EarlierMessage, ...]:
        """What the thread held before the question; empty where it may not be read.

        Raises `SlackUnavailable` where it cannot be read for now.
        """
        thread, asked = question.thread, order_of(question.message_ts)
        if thread.thread == question.message_ts or asked == NEVER:
            return ()
        gestures = self.kit.gestures
        identity = await gestures.identity()
        found = await gestures.replies(thread.channel, thread.thread, _PAGES, _READ_SECONDS)
        before = [one for one in found if order_of(str(one.get("ts") or "")) < asked]
        kept = before[:1] + before[1:][-(_KEPT - 1) :]
        return tuple(self._message(one, question, identity) for one in kept)

    def _message(
        self, message: Mapping[str, Any], question: Question, identity: Identity
    ) -> EarlierMessage:
        flat = flatten(message, identity.user_id)
        return EarlierMessage(
            author=_author(message, question, identity),
            text=_EARLIER_TEXT.tail(self.redact(flat.text)),
            ts=str(message.get("ts") or ""),
            links=tuple(self.redact(link) for link in flat.links),
        )


def _author(message: Mapping[str, Any], question: Question, identity: Identity) -> Author:
    if message.get("user") == identity.user_id or message.get("bot_id") == identity.bot_id:
        return Author.BOT
    if message.get("bot_id"):
        return Author.APP
    return Author.ASKER if message.get("user") == question.asker.user_id else Author.OTHER
