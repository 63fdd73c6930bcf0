"""Where the reply to one question goes: a thread everybody sees, or the asker's eyes alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import structlog
from slack_sdk.errors import SlackClientError

from bot.domain.answers import Diagnosis, HowTo, LogReport, Reply
from bot.slack.arrivals import Place
from bot.slack.blocks.kit import Block, mrkdwn, rich, section, text
from bot.slack.blocks.logs import excerpt_file
from bot.slack.blocks.message import SlackMessage
from bot.slack.blocks.render import render
from bot.slack.blocks.talk import addendum_card
from bot.slack.gestures import Gestures
from bot.slack.limits import Limit
from bot.slack.outgoing import Outgoing
from bot.slack.presses import Words
from bot.slack.refusals import UNSURE

log = structlog.get_logger(__name__)

_LOOKING = "Looking into it …"
_ECHO = Limit(150)
# Slack takes five answers through one response_url; the last is kept for an apology.
_WHISPERS = 4


def notice(words: str) -> SlackMessage:
    """A short message of our own."""
    return SlackMessage(mrkdwn(words), (rich(section(text(words))),))


@dataclass(frozen=True, slots=True)
class Style:
    """What is the same for every reply of this process. `progress_every` is in seconds."""

    has_model: bool = False
    progress_every: float = 3.0

    def draw(self, reply: Reply, turn_id: str, words: Words) -> SlackMessage:
        return render(reply, turn_id, words, has_model=self.has_model)


@dataclass(slots=True)
class ThreadChannel:
    """A thread. What is being done shows as a status line, or as a message that later becomes
    the answer where the workspace has no status lines."""

    style: Style
    outgoing: Outgoing
    gestures: Gestures
    place: Place
    words: Words
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _placeholder: str | None = None  # ts of a message that is to become the answer
    _posted: dict[str, str] = field(default_factory=dict)
    _takes_status: bool = False
    _has_status: bool = False  # one stands in the thread now
    _reacted: bool = False
    _next_words: str = ""
    _ticker: asyncio.Task[None] | None = None

    @property
    def answered(self) -> bool:
        return bool(self._posted)

    async def acknowledge(self) -> None:
        """Eyes on the question and a sign of work in the thread. Never twice."""
        if self._reacted or self._takes_status or self._placeholder:
            return
        place = self.place
        self._reacted, self._takes_status = await asyncio.gather(
            self._react(), self._set_status(_LOOKING)
        )
        self._has_status = self._takes_status
        if not self._takes_status:
            key = f"placeholder:{place.asked_in or place.thread}"
            self._placeholder = await self.outgoing.post(
                place.channel, notice(f"⏳ {_LOOKING}"), thread=place.thread, key=key
            )

    async def _react(self) -> bool:
        place = self.place
        if place.asked_in is None:
            return False
        return await self.gestures.react(place.channel, place.asked_in)

    async def _set_status(self, words: str) -> bool:
        place = self.place
        if place.thread is None:
            return False
        return await self.gestures.status(place.channel, place.thread, words)

    def opened(self, ts: str) -> None:
        """The message that opened the thread is to become the answer."""
        self._placeholder = ts

    async def progress(self, words: str) -> None:
        """Shows the newest words, at most one each `progress_every` seconds."""
        self._next_words = words
        if self._ticker is None or self._ticker.done():
            self._ticker = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        while self._next_words:
            words, self._next_words = self._next_words, ""
            try:
                await self._show(words)
            except (SlackClientError, *UNSURE) as error:
                log.warning("slack.progress_not_shown", error=type(error).__name__)
            await self.sleep(self.style.progress_every)

    async def _show(self, words: str) -> None:
        if self._takes_status:
            self._has_status = True  # also where this is cut short: it may have arrived
            await self._set_status(words)
        elif self._placeholder:
            working = notice(f"⏳ {words}")
            await self.outgoing.update(self.place.channel, self._placeholder, working)

    async def _still(self) -> None:
        """No progress may overtake the answer."""
        self._next_words = ""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
            self._ticker = None

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        await self._still()
        message = self._with_echo(self.style.draw(reply, turn_id, self.words))
        ts, is_new = self._posted.get(turn_id), turn_id not in self._posted
        if ts is None:
            ts, self._placeholder = self._placeholder, None
        if ts is None or not await self.outgoing.update(
            self.place.channel, ts, message, key=turn_id
        ):
            ts = await self.outgoing.post(
                self.place.channel, message, thread=self.place.thread, key=turn_id
            )
            self._has_status = False  # Slack takes the status away when a message arrives
        self._posted[turn_id] = ts
        if is_new and isinstance(reply, LogReport) and reply.lines:
            excerpt = excerpt_file(reply.target, reply.lines, reply.lines_read)
            await self.gestures.upload(self.place, *excerpt)
        return ts

    def _with_echo(self, message: SlackMessage) -> SlackMessage:
        return replace(message, blocks=(*echo_of(self.place), *message.blocks))

    async def close(self) -> None:
        """Leaves no sign of work behind; where nothing was said, no trace at all."""
        await self._still()
        place = self.place
        if self._has_status:
            await self._set_status("")
        if self._placeholder:
            await self.gestures.delete(place.channel, self._placeholder)
        if self._reacted and not self._posted and place.asked_in:
            await self.gestures.unreact(place.channel, place.asked_in)


@dataclass(slots=True)
class WhisperChannel:
    """Only the asker sees it: a private command, a private card, or a channel that the bot is no
    member of.

    `replaces`: what was pressed is private itself and makes room for what comes. Elsewhere a
    whisper cannot be changed, so that a reply to which a model added words adds those alone.
    """

    style: Style
    outgoing: Outgoing
    place: Place
    words: Words
    shows_work: bool = True
    replaces: bool = False
    answered: bool = False
    _posted: dict[str, Reply] = field(default_factory=dict)
    _whispers: int = 0

    async def acknowledge(self) -> None:
        if self.shows_work and not self._whispers:
            await self._whisper(notice(f"⏳ {_LOOKING}"))

    async def progress(self, words: str) -> None:
        """Nothing is shown: a `response_url` may be used five times."""

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        """Whispers have no ts."""
        before = self._posted.get(turn_id)
        if not self.replaces and isinstance(reply, Diagnosis | HowTo) and _explains(reply, before):
            await self._whisper(addendum_card(reply))
        else:
            await self._whisper(self.style.draw(reply, turn_id, self.words))
        self._posted[turn_id] = reply
        self.answered = True
        return None

    async def _whisper(self, message: SlackMessage) -> None:
        place, self._whispers = self.place, self._whispers + 1
        outside = place.is_private or place.thread is None
        if outside and place.response_url and self._whispers <= _WHISPERS:
            try:
                await self.outgoing.respond(place.response_url, message, replace=self.replaces)
                return
            except SlackClientError as error:
                log.warning("slack.response_url_refused", error=str(error))
        await self.outgoing.whisper(replace(place, response_url=None), message)

    async def close(self) -> None:
        """Nothing to tidy up."""


def _explains(reply: Diagnosis | HowTo, before: Reply | None) -> bool:
    """Whether `reply` is the same as the one before, but for a model's words."""
    if not isinstance(before, Diagnosis | HowTo):
        return False
    return reply == replace(before, explanation=reply.explanation)


Channel = ThreadChannel | WhisperChannel


def echo_of(place: Place) -> tuple[Block, ...]:
    """Who asked what, for those who could not see the command."""
    if not place.echo or not re.fullmatch(r"[UW][A-Z0-9]{2,30}", place.user):
        return ()
    asker = {"type": "user", "user_id": place.user}
    return (rich(section(asker, text(" asked "), text(_ECHO.head(place.echo), code=True))),)
