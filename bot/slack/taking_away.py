"""Deletes answers of ours in Slack, because somebody wants nothing kept that concerns them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import structlog

from bot.domain.privacy import OwnPosts
from bot.domain.work import Retry
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Place
from bot.slack.posting import Poster

log = structlog.get_logger(__name__)

# Slack shows an answer of unknown outcome half a minute later at the latest.
_SLACK = Retry(attempts=20, pause=2.0, seconds=180.0, longest=120.0)


@dataclass(frozen=True, slots=True)
class TakingAway:
    """Does jobs of kind `TAKE_AWAY`."""

    poster: Poster

    async def work(self, gone: OwnPosts, steps: DurableSteps) -> None:
        """What is deleted already is no harm."""
        for post in gone.posts:
            place = Place(post.channel, user="", thread=post.thread or None)
            await steps.run("delete answer", partial(self.poster.delete, post.key, place), _SLACK)
        log.info("privacy.answers_deleted", answers=len(gone.posts))
