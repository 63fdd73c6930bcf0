"""What buttons under an answer bring: more of it for one, or all of it for everybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from bot.domain.answers import Diagnosis, Reply
from bot.domain.cases import Shown
from bot.domain.conversations import Turn
from bot.domain.errors import BadRequest
from bot.domain.questions import Asker
from bot.domain.work import Retry
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Button, ButtonPress
from bot.slack.blocks.logs import excerpt_file
from bot.slack.posting import Poster
from bot.slack.posts import ANSWER, NEVER, Face, Post, order_of
from bot.slack.presses import Words
from bot.slack.refusals import NOT_A_MEMBER
from bot.slack.saying import Saying
from bot.slack.uploads import Upload
from bot.slack.whispering import WhisperChannel
from bot.words import mark

GONE = mark("I no longer have that answer. Please ask the question again.")
_INVITE = mark(
    "I am not in this channel, so I cannot share it here. Invite me, and press it again."
)
_STORE = Retry(attempts=6, pause=1.0, seconds=15.0)


class Rights(Protocol):
    """What of an answer may be shown to whom, and who may call a human about it. All raise
    `BadRequest` where that may not be."""

    async def shown(self, key: str, turn: Turn, presser: Asker, channel: str) -> Shown: ...

    async def for_all(
        self, key: str, turn: Turn, presser: Asker, channel: str, *, is_whispered: bool
    ) -> Reply: ...

    async def call(self, key: str, turn: Turn, presser: Asker, channel: str) -> None: ...


class Everybody:
    """Everything may be shown to everybody, and everybody may call a human."""

    async def shown(self, key: str, turn: Turn, presser: Asker, channel: str) -> Shown:
        return Shown(turn.reply, is_for_all=True)

    async def for_all(
        self, key: str, turn: Turn, presser: Asker, channel: str, *, is_whispered: bool
    ) -> Reply:
        return turn.reply

    async def call(self, key: str, turn: Turn, presser: Asker, channel: str) -> None:
        """Whoever presses it may."""


@dataclass(frozen=True, slots=True)
class Onlooking:
    """Does presses of kind `ButtonPress`. `turn_of` reads the turn of a button."""

    turn_of: Callable[[str], Awaitable[Turn | None]]
    poster: Poster
    rights: Rights

    async def work(self, press: ButtonPress, channel: WhisperChannel, steps: DurableSteps) -> None:
        """Raises `BadRequest` where it cannot be done, in words for whoever pressed."""
        if press.button is Button.SHARE:
            await self._share(press, steps)
        else:
            await self._show_more(press, channel, steps)

    async def _show_more(
        self, press: ButtonPress, channel: WhisperChannel, steps: DurableSteps
    ) -> None:
        shown = await steps.run("find answer", lambda: self._shown(press), _STORE)
        if shown is None or not isinstance(shown.reply, Diagnosis):
            raise BadRequest(GONE)
        if press.button is Button.EVIDENCE:
            await channel.show(shown.reply, Face.EVIDENCE)
        elif not (shown.is_for_all and await self._attached(press, shown.reply, steps)):
            await channel.show(shown.reply, Face.LOG_EXCERPT)

    async def _shown(self, press: ButtonPress) -> Shown | None:
        turn = await self.turn_of(press.turn_id)
        if turn is None:
            return None
        return await self.rights.shown(press.key, turn, _presser(press), press.place.channel)

    async def _attached(
        self, press: ButtonPress, diagnosis: Diagnosis, steps: DurableSteps
    ) -> bool:
        """Whether the excerpt is a file in the thread now: not where files are refused, where the
        bot is no member, or where the card is private."""
        if press.place.is_private:
            return False
        excerpt = excerpt_file(diagnosis.target, diagnosis.log_lines, diagnosis.lines_read)
        attach = self.poster.attach
        return await steps.run("attach", lambda: attach(press.key, press.place, Upload(*excerpt)))

    async def _share(self, press: ButtonPress, steps: DurableSteps) -> None:
        """Shows a private answer to all, once. Where it was asked by command, it opens a thread."""
        post = await steps.run("find answer", lambda: self._public(press), _STORE)
        if post is None:
            raise BadRequest(GONE)
        workspace = press.key.partition(":")[0]
        sent = await Saying(steps, workspace, press.key).say(post)
        if sent.refusal in NOT_A_MEMBER:
            raise BadRequest(_INVITE)

    async def _public(self, press: ButtonPress) -> Post | None:
        turn = await self.turn_of(press.turn_id)
        if turn is None:
            return None
        place, question = press.place, turn.question
        reply = await self.rights.for_all(
            press.key, turn, _presser(press), place.channel, is_whispered=place.is_private
        )
        thread = question.thread.thread
        thread = thread if order_of(thread) != NEVER else ""
        return Post(
            f"shared:{press.turn_id}",
            ANSWER,
            replace(place, thread=thread or None, is_private=False, response_url=None),
            reply,
            face=Face.SHARED,
            turn_id=press.turn_id,
            words=Words(""),
            may_be_refused=True,
        )


def _presser(press: ButtonPress) -> Asker:
    return press.asker or Asker(press.place.user)
