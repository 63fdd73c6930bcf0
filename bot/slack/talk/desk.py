"""Does what people ask for by reacting, editing, deleting, stopping, and sending the bot away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from bot.domain.conversations import Rating, Score
from bot.domain.work import Retry
from bot.services.ports import DurableSteps
from bot.services.talk import AnswerPlace, TalkRecords, WorkRecords, subject_of
from bot.slack.arrivals import Place
from bot.slack.forms import THANKS
from bot.slack.jobs import ARRIVAL, job_of
from bot.slack.posts import Deed
from bot.slack.presses import Press, more_value
from bot.slack.replies import Replies
from bot.slack.talk.arrivals import (
    ChannelGone,
    Deleted,
    Edited,
    KeepOut,
    Reaction,
    Sign,
    Solved,
    Stop,
    Talk,
    TellMore,
)
from bot.slack.talk.deleting import Deletion
from bot.slack.talk.hearing import SOLVED_MARK, forget_job
from bot.slack.talk.stopping import Stopping
from bot.slack.whispering import WhisperChannel
from bot.words import mark

log = structlog.get_logger(__name__)

_STORE = Retry(attempts=10, pause=1.0, seconds=15.0, longest=60.0)

_WHAT_WENT_WRONG = mark("Thanks, noted. What went wrong?")
_SOLVED = mark("Solved, good. I have marked your question.")
_NOT_SOLVED = mark("It is open again.")
_ASKER_CLOSES = mark("Only the person who asked can say that it is solved.")
_KEEPING_OUT = mark("I stay out of this thread until somebody mentions me.")
_BACK = mark("I follow this thread again.")


@dataclass(frozen=True, slots=True)
class TalkDesk:
    """Does jobs of the kinds "talk" and "edit". `rate` keeps a rating like one by button."""

    records: TalkRecords
    work: WorkRecords
    rate: Callable[[Rating], Awaitable[None]]
    replies: Replies
    deletion: Deletion

    @property
    def _stopping(self) -> Stopping:
        return Stopping(self.records, self.work, self.replies)

    async def do(self, arrival: Talk, steps: DurableSteps) -> None:
        match arrival:
            case Edited():
                await self._edit(arrival, steps)
            case Deleted():
                await self.deletion.delete(arrival, steps)
            case ChannelGone():
                await self.deletion.leave(arrival, steps)
            case Reaction():
                await self._react(arrival, steps)
            case TellMore(rating=rating):
                await steps.run("keep rating", lambda: self.rate(rating), _STORE)
            case Solved():
                await self._solve_pressed(arrival, steps)
            case KeepOut():
                await self._keep_out(arrival, steps)
            case Stop():
                await self._stopping.stop(arrival, steps)

    async def _edit(self, edited: Edited, steps: DurableSteps) -> None:
        """Work on the wording before ends without a word, and makes room for this."""
        asked = edited.asked
        question, subject = asked.question, subject_of(asked.question)
        is_newest = await steps.run(
            "note edit", lambda: self.records.note_edit(subject, asked.wording), _STORE
        )
        if not is_newest:
            await steps.start(forget_job((edited.key,), "outdated"))
            return
        await steps.run(
            "call off",
            lambda: self.work.stop((question.id,), (ARRIVAL,), but=asked.key),
            _STORE,
        )
        await self.deletion.take_files(subject, asked.place, steps)
        await steps.start(job_of(asked))

    async def _react(self, reaction: Reaction, steps: DurableSteps) -> None:
        async def find() -> AnswerPlace | None:
            return await self.records.answer_at(reaction.message)

        answer = await steps.run("find answer", find, _STORE)
        if answer is None:
            return
        place = Place(reaction.message.channel, reaction.user, answer.thread.thread)
        match reaction.sign:
            case Sign.UP | Sign.DOWN if answer.turn_id:
                await self._rate(reaction, answer.turn_id, place, steps)
            case Sign.SOLVED if answer.turn_id and answer.asker in ("", reaction.user):
                await self._solve(
                    answer, place, reaction.ts, reaction.is_on, f"{reaction.key}", steps
                )
            case Sign.KEEP_OUT:
                left = KeepOut(answer.thread, place, reaction.ts, out=reaction.is_on)
                await self._keep_out(left, steps)

    async def _rate(
        self, reaction: Reaction, turn_id: str, place: Place, steps: DurableSteps
    ) -> None:
        is_up = reaction.sign is Sign.UP
        score = Score.UP if is_up else Score.DOWN
        rating = Rating(turn_id, reaction.user, score, reaction.at, source=reaction.name)
        keep = self.rate if reaction.is_on else self.records.take_back
        await steps.run("keep rating", lambda: keep(rating), _STORE)
        if not reaction.is_on:
            return
        channel = self._whisper(place, workspace_of(turn_id), reaction.key, steps)
        if is_up:
            await channel.tell(THANKS)
        else:
            value = more_value(reaction.name, turn_id)
            await channel.tell(_WHAT_WENT_WRONG, Deed(mark("Tell"), Press.TELL_MORE, value))

    async def _solve_pressed(self, pressed: Solved, steps: DurableSteps) -> None:
        async def find() -> AnswerPlace | None:
            return await self.records.place_of(pressed.turn_id)

        answer = await steps.run("find answer", find, _STORE)
        if answer is None:
            return
        place = replace(pressed.place, thread=answer.thread.thread)
        if answer.asker not in ("", place.user):
            whisper = self._whisper(place, answer.thread.workspace, pressed.key, steps)
            await whisper.tell(_ASKER_CLOSES)
            return
        await self._solve(answer, place, pressed.at, pressed.is_solved, pressed.key, steps)

    async def _solve(
        self,
        answer: AnswerPlace,
        place: Place,
        at: str,
        is_solved: bool,
        key: str,
        steps: DurableSteps,
    ) -> None:
        thread, gestures = answer.thread, self.replies.kit.gestures

        async def keep() -> bool:
            return await self.records.solve(thread, place.user, at, solved=is_solved)

        async def mark_question() -> None:
            first = await self.records.first_asked(thread)
            root = first if first is not None and first[:1].isdigit() else thread.thread
            show = gestures.mark if is_solved else gestures.unmark
            await show(thread.channel, root, SOLVED_MARK)

        if not await steps.run("keep outcome", keep, _STORE):
            return
        await steps.run("mark question", mark_question)
        channel = self._whisper(place, thread.workspace, key, steps)
        if is_solved:
            await channel.tell(_SOLVED, Deed(mark("Undo"), Press.NOT_SOLVED, answer.turn_id))
        else:
            await channel.tell(_NOT_SOLVED)

    async def _keep_out(self, told: KeepOut, steps: DurableSteps) -> None:
        thread, place = told.thread, replace(told.place, thread=told.thread.thread)
        if not thread.thread:
            return
        await steps.run(
            "keep out", lambda: self.records.keep_out(thread, told.at, out=told.out), _STORE
        )
        if told.out:
            await steps.run("call off", lambda: self._stopping.stop_remarks(thread), _STORE)
        whisper = self._whisper(place, thread.workspace, told.key, steps)
        if told.out:
            back = Deed(mark("Come back"), Press.COME_BACK, thread.thread)
            await whisper.tell(_KEEPING_OUT, back)
        else:
            await whisper.tell(_BACK)

    def _whisper(
        self, place: Place, workspace: str, key: str, steps: DurableSteps
    ) -> WhisperChannel:
        return self.replies.quietly(place, workspace, key, steps)


def workspace_of(turn_id: str) -> str:
    """The workspace that a turn is of."""
    return turn_id.partition(":")[0]
