"""Answers that stand and say that a model is adding its words, though none will come any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.domain.answers import Diagnosis, Explanation, HowTo, ModelOutcome
from bot.domain.dead_letters import Unfinished
from bot.domain.work import FOR_A_DAY, Job
from bot.services.ports import DurableSteps
from bot.slack.posting import Poster
from bot.slack.posts import ANSWER, Post, post_key
from bot.slack.refusals import SlackRefused
from bot.slack.saying import Saying

log = structlog.get_logger(__name__)

Read = Callable[[str], Awaitable[Job | None]]


@dataclass(frozen=True, slots=True)
class Unrefined:
    """`read` gives work as it was handed in, None where it is gone or cannot be read, and raises
    `StoreError`. What stands is read from the job that said it: the store may know of words that
    were never shown, and not yet of some that were."""

    poster: Poster
    read: Read

    async def give_up(self, left: Unfinished, steps: DurableSteps) -> None:
        """Does jobs of kind "unfinished"."""
        await self.settle(left.page, ModelOutcome.GIVEN_UP, left.key, steps)

    async def settle(
        self, page: str, outcome: ModelOutcome, part_of: str, steps: DurableSteps
    ) -> None:
        """Has the answer on `page` say what became of asking the model, where it still waits for
        that. Nothing is posted anew; a later refinement takes its place."""
        if not self.poster.style.has_model:
            return
        find = partial(self._redrawn, page, outcome)
        redrawn = await steps.run("find unrefined", find, FOR_A_DAY)
        if redrawn is None:
            return
        try:
            await Saying(steps, redrawn.workspace, part_of).say(redrawn)
        except SlackRefused as refusal:
            log.error("slack.answer_not_redrawn", error=str(refusal))

    async def _redrawn(self, page: str, outcome: ModelOutcome) -> Post | None:
        """None where no answer stands that waits for a model's words."""
        standing = await self.poster.standing(page)
        if standing is None or standing.revision < ANSWER:
            return None
        job = await self.read(post_key(page, standing.revision))
        match job.body if job is not None else None:
            case Post(content=Diagnosis() | HowTo() as reply) as post if _awaits_words(reply):
                ended = replace(reply, explanation=Explanation(outcome))
                return replace(post, content=ended, redraw=outcome.value)
        return None


def _awaits_words(reply: Diagnosis | HowTo) -> bool:
    if isinstance(reply, HowTo) and not reply.passages:
        return False  # a model is not asked about nothing
    return reply.explanation.outcome is ModelOutcome.NOT_CONFIGURED
