"""What is said of work that ended without a word: where, to whom, and on which page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bot.domain.alerts import Look
from bot.domain.answers import Apology
from bot.domain.dead_letters import DeadLetter
from bot.domain.questions import Question
from bot.domain.references import reference_of
from bot.domain.work import ONCE, Job, Retry
from bot.services.dead_letters import sorry_key
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Asked, ButtonPress, Command, Pick, Place, RatingPress
from bot.slack.posts import EDITION, SORRY, Post
from bot.slack.presses import Words
from bot.slack.saying import Saying
from bot.words import mark, say

T = TypeVar("T")

REMARK = ":remark"
"""What ends the keys of remarks; their answers go by the key without it."""

EDIT, EDITED = ":edit:", ":edited:"
"""What stands in the keys of work on an edited question, and of what came in for it, between the
question's own and the time of the edit."""

WHISPERS = ("private:{}:{}", "private:{}:{}:again")
"""The ledger's pages for what is said to the asker alone, by key and revision."""

FIRST_WORDS = SORRY
"""The revision from which on a page says something."""

REPORTED = "failure:"
"""What begins the keys of failures that Airflow reported."""

_SORRY = mark(
    "I could not answer this: something broke on my side. Nothing was changed in Airflow. Ask "
    "again; if it breaks again, tell whoever runs this bot."
)
_REPORTED = mark(
    "Airflow reported a failure of {dag} in {cluster}, and something broke on my side when I "
    "looked into it. Nothing was changed in Airflow. Ask again; if it breaks again, tell whoever "
    "runs this bot."
)


@dataclass(frozen=True, slots=True)
class SlackApologies:
    """The port `Apologies`. `channel` is where reported failures are told of, empty for nowhere.

    An apology goes onto the page of the answer. So it takes the place of a sign of work, and an
    answer that comes after all, when the work is tried again, takes the place of the apology.
    """

    channel: str = ""

    async def say(self, letter: DeadLetter, work: Job | None, steps: DurableSteps) -> bool:
        """Raises `SlackRefused` where Slack will never take it."""
        post = self.post(letter, work)
        if post is None:
            return False
        await Saying(_Anew(steps), post.workspace, letter.key).say(post)
        return True

    def post(self, letter: DeadLetter, work: Job | None) -> Post | None:
        """The apology; with the button to ask again where it is known what was asked."""
        body = work.body if work is not None else None
        post = self._post(letter, _place_of(body))
        question = _question_of(body)
        if post is None or question is None:
            return post
        return replace(post, words=Words(question.text, question.links))

    def _post(self, letter: DeadLetter, place: Place | None) -> Post | None:
        key, thread = letter.key.partition(EDIT)[0].removesuffix(REMARK), letter.thread
        revision = letter.edition * EDITION + SORRY
        apology = Apology(reference_of(key), _what(key))
        if letter.is_public and thread is not None:
            known = place or Place(thread.channel, letter.user_id)
            there = replace(known, channel=thread.channel, thread=thread.thread or None)
            return Post(key, revision, there, apology, turn_id=key, workspace=thread.workspace)
        if key.startswith(REPORTED):
            there = place or Place(self.channel, user="")
            return Post(key, revision, there, apology, turn_id=key) if there.channel else None
        if place is None and thread is not None and letter.user_id:
            place = Place(thread.channel, letter.user_id, thread.thread or None)
        if place is None or not place.user:
            return None
        workspace = thread.workspace if thread is not None else ""
        # To the asker alone, since it is not certain that others were to see the answer.
        return Post(
            f"private:{key}",
            revision,
            place,
            apology,
            turn_id=key,
            workspace=workspace,
            whispers=True,
        )


@dataclass(frozen=True, slots=True)
class _Anew:
    """Steps whose jobs have other keys than those of the work: its own apology may have failed."""

    steps: DurableSteps

    async def run(self, name: str, work: Callable[[], Awaitable[T]], retry: Retry = ONCE) -> T:
        return await self.steps.run(name, work, retry)

    async def call(self, job: Job) -> Any:
        return await self.steps.call(replace(job, key=sorry_key(job.key)))

    async def start(self, job: Job) -> None:
        await self.steps.start(replace(job, key=sorry_key(job.key)))


def _what(key: str) -> str:
    if not key.startswith(REPORTED):
        return _SORRY
    cluster, _, rest = key.removeprefix(REPORTED).partition(":")
    dag_id = rest.partition(":")[0]
    return say(_REPORTED, dag=dag_id, cluster=cluster)


def key_of(body: object) -> str | None:
    """The key of the work that `body` is of; None where nobody waits for it."""
    match body:
        case Asked() | Command() | Pick():
            return body.key
    return None


def _place_of(body: object) -> Place | None:
    match body:
        case (
            Asked(place=place)
            | Command(place=place)
            | Pick(place=place)
            | ButtonPress(place=place)
            | RatingPress(place=place)
        ):
            return place
        case Look(channel=channel):
            return Place(channel, user="")
    return None


def _question_of(body: object) -> Question | None:
    match body:
        case Asked(question=question) | Command(question=question) | Pick(question=question):
            return question
    return None
