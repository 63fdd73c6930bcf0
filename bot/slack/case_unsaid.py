"""Takes the words of a case out of answers in Slack, once they are gone from the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.domain.answers import Diagnosis
from bot.domain.casework import WordsGone
from bot.domain.work import FOR_A_DAY
from bot.services.ports import DurableSteps
from bot.slack.desk import Records
from bot.slack.posting import Poster
from bot.slack.posts import ANSWER, Post, post_key
from bot.slack.refusals import SlackRefused
from bot.slack.saying import Saying
from bot.slack.talk.hearing import forget_job
from bot.slack.unrefined import Read

log = structlog.get_logger(__name__)

_REASON = "case gone"


@dataclass(frozen=True, slots=True)
class Unsaid:
    """`read` gives work as it was handed in: it knows where and how an answer was said."""

    poster: Poster
    read: Read
    records: Records

    async def work(self, gone: WordsGone, steps: DurableSteps) -> None:
        """Does jobs of kind `TAKE_BACK`."""
        await self.take_back(gone.turns, steps)
        # The work that said the answers holds the words as well.
        await steps.start(forget_job(gone.turns, "taken back"))

    async def take_back(self, turn_ids: Sequence[str], steps: DurableSteps) -> None:
        """Shows these answers as they are kept by now. What stands no more is not said anew."""
        for turn_id in turn_ids:
            redrawn = await steps.run("find answer", partial(self._redrawn, turn_id), FOR_A_DAY)
            if redrawn is None:
                continue
            try:
                await Saying(steps, redrawn.workspace, turn_id).say(redrawn)
            except SlackRefused as refusal:
                log.error("slack.case_not_taken_back", error=str(refusal))

    async def _redrawn(self, turn_id: str) -> Post | None:
        standing = await self.poster.standing(turn_id)
        turn = await self.records.turn(turn_id)
        if standing is None or standing.revision < ANSWER or turn is None:
            return None
        job = await self.read(post_key(turn_id, standing.revision))
        match job.body if job is not None else None:
            case Post(content=Diagnosis()) as post if isinstance(turn.reply, Diagnosis):
                return replace(post, content=turn.reply, redraw=_REASON)
        return None
