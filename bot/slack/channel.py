"""Where the reply to one question goes: a thread everybody sees, or the asker's eyes alone.

What is said for good is durable work of its own. Signs of work are not: they may be made again by
whoever takes the question up after a crash, so each of them bears being made twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace

import structlog

from bot.answering.wording import short_name
from bot.domain.answers import Apology, Diagnosis, Reply
from bot.slack.arrivals import Place
from bot.slack.channel_kit import FAILURES, LOOKING, Kit, working
from bot.slack.limits import Limit
from bot.slack.narrating import Narrator, beginning
from bot.slack.posts import (
    CALLED_OFF,
    SORRY,
    WORKING,
    Post,
)
from bot.slack.presses import Words
from bot.slack.refusals import Tried
from bot.slack.saying import Saying
from bot.slack.streaming import Growing
from bot.slack.whispering import WhisperChannel
from bot.slack.work_plan import WorkPlan
from bot.words import mark, say

log = structlog.get_logger(__name__)

NOT_READ = mark("I could not read what was said in this thread before the question.")
# As long as Slack may take over a call: one given up sooner could arrive after the answer.
_AMEND_SECONDS = 15.0
_LEAVING_SECONDS = 40.0
_STANDS = (Tried.DONE, Tried.UNSURE)
_TITLE = Limit(100)
_GROWS = "grows"


@dataclass(slots=True)
class ThreadChannel:
    """A thread. What is being done shows as a status line, or as a message that later becomes the
    answer where the workspace has no status lines; in direct messages as a plan that grows.

    `key` is the question's, which the answer's turn shares; `opened`: the message that opened the
    thread is to become the answer. `resumed`: somebody worked on this before and may have left
    signs of it.
    """

    kit: Kit
    saying: Saying
    place: Place
    words: Words
    key: str
    opened: bool = False
    resumed: bool = False
    answered: bool = False
    _acknowledged: bool = False
    _has_placeholder: bool = False
    _takes_status: bool = False
    _has_status: bool = False  # one stands in the thread now
    _status_in_doubt: bool = False  # one may yet arrive
    _reacted: bool = False
    _next_words: str = ""
    _ticker: asyncio.Task[None] | None = None
    _showing: asyncio.Task[bool] | None = None
    _growing: Growing | None = None
    _grew: bool = False  # before the answer, in this life of the work or an earlier one
    _is_first: bool = True  # answer
    narrator: Narrator = field(init=False)

    def __post_init__(self) -> None:
        self.narrator = Narrator(self._show_plan)

    async def receive(self) -> None:
        """Acknowledges as a step of the work, and has a message stand in the thread where the
        workspace has no status lines."""
        if self.opened:
            return
        self.resumed = True

        async def acknowledge() -> bool | str:
            self.resumed = False
            await self.acknowledge()
            return _GROWS if self._growing is not None else self._takes_status

        shown = await self.saying.steps.run("acknowledge", acknowledge)
        self._takes_status, self._grew = bool(shown), shown == _GROWS
        if self._grew and not self._acknowledged:
            await self._grow()
        self._acknowledged = True
        self._has_placeholder = not self._takes_status
        if self._has_placeholder:
            await self.saying.show(self._sign(LOOKING))

    async def acknowledge(self) -> None:
        """Eyes on the question, and a status line or a plan under it. Never twice."""
        if self._acknowledged or self.opened:
            return
        self._acknowledged = True
        reaction, _ = await asyncio.gather(self._react(), self._show_work())
        self._reacted = reaction in _STANDS

    async def _show_work(self) -> None:
        await self._grow()
        if self._growing is None:
            await self._set_status(LOOKING)

    async def _grow(self) -> None:
        if self.place.thread is None:
            return
        sign = self.saying.of_workspace(self._sign(LOOKING))
        ts = await self.kit.poster.begin(sign, beginning())
        streams = self.kit.poster.streams
        if ts is not None and streams is not None:
            self._takes_status = True
            self._growing = Growing(streams, self.place.channel, ts)

    def _show_plan(self, plan: WorkPlan) -> None:
        if self._growing is not None:
            self._growing.show(plan)

    async def _react(self) -> Tried:
        place = self.place
        if place.asked_in is None:
            return Tried.REFUSED
        return await self.kit.gestures.react(place.channel, place.asked_in)

    async def _set_status(self, words: str) -> None:
        place = self.place
        if place.thread is None:
            return
        tried = await self.kit.gestures.status(place.channel, place.thread, say(words))
        self._takes_status = tried is not Tried.REFUSED
        self._has_status = self._has_status or tried in _STANDS
        self._status_in_doubt = self._status_in_doubt or tried is Tried.UNSURE

    def _sign(self, words: str) -> Post:
        revision = self.saying.revision(WORKING)
        return Post(self.key, revision, self.place, working(words), turn_id=self.key, is_sign=True)

    async def _try(self, sign: Awaitable[object], seconds: float) -> object:
        """Without a sign of work the answer comes all the same."""
        try:
            async with asyncio.timeout(seconds):
                return await sign
        except FAILURES as error:
            log.warning("slack.progress_not_shown", error=type(error).__name__)
            return None

    async def progress(self, text: str) -> None:
        """Shows the newest words, at most one each `progress_every` seconds, and as messages no
        more than the channel has room for."""
        if self._growing is not None:
            self.narrator.said(text)
            return
        self._next_words = text
        if self._ticker is None or self._ticker.done():
            self._ticker = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        while self._next_words:
            words, self._next_words = self._next_words, ""
            if not await self._show(words):
                # They are shown later, unless there are newer ones by then.
                self._next_words = self._next_words or words
            await self.kit.sleep(self.kit.progress_every)

    async def _show(self, words: str) -> bool:
        """False where there was no room for it."""
        # Never cut short: what is on its way to Slack could arrive there after the answer. A change
        # would take its place, a status line would stay under it.
        self._showing = asyncio.create_task(self._shown(words))
        return await asyncio.shield(self._showing)

    async def _shown(self, words: str) -> bool:
        if self._takes_status:
            await self._set_status(words)
        elif self._has_placeholder or self.opened:
            sign = self.saying.of_workspace(self._sign(words))
            return await self._try(self.kit.poster.amend(sign), _AMEND_SECONDS) is not False
        return True

    def still(self) -> None:
        """No progress may overtake the answer."""
        self._next_words = ""
        if self._ticker is not None:
            self._ticker.cancel()
        if self._growing is not None:
            self._growing.still()

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        """Raises `SlackRefused` where the reply can never be posted."""
        revision = self.saying.next_revision(turn_id)
        post = Post(turn_id, revision, self.place, reply, turn_id=turn_id, words=self.words)
        if self._grew:
            post = replace(post, plan=self.narrator.finished)
        ts, _ = await asyncio.gather(self._say(post), self._entitle(reply))
        return ts

    async def _entitle(self, reply: Reply) -> None:
        """Among the asker's conversations with the bot, a thread goes by what it began with."""
        place = self.place
        if place.is_direct and place.thread and place.thread == place.asked_in and self._is_first:
            self._is_first = False
            title = _TITLE.head(_title_of(reply) or self.words.text)
            await self.kit.gestures.entitle(place.channel, place.thread, title)

    async def apologise(self, apology: Apology) -> None:
        """Says so where no answer stands. Raises like `post`."""
        await self._say(self._apology(SORRY, apology))

    async def call_off(self, apology: Apology) -> None:
        """The same where nobody works on it any more: no sign of work is to stay, not even that it
        was seen."""
        await self._say(self._apology(CALLED_OFF, apology))
        self.answered = False

    def _apology(self, revision: int, apology: Apology) -> Post:
        revision = self.saying.revision(revision)
        return Post(self.key, revision, self.place, apology, turn_id=self.key, words=self.words)

    async def _stilled(self) -> None:
        """The same, and waits until nothing of it is on its way to Slack."""
        self.still()
        if self._ticker is not None:
            await asyncio.gather(self._ticker, return_exceptions=True)
        if self._showing is not None:
            await asyncio.wait({self._showing})
        if self._growing is not None:
            growing, self._growing = self._growing, None
            await growing.stilled()

    async def _say(self, post: Post) -> str | None:
        await self._stilled()
        sent = await self.saying.say(post)
        self.answered = True
        if sent.is_new:
            # Slack takes the status away when a message arrives.
            self._has_status = self._status_in_doubt
        return sent.ts

    async def close(self) -> None:
        """Leaves no sign of work behind; where nothing was said, no trace at all."""
        await self._stilled()
        place, left = self.place, self.resumed
        if (self._has_status or left or self._grew) and place.thread:
            await self.kit.gestures.clear_status(place.channel, place.thread)
        if self.answered:
            return
        if self._has_placeholder or self.opened or left or self._grew:
            await self._try(self.kit.poster.withdraw(self.key, place), _LEAVING_SECONDS)
        if (self._reacted or left) and place.asked_in:
            await self.kit.gestures.unreact(place.channel, place.asked_in)


def _title_of(reply: Reply) -> str:
    if not isinstance(reply, Diagnosis):
        return ""
    return f"{short_name(reply.target)}: {say(reply.verdict.title)}"


Channel = ThreadChannel | WhisperChannel
