"""Where the reply to one question goes that is for the asker's eyes alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import structlog

from bot.domain.answers import Apology, Diagnosis, HowTo, Reply
from bot.domain.cases import Manner
from bot.slack.arrivals import Place
from bot.slack.channel_kit import FAILURES, LOOKING, Kit, working
from bot.slack.posts import ANSWER, CALLED_OFF, SORRY, WORKING, Deed, Face, Notice, Post
from bot.slack.presses import Words
from bot.slack.saying import Saying
from bot.words import ENGLISH, mark

log = structlog.get_logger(__name__)

_FOLLOWS = Notice(
    mark("I am no member of this channel, so only you see this. What I find follows below.")
)
_SIGN_SECONDS = 5.0  # longer than this nobody waits for a mere sign of work


@dataclass(slots=True)
class WhisperChannel:
    """Only the asker sees it: a private command, a private card, a channel that the bot is no
    member of, or an answer that is not for all. `may_be_shared`: the asker is offered to share it.

    `replaces`: what was pressed is private itself and makes room for what comes. Elsewhere a
    whisper cannot be changed, so that a reply to which a model added words adds those alone.
    """

    kit: Kit
    saying: Saying
    place: Place
    words: Words
    key: str
    shows_work: bool = True
    replaces: bool = False
    resumed: bool = False
    answered: bool = False
    may_be_shared: bool = False
    _posted: dict[str, Reply] = field(default_factory=dict)

    async def adopt(self, manner: Manner) -> None:
        self.place = replace(self.place, language=manner.language or ENGLISH)
        self.may_be_shared = manner.may_be_shared

    async def receive(self) -> None:
        await self.acknowledge()

    async def acknowledge(self) -> None:
        if self.shows_work:
            self.shows_work = False
            try:
                async with asyncio.timeout(_SIGN_SECONDS):
                    # One that nothing takes the place of stands for good, and has to stay true.
                    sign = self._whisper(WORKING, working(LOOKING) if self.replaces else _FOLLOWS)
                    await self.kit.poster.put(self.saying.of_workspace(sign))
            except FAILURES as error:
                log.warning("slack.progress_not_shown", error=type(error).__name__)

    async def progress(self, text: str) -> None:
        """Nothing is shown: a `response_url` may be used five times."""

    def still(self) -> None:
        """Nothing moves by itself here."""

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        """Whispers have no ts."""
        before, face = self._posted.get(turn_id), Face.CARD
        if not self.replaces and isinstance(reply, Diagnosis | HowTo) and _explains(reply, before):
            face = Face.ADDENDUM
        revision = self.saying.next_revision(turn_id)
        post = self._whisper(revision, reply)
        await self._say(replace(post, key=_private(turn_id), turn_id=turn_id, face=face))
        self._posted[turn_id] = reply
        return None

    async def apologise(self, apology: Apology) -> None:
        await self._say(self._whisper(self.saying.revision(SORRY), apology))

    async def call_off(self, apology: Apology) -> None:
        """Said beside what stands, which cannot be changed."""
        await self._say(self._whisper(self.saying.revision(CALLED_OFF), apology))

    async def show(self, diagnosis: Diagnosis, face: Face) -> None:
        """More of an answer that stands already."""
        await self._say(replace(self._whisper(ANSWER, diagnosis), face=face))

    async def tell(self, words: str, *deeds: Deed) -> None:
        await self._say(self._whisper(ANSWER, Notice(words, deeds)))

    def _whisper(self, revision: int, content: Reply | Notice) -> Post:
        return Post(
            _private(self.key),
            revision,
            self.place,
            content,
            turn_id=self.key,
            words=self.words,
            whispers=True,
            replaces=self.replaces,
            may_be_shared=self.may_be_shared,
        )

    async def _say(self, post: Post) -> None:
        await self.saying.say(post)
        self.answered = True

    async def close(self) -> None:
        """Nothing to tidy up."""


def _private(key: str) -> str:
    """Whispers have pages of their own: none of them can become a message for all."""
    return f"private:{key}"


def _explains(reply: Diagnosis | HowTo, before: Reply | None) -> bool:
    """Whether `reply` is the same as the one before, but for a model's words."""
    if not isinstance(before, Diagnosis | HowTo):
        return False
    return reply == replace(before, explanation=reply.explanation)
