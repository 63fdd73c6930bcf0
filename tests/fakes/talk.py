"""Marks on messages and threads in memory, behind the same port as the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.domain.conversations import Outcome, Rating, Turn
from bot.domain.questions import Question, ThreadKey
from bot.domain.work import Delivery
from bot.services.talk import (
    AnswerPlace,
    Belongings,
    Heard,
    MessageKey,
    PageOfPost,
    Stands,
    subject_of,
)

_TS = re.compile(r"\d{10}\.\d{6}")

Pages = Callable[[], Iterable[PageOfPost]]


@dataclass
class Mark:
    edited_ts: str = ""
    edits: int = 0
    is_deleted: bool = False


@dataclass
class FakeTalkRecords:
    """The port `TalkRecords` over the turns, the ratings by source, the pages of a ledger and the
    deliveries that other fakes hold."""

    turns: dict[str, Turn]
    pages: Pages = tuple
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    signs: dict[tuple[str, str, str], tuple[Rating, bool]] = field(default_factory=dict)
    marks: dict[MessageKey, Mark] = field(default_factory=dict)
    kept_out: dict[ThreadKey, str] = field(default_factory=dict)
    called: dict[ThreadKey, str] = field(default_factory=dict)
    left: dict[tuple[str, str], str] = field(default_factory=dict)
    outcomes: dict[ThreadKey, tuple[Outcome, str, str]] = field(default_factory=dict)

    def is_gone(self, question: Question) -> bool:
        subject, thread = subject_of(question), question.thread
        root = replace(subject, ts=thread.thread)
        deleted = any(self._mark(one).is_deleted for one in (subject, root))
        return deleted or self.left.get((thread.workspace, thread.channel), "") >= subject.ts

    async def hear(self, question: Question, wording: str) -> Heard:
        subject, thread = subject_of(question), question.thread
        if self.is_gone(question):
            return Heard(Stands.GONE)
        mark = self._mark(subject)
        if mark.edited_ts > wording:
            return Heard(Stands.OUTDATED)
        if not question.is_addressed and await self.keeps_out(thread):
            return Heard(Stands.KEPT_OUT)
        if question.is_addressed and subject.ts != thread.thread:
            await self.keep_out(thread, subject.ts, out=False)
        outcome, at, _ = self.outcomes.get(thread, (Outcome.OPEN, "", ""))
        reopens = outcome is Outcome.SOLVED and at < subject.ts
        if reopens:
            self.outcomes[thread] = (Outcome.REOPENED, subject.ts, "")
        return Heard(edition=mark.edits, reopens=reopens)

    async def note_edit(self, message: MessageKey, wording: str) -> bool:
        mark = self.marks.setdefault(message, Mark())
        if not mark.is_deleted and wording > mark.edited_ts:
            mark.edited_ts, mark.edits = wording, mark.edits + 1
        return mark.edited_ts == wording and not mark.is_deleted

    async def note_deletion(self, message: MessageKey) -> None:
        self.marks.setdefault(message, Mark()).is_deleted = True

    async def note_departure(self, workspace: str, channel: str, at: str) -> None:
        self.left[workspace, channel] = max(at, self.left.get((workspace, channel), ""))

    async def belongings(self, message: MessageKey) -> Belongings:
        named = re.compile(rf"{re.escape(f'{message.workspace}:{message.channel}:')}[^:]+")
        keys = list(self._in_thread(message))
        fragments = dict.fromkeys([message.fragment])
        fragments |= dict.fromkeys(found.group() for key in keys if (found := named.search(key)))
        while True:
            pages = [p for p in self.pages() if any(one in p.key for one in fragments)]
            under = [
                replace(message, ts=page.ts).fragment
                for page in pages
                if page.ts is not None and _TS.fullmatch(page.ts)
            ]
            if all(one in fragments for one in under):
                return Belongings(tuple(fragments), tuple(pages))
            fragments |= dict.fromkeys(under)

    async def erase(self, fragments: Sequence[str]) -> Sequence[str]:
        for key in [key for key in self.turns if any(one in key for one in fragments)]:
            self._forget(key)
        return ()

    async def erase_found(self, workspace: str, user_id: str) -> Sequence[str]:
        return ()

    async def turns_of(self, workspace: str, user_id: str, limit: int) -> Sequence[str]:
        theirs = [
            turn
            for turn in self.turns.values()
            if (turn.question.thread.workspace, turn.question.asker.user_id) == (workspace, user_id)
        ]
        theirs.sort(key=lambda turn: (turn.question.asked_at, turn.id))
        return [turn.id for turn in theirs[:limit]]

    async def erase_channel(self, workspace: str, channel: str, until: str) -> Sequence[str]:
        moment = datetime.fromtimestamp(float(until), UTC)
        for turn in list(self.turns.values()):
            thread = turn.question.thread
            there = (thread.workspace, thread.channel) == (workspace, channel)
            if there and turn.question.asked_at <= moment:
                self._forget(turn.id)
        return ()

    async def unquote(self, message: MessageKey) -> Sequence[str]:
        changed = []
        for turn in list(self.turns.values()):
            kept = tuple(one for one in turn.question.earlier if one.ts != message.ts)
            if kept != turn.question.earlier and turn.question.thread.channel == message.channel:
                self.turns[turn.id] = replace(turn, question=replace(turn.question, earlier=kept))
                changed.append(turn.id)
        return changed

    async def keep_out(self, thread: ThreadKey, at: str, *, out: bool = True) -> None:
        known = self.kept_out if out else self.called
        known[thread] = max(at, known.get(thread, ""))

    async def keeps_out(self, thread: ThreadKey) -> bool:
        return self.kept_out.get(thread, "") > self.called.get(thread, "")

    async def answer_at(self, message: MessageKey) -> AnswerPlace | None:
        found = next((page for page in self.pages() if page.ts == message.ts), None)
        key = found.key.partition(":instead of ")[0] if found else ""
        turn = self.turns.get(key) or next(
            (one for one in self.turns.values() if one.reply_ts == message.ts), None
        )
        if turn is not None:
            return await self.place_of(turn.id)
        thread = ThreadKey(message.workspace, message.channel, message.ts)
        return AnswerPlace("", thread, "") if found else None

    async def place_of(self, turn_id: str) -> AnswerPlace | None:
        turn = self.turns.get(turn_id)
        if turn is None:
            return None
        return AnswerPlace(turn.id, turn.question.thread, turn.question.asker.user_id)

    async def work_in(self, thread: ThreadKey) -> Sequence[str]:
        return [key for key, one in self.deliveries.items() if one.thread == thread]

    async def rate(self, rating: Rating) -> None:
        self._sign(rating, is_on=True)

    async def take_back(self, rating: Rating) -> None:
        self._sign(rating, is_on=False)

    async def solve(self, thread: ThreadKey, by: str, at: str, *, solved: bool = True) -> bool:
        if self.outcomes.get(thread, (Outcome.OPEN, "", ""))[1] > at:
            return False
        self.outcomes[thread] = (Outcome.SOLVED if solved else Outcome.OPEN, at, by)
        return True

    async def first_asked(self, thread: ThreadKey) -> str | None:
        asked = [turn.id for turn in self.turns.values() if turn.question.thread == thread]
        return min(one.split(":")[2] for one in asked) if asked else None

    def rating(self, turn_id: str, user: str) -> Rating | None:
        """The one that counts."""
        theirs = [
            rating
            for (turn, who, _), (rating, is_on) in self.signs.items()
            if (turn, who) == (turn_id, user) and is_on
        ]
        return max(theirs, key=lambda rating: rating.at, default=None)

    def _sign(self, rating: Rating, *, is_on: bool) -> None:
        key = (rating.turn_id, rating.user_id, rating.source)
        known = self.signs.get(key)
        if known is None or rating.at >= known[0].at:
            self.signs[key] = (rating, is_on)

    def _forget(self, turn_id: str) -> None:
        del self.turns[turn_id]
        self.signs = {key: sign for key, sign in self.signs.items() if key[0] != turn_id}

    def _in_thread(self, message: MessageKey) -> Iterator[str]:
        thread = ThreadKey(message.workspace, message.channel, message.ts)
        yield from (turn.id for turn in self.turns.values() if turn.question.thread == thread)
        yield from (key for key, one in self.deliveries.items() if one.thread == thread)

    def _mark(self, message: MessageKey) -> Mark:
        return self.marks.get(message, Mark())
