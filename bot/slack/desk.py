"""Works on what arrived from Slack, step by step, wherever a process before it left off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

import structlog

from bot.domain.answers import Apology, ModelOutcome
from bot.domain.conversations import Rating, Turn
from bot.domain.errors import BadRequest
from bot.domain.questions import EarlierMessage, Intent, Question
from bot.domain.references import reference_of
from bot.domain.work import Retry
from bot.services.ports import DurableSteps, ReplyChannel
from bot.slack.arrivals import Asked, ButtonPress, Command, Pick, Place, RatingPress, Way
from bot.slack.channel import NOT_READ
from bot.slack.confiding import ConfidingChannel, OpenChannel
from bot.slack.door import excuse
from bot.slack.forms import THANKS, asks_why
from bot.slack.jobs import Taken
from bot.slack.narrating import NarratedSteps
from bot.slack.onlooking import Everybody, Onlooking, Rights
from bot.slack.posts import Post
from bot.slack.presses import Words
from bot.slack.refusals import NOT_A_MEMBER, SlackRefused, SlackUnavailable
from bot.slack.replies import Replies
from bot.slack.saying import Saying
from bot.slack.talk.hearing import Hearing, forget_job
from bot.slack.unrefined import Unrefined
from bot.slack.whispering import WhisperChannel
from bot.words import mark

_CALLED_OFF = mark(
    "An operator of this bot called this question off before I had the answer. Nothing was changed "
    "in Airflow. Ask again, or ask them why."
)
STOPPED = mark("Stopped.")
_READ = Retry(attempts=3, pause=1.0, seconds=30.0)
_STORE = Retry(attempts=6, pause=1.0, seconds=15.0)

CommandHandler = Callable[[Command, DurableSteps], Awaitable[None]]
"""Does what a command asks for, and says so itself."""

Answering = Callable[[Question, ReplyChannel, DurableSteps], Awaitable[object]]


class Answers(Protocol):
    """The use case behind the desk. The turn of a question bears the question's id."""

    async def handle(
        self, question: Question, channel: ReplyChannel, steps: DurableSteps
    ) -> Turn | None:
        """Answers through `channel`; None where nothing was to be said."""
        ...

    async def pick(
        self,
        turn_id: str,
        option: int,
        question: Question,
        channel: ReplyChannel,
        steps: DurableSteps,
    ) -> Turn | None:
        """Answers for the option of that turn. Raises `BadRequest` where it is not known."""
        ...


class Records(Protocol):
    """The part of the conversation store that buttons need."""

    async def turn(self, turn_id: str) -> Turn | None: ...

    async def rate(self, rating: Rating) -> None: ...


@dataclass(frozen=True, slots=True)
class SlackDesk:
    """Does jobs of kind "arrival". `commands` do those of their intent in place of an answer."""

    answers: Answers
    records: Records
    replies: Replies
    unrefined: Unrefined
    commands: Mapping[Intent, CommandHandler] = field(default_factory=dict)
    rights: Rights = field(default_factory=Everybody)
    hearing: Hearing | None = None

    @property
    def _onlooking(self) -> Onlooking:
        return Onlooking(self.records.turn, self.replies.kit.poster, self.rights)

    async def work(self, arrival: Taken, steps: DurableSteps) -> None:
        """Ends once all is said. Raises what broke, after an apology, so that the job has failed;
        what the asker can put right by themselves is no failure."""
        match arrival:
            case Command(Question(intent=Intent() as intent)) if intent in self.commands:
                await self.commands[intent](arrival, steps)
            case Asked(way=Way.ASIDE):
                """It was carried to the other thread of an escalation, if there is one."""
            case Asked(question, place, wording=wording):
                handle = self.answers.handle
                await self._turn(arrival.key, question, place, steps, handle, wording)
            case Command(question, place):
                await self._turn(arrival.key, question, place, steps, self.answers.handle)
            case Pick(turn_id, option, question, place):

                async def picked(
                    asked: Question, channel: ReplyChannel, steps: DurableSteps
                ) -> object:
                    return await self.answers.pick(turn_id, option, asked, channel, steps)

                await self._turn(arrival.key, question, place, steps, picked)
            case ButtonPress():
                channel = self._private(arrival.place, arrival.key, steps)
                pressed = self._onlooking.work(arrival, channel, steps)
                await excused(pressed, arrival.key, channel)
            case RatingPress(place=None):
                await excused(self._keep(arrival, "", steps), arrival.key, None)
            case RatingPress(place=Place() as place):
                channel = self._private(place, arrival.key, steps)
                await excused(self._rate(arrival, channel, steps), arrival.key, channel)

    async def say(self, post: Post, steps: DurableSteps) -> None:
        """Does jobs of kind "message": words that belong to no question."""
        await Saying(steps, post.workspace, post.key).say(post)

    async def call_off(self, body: object, steps: DurableSteps) -> None:
        """Does jobs of kind "called_off": takes the signs of work away that cancelled work left
        behind, and tells whoever asked."""
        match body:
            case Asked(question, place) | Command(question, place) | Pick(_, _, question, place):
                await self._forget_unkept(body.key, question, place, steps)
                apology = Apology(reference_of(question.id), _CALLED_OFF)
                # A remark may have been for others, unless it was taken up.
                if question.is_addressed or await self._is_taken_up(place, steps):
                    await self._call_off(question, place, apology, steps)
                else:
                    await self._end(question, place, steps)

    async def _end(self, question: Question, place: Place, steps: DurableSteps) -> None:
        """Without a word of its own."""
        channel = await self.replies.known(question, place, question.id, steps)
        try:
            await self._nothing_to_come(question, steps)
        finally:
            await channel.close()

    async def stopped(self, body: object, steps: DurableSteps) -> None:
        """Does jobs of kind "stopped": the asker did it, and knows why."""
        match body:
            case Asked(question, place) | Command(question, place) | Pick(_, _, question, place):
                await self._forget_unkept(body.key, question, place, steps)
                await self._call_off(question, place, Apology("", STOPPED), steps)

    async def _forget_unkept(
        self, work: str, question: Question, place: Place, steps: DurableSteps
    ) -> None:
        if self.hearing is not None:
            await self.hearing.forget_unkept(work, question, place, steps)

    async def _is_taken_up(self, place: Place, steps: DurableSteps) -> bool:
        ts, gestures = place.asked_in, self.replies.kit.gestures
        if ts is None:
            return False
        return await steps.run(
            "look for eyes", partial(gestures.has_seen, place.channel, ts), _READ
        )

    async def _call_off(
        self, question: Question, place: Place, apology: Apology, steps: DurableSteps
    ) -> None:
        channel = await self.replies.known(question, place, question.id, steps)
        try:
            await channel.call_off(apology)
            await self._nothing_to_come(question, steps)
        except SlackRefused as refusal:
            if refusal.code not in NOT_A_MEMBER or place.response_url is None:
                raise
            workspace = question.thread.workspace
            private = self.replies.private(place, workspace, question.id, steps, channel.words)
            await private.call_off(apology)
        finally:
            await channel.close()

    async def _nothing_to_come(self, question: Question, steps: DurableSteps) -> None:
        """An answer that stands says so."""
        await self.unrefined.settle(question.id, ModelOutcome.CALLED_OFF, question.id, steps)

    def _private(self, place: Place, key: str, steps: DurableSteps) -> WhisperChannel:
        """For a press, whose key begins with the workspace."""
        return self.replies.private(place, key.partition(":")[0], key, steps)

    async def _turn(
        self,
        work: str,
        question: Question,
        place: Place,
        steps: DurableSteps,
        answer: Answering,
        wording: str = "",
    ) -> None:
        """One question from acknowledgement to answer."""
        reference, failure = reference_of(question.id), None
        channel: OpenChannel | None = None
        if place.user:
            words = Words(question.text, question.links)
            channel = self.replies.private(place, question.thread.workspace, work, steps, words)
        with structlog.contextvars.bound_contextvars(reference=reference):
            try:
                heard = await self._heard(work, question, place, wording, steps)
                if heard is None:
                    return
                question, edition = heard
                question, channel = await self.replies.open(question, place, work, steps, edition)
                # A remark that calls nobody is acknowledged once it turns out to be for us.
                if question.is_addressed:
                    await channel.receive()
                earlier = await self._earlier(question, channel, steps)
                await answer(replace(question, earlier=earlier), channel, _told(steps, channel))
            except Exception as error:
                failure = error
                await excuse(error, reference, channel)
            finally:
                if channel is not None:
                    channel.still()
            # Not where the process is about to end: the signs stand for the one that goes on.
            if channel is not None:
                await channel.close()
            _raise_but_for_bad_requests(failure)

    async def _heard(
        self, work: str, question: Question, place: Place, wording: str, steps: DurableSteps
    ) -> tuple[Question, int] | None:
        if self.hearing is None:
            return question, 0
        return await self.hearing.hear(work, question, place, wording, steps)

    async def _earlier(
        self, question: Question, channel: OpenChannel, steps: DurableSteps
    ) -> tuple[EarlierMessage, ...]:
        if question.earlier:
            return question.earlier  # the message that a shortcut was used on
        here = False

        async def read() -> tuple[EarlierMessage, ...]:
            nonlocal here
            here = True
            return await self.replies.earlier(question)

        try:
            earlier = await steps.run("read thread", read, _READ)
        except SlackUnavailable:
            earlier = ()
            channel.place = replace(channel.place, note=NOT_READ)
        # A result that was kept before is the trace of somebody who worked on this.
        channel.resumed = channel.resumed or not here
        return tuple(earlier)

    async def _keep(self, press: RatingPress, channel: str, steps: DurableSteps) -> None:
        async def keep() -> bool:
            rating = press.rating
            keeps = not rating.comment or await self._keeps_words(press, channel)
            await self.records.rate(rating if keeps else replace(rating, comment=""))
            return keeps

        if not await steps.run("keep rating", keep, _STORE):
            await steps.start(forget_job((press.key,), "comment"))

    async def _keeps_words(self, press: RatingPress, channel: str) -> bool:
        workspace = press.key.partition(":")[0]
        hearing, user = self.hearing, press.rating.user_id
        return hearing is None or await hearing.keeps_words(workspace, user, channel)

    async def _rate(self, press: RatingPress, channel: WhisperChannel, steps: DurableSteps) -> None:
        await self._keep(press, channel.place.channel, steps)
        if not asks_why(press):
            await channel.tell(THANKS)


def _told(steps: DurableSteps, channel: OpenChannel) -> DurableSteps:
    narrator = channel.narrator if isinstance(channel, ConfidingChannel) else None
    return NarratedSteps(steps, narrator) if narrator is not None else steps


async def excused(work: Awaitable[None], key: str, channel: WhisperChannel | None) -> None:
    """Does `work`; where it breaks, an apology says so. Raises like `SlackDesk.work`."""
    try:
        await work
    except Exception as error:
        await excuse(error, reference_of(key), channel)
        _raise_but_for_bad_requests(error)


def _raise_but_for_bad_requests(failure: Exception | None) -> None:
    if failure is not None and not isinstance(failure, BadRequest):
        raise failure
