"""Ends work that whoever asked for it does not want any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.domain.questions import ThreadKey
from bot.domain.work import Job, Priority, Queue, Retry
from bot.services.ports import DurableSteps
from bot.services.talk import CalledOff, MessageKey, TalkRecords, WorkRecords
from bot.slack.arrivals import Asked, Command, Pick
from bot.slack.jobs import ARRIVAL, STOPPED, question_of
from bot.slack.posts import ANSWER, NEVER, Notice, Post, order_of
from bot.slack.replies import Replies
from bot.slack.saying import Saying
from bot.slack.talk.arrivals import Stop
from bot.words import mark

_STORE = Retry(attempts=10, pause=1.0, seconds=15.0, longest=60.0)
_REMARKS = ":remark"
_UNWINDING = 1.0  # seconds for work that was called off to notice

_ASKER_STOPS = mark("Only the person who asked can stop this.")
_NOTHING_TO_STOP = mark("There is nothing to stop any more.")
_STOPPED_ALL = mark("I have stopped what you asked here.")
_NOTHING = CalledOff()


@dataclass(frozen=True, slots=True)
class Stopping:
    records: TalkRecords
    work: WorkRecords
    replies: Replies

    async def stop(self, wanted: Stop, steps: DurableSteps) -> None:
        stopped = await steps.run("stop", lambda: self._stopped(wanted), _STORE)
        is_all = not wanted.question_id and not wanted.thread.thread
        if stopped.keys and not is_all:
            return
        if stopped.keys:
            await self._tell(wanted, _STOPPED_ALL, steps)
        elif stopped.spared and not is_all:
            await self._tell(wanted, _ASKER_STOPS, steps)
        else:
            await self._tell(wanted, _NOTHING_TO_STOP, steps)

    async def _tell(self, wanted: Stop, words: str, steps: DurableSteps) -> None:
        """Below the word in direct messages, which nobody else reads; elsewhere quietly."""
        thread, place = wanted.thread, wanted.place
        if not place.is_direct:
            root = thread.thread or (place.thread if place.thread != wanted.at else None)
            place = replace(place, thread=root)
            quiet = self.replies.quietly(place, thread.workspace, wanted.key, steps)
            await quiet.tell(words)
            return
        # Named after the message, with which it is deleted.
        key = f"{MessageKey(thread.workspace, thread.channel, wanted.at).fragment}:stop"
        post = Post(key, ANSWER, place, Notice(words))
        await Saying(steps, thread.workspace, wanted.key).say(post)

    async def _stopped(self, wanted: Stop) -> CalledOff:
        thread, user, until = wanted.thread, wanted.place.user, NEVER
        holding: Sequence[str] = (wanted.question_id,)
        if not wanted.question_id and thread.thread:
            holding = await self.records.work_in(thread)
        elif not wanted.question_id:
            # What was asked by a form bears its asker where it knew of no channel.
            holding = [f"{thread.workspace}:{where}:" for where in (thread.channel, user)]
            until = order_of(wanted.at)
        if not holding:
            return _NOTHING
        return await self.work.stop(
            holding, (ARRIVAL,), by=_asked_by(user, until), follow_up=stopped_job
        )

    async def stop_remarks(self, thread: ThreadKey) -> CalledOff:
        """The work on what called nobody."""
        keys = [key for key in await self.records.work_in(thread) if key.endswith(_REMARKS)]
        return await self.work.stop(keys, (ARRIVAL,), follow_up=stopped_job) if keys else _NOTHING


def stopped_job(job: Job) -> Job:
    """What follows on work that somebody stopped: says so in its place."""
    key = f"{job.key}:stopped"
    return Job(
        key=key,
        kind=STOPPED,
        body=job.body,
        queue=Queue.QUESTIONS,
        share=key,
        priority=Priority.ASKED,
        delay=_UNWINDING,
        part_of=job.key,
    )


def _asked_by(user: str, until: tuple[int, int]) -> Callable[[Job], bool]:
    """`until` is the place of the word to stop among the messages of its channel."""

    def is_theirs(job: Job) -> bool:
        if not isinstance(job.body, Asked | Command | Pick):
            return False
        question = question_of(job.body)
        if question is None or question.asker.user_id != user:
            return False
        asked = order_of(question.message_ts)
        return asked == NEVER or until == NEVER or asked <= until

    return is_theirs
