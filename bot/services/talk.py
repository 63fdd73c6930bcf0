"""What is known of messages and threads besides their turns, and the doors to it.

People edit and delete what they asked, tell the bot to keep out, and say whether it helped. All of
that may arrive twice, late and in any order, so each fact carries the time that Slack gave it, and
of two the newer one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.conversations import Rating
from bot.domain.questions import Question, ThreadKey
from bot.domain.work import Job


@dataclass(frozen=True, slots=True)
class MessageKey:
    """One message. `ts` is Slack's name for it within its channel, and the time it was said."""

    workspace: str
    channel: str
    ts: str

    @property
    def fragment(self) -> str:
        """What all keys of work and of answers about this message begin with or hold."""
        return f"{self.workspace}:{self.channel}:{self.ts}"


def subject_of(question: Question) -> MessageKey:
    """The message that a question stands in, or whose button asked it: part of its id."""
    workspace, channel, ts = (*question.id.split(":"), "", "")[:3]
    return MessageKey(workspace, channel, ts)


class Stands(StrEnum):
    """Whether a question is still to be answered."""

    OPEN = "open"
    GONE = "gone"  # deleted, or its thread or channel is
    OUTDATED = "outdated"  # it was edited since
    KEPT_OUT = "kept_out"  # a remark in a thread that the bot was told to leave


@dataclass(frozen=True, slots=True)
class Heard:
    """What is to be known before a question is answered.

    `edition` counts the wordings that it had before. `reopens`: its conversation was solved.
    `is_external`: whoever asks is none of the workspace's own; `is_shared`: others read along.
    `keeps`: they did not switch off that their words are kept.
    """

    stands: Stands = Stands.OPEN
    edition: int = 0
    reopens: bool = False
    is_external: bool = False
    is_shared: bool = False
    keeps: bool = True


@dataclass(frozen=True, slots=True)
class AnswerPlace:
    """The answer that stands at some place: its turn, the thread that it is in, who asked."""

    turn_id: str
    thread: ThreadKey
    asker: str


@dataclass(frozen=True, slots=True)
class PageOfPost:
    """A page of the ledger of posts. `ts` is None where the fate of the message is not known."""

    key: str
    ts: str | None


@dataclass(frozen=True, slots=True)
class Belongings:
    """All that hangs on a deleted message. `fragments` name the messages: every key of work, of a
    turn and of a post about one of them holds one. `pages` are those of the ledger."""

    fragments: tuple[str, ...]
    pages: tuple[PageOfPost, ...]


class TalkRecords(Protocol):
    """Every method raises `StoreError` where the database refuses, and bears being repeated."""

    async def hear(self, question: Question, wording: str) -> Heard:
        """`wording` is Slack's time of the edit that brought these words, "" as first said."""
        ...

    async def note_edit(self, message: MessageKey, wording: str) -> bool:
        """False where a newer wording is known, or the message is gone."""
        ...

    async def note_deletion(self, message: MessageKey) -> None:
        """From now on nothing about it is kept: neither turns nor answers."""
        ...

    async def note_departure(self, workspace: str, channel: str, at: str) -> None:
        """The same for all that was said in the channel up to `at`, a ts."""
        ...

    async def belongings(self, message: MessageKey) -> Belongings: ...

    async def erase(self, fragments: Sequence[str]) -> Sequence[str]:
        """Deletes the turns of these with evidence, verdicts and ratings, and takes their words out
        of escalations. Cases that rest on them go, too: returns the ids of the turns out of which
        the words of these were taken."""
        ...

    async def erase_found(self, workspace: str, user_id: str) -> Sequence[str]:
        """Deletes what somebody found out for others: what they said solved an escalation, and the
        cases and drafts of runbooks that rest on it. Returns the ids of such turns."""
        ...

    async def turns_of(self, workspace: str, user_id: str, limit: int) -> Sequence[str]:
        """The ids of what somebody asked there, the oldest first."""
        ...

    async def erase_channel(self, workspace: str, channel: str, until: str) -> Sequence[str]:
        """Deletes all turns of the channel that were asked up to then, a ts, with the cases and
        drafts of runbooks that rest on it. Returns the ids of such turns as `erase` does."""
        ...

    async def unquote(self, message: MessageKey) -> Sequence[str]:
        """Takes the message out of what turns keep as said before them; which turns those were."""
        ...

    async def keep_out(self, thread: ThreadKey, at: str, *, out: bool = True) -> None:
        """At `at`, a ts, somebody told the bot to leave the thread, or with `out` False called it.
        Of several the latest counts."""
        ...

    async def keeps_out(self, thread: ThreadKey) -> bool: ...

    async def answer_at(self, message: MessageKey) -> AnswerPlace | None:
        """The answer that this message of ours is; None where it is none."""
        ...

    async def place_of(self, turn_id: str) -> AnswerPlace | None:
        """None where there is no such turn."""
        ...

    async def work_in(self, thread: ThreadKey) -> Sequence[str]:
        """Keys of the work that was taken on in that thread."""
        ...

    async def rate(self, rating: Rating) -> None: ...

    async def take_back(self, rating: Rating) -> None:
        """It counts no more, unless it was given again later."""
        ...

    async def solve(self, thread: ThreadKey, by: str, at: str, *, solved: bool = True) -> bool:
        """Keeps that the asker said so at `at`, a ts; False where something newer is known."""
        ...

    async def first_asked(self, thread: ThreadKey) -> str | None:
        """The ts of the message with the first question of that thread; None without one."""
        ...


@dataclass(frozen=True, slots=True)
class CalledOff:
    """The keys of the work that was called off, and how much there was that was not to be."""

    keys: tuple[str, ...] = ()
    spared: int = 0


class WorkRecords(Protocol):
    """Durable work by the messages that it is about. Raises `StoreError`."""

    async def stop(
        self,
        holding: Sequence[str],
        kinds: Sequence[str],
        *,
        but: str = "",
        by: Callable[[Job], bool] = lambda _: True,
        follow_up: Callable[[Job], Job] | None = None,
    ) -> CalledOff:
        """Calls off unfinished work of these kinds whose key holds one of these, with what it
        handed on; all of it but `but`, and only where `by` agrees. A `follow_up` is handed in
        first: a death in between leaves nobody without a word."""
        ...

    async def stop_channel(self, workspace: str, channel: str, until: str) -> None:
        """Calls off all unfinished work about messages of the channel that was handed in up to
        then, a ts."""
        ...

    async def erase(self, holding: Sequence[str], until: str = "") -> bool:
        """Deletes what is kept of work whose key holds one of these, of that alone which was handed
        in `until` then, a ts, where one is given. Once all of it is finished, and was for long
        enough that nobody waits for it; False where some is not yet."""
        ...
