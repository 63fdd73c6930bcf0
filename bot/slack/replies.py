"""Opens the right channel for a question, and reads what was said in its thread before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.domain.questions import Author, EarlierMessage, Question
from bot.slack.arrivals import Arrival, Asked, Identity, Ignored, Pick, Place
from bot.slack.blocks.message import SlackMessage
from bot.slack.channel import Channel, Style, ThreadChannel, WhisperChannel, echo_of, notice
from bot.slack.gestures import Gestures
from bot.slack.limits import Limit
from bot.slack.outgoing import Outgoing
from bot.slack.parse import Redact
from bot.slack.plain import flatten
from bot.slack.presses import Words
from bot.slack.refusals import NOT_A_MEMBER, code_of

log = structlog.get_logger(__name__)

_PAGES = 5
_KEPT = 40  # messages: the head of the thread, where an alert stands, and the newest
_EARLIER_TEXT = Limit(6_000)
_READ_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Replies:
    """`redact` masks secrets in what is read back from a thread."""

    outgoing: Outgoing
    gestures: Gestures
    redact: Redact
    style: Style

    async def open(self, question: Question, place: Place) -> tuple[Question, Channel]:
        """The channel for `question`. A command opens a thread of its own: the question then
        belongs to that thread, so that follow-ups there find it."""
        words = Words(question.text, question.links)
        if place.is_private:
            return question, self._whisper(place, words)
        if place.thread is not None:
            return question, self._thread(place, words)
        try:
            ts = await self.outgoing.post(
                place.channel, _opening(place), thread=None, key=question.id
            )
        except SlackApiError as error:
            if code_of(error) not in NOT_A_MEMBER or place.response_url is None:
                raise
            return question, WhisperChannel(self.style, self.outgoing, place, words)
        channel = self._thread(replace(place, thread=ts), words)
        channel.opened(ts)
        return replace(question, thread=replace(question.thread, thread=ts)), channel

    def _thread(self, place: Place, words: Words) -> ThreadChannel:
        return ThreadChannel(self.style, self.outgoing, self.gestures, place, words)

    def _whisper(self, place: Place, words: Words) -> WhisperChannel:
        """In place of the private card that was pressed; a private command is answered at once."""
        pressed = place.thread is not None
        return WhisperChannel(
            self.style, self.outgoing, place, words, shows_work=pressed, replaces=pressed
        )

    def private(self, place: Place) -> WhisperChannel:
        """For what concerns nobody but the one who pressed a button; the card stays."""
        return WhisperChannel(self.style, self.outgoing, place, Words(""), shows_work=False)

    def beside(self, arrival: Arrival | None) -> Channel | None:
        """Where to say that `arrival` could not even be taken on; None where there is no place."""
        match arrival:
            case Asked(question, place) | Pick(question=question, place=place) if (
                place.thread and not place.is_private
            ):
                return self._thread(place, Words(question.text, question.links))
            case Ignored() | None:
                return None
        return self.private(arrival.place) if arrival.place else None

    async def earlier(self, question: Question) -> tuple[EarlierMessage, ...]:
        """What the thread held before the question; empty where it may not be read."""
        thread = question.thread
        if thread.thread in ("", question.message_ts):
            return ()
        try:
            async with asyncio.timeout(_READ_SECONDS):
                identity = await self.gestures.identity()
                found = await self.gestures.replies(thread.channel, thread.thread, _PAGES)
        except TimeoutError:
            log.warning("slack.thread_not_read", channel=thread.channel)
            return ()
        before = [one for one in found if _order(one) < _order({"ts": question.message_ts})]
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


def _opening(place: Place) -> SlackMessage:
    message = notice("⏳ Looking into it …")
    return replace(message, blocks=(*echo_of(place), *message.blocks))


def _author(message: Mapping[str, Any], question: Question, identity: Identity) -> Author:
    if message.get("user") == identity.user_id or message.get("bot_id") == identity.bot_id:
        return Author.BOT
    if message.get("bot_id"):
        return Author.APP
    return Author.ASKER if message.get("user") == question.asker.user_id else Author.OTHER


def _order(message: Mapping[str, Any]) -> tuple[int, int]:
    """A ts as numbers: as text, "9.2" would come after "10.1"."""
    seconds, _, rest = str(message.get("ts") or "").partition(".")
    return (
        int(seconds) if seconds.isdecimal() else 0,
        int(rest) if rest.isdecimal() else 0,
    )
