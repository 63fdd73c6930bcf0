"""The one door for failure: a sentence to the user, and the same reference in the log."""

from __future__ import annotations

import structlog

from bot.domain.answers import Apology
from bot.domain.errors import BadRequest
from bot.slack.channel import Channel
from bot.slack.confiding import ConfidingChannel
from bot.slack.refusals import SlackRefused
from bot.words import mark

log = structlog.get_logger(__name__)

_SORRY = mark(
    "Something broke on my side while I worked on this; nothing was changed in Airflow. Try again; "
    "if it breaks again, tell whoever runs this bot."
)


async def excuse(
    error: Exception, reference: str, channel: Channel | ConfidingChannel | None
) -> None:
    """Logs what went wrong and says so once, unless an answer stands already.

    Never raises: where not even the apology can be sent, the log says so.
    """
    _note(error, reference)
    if channel is None or channel.answered:
        return
    if isinstance(error, SlackRefused) and error.closes_the_place:
        return
    what = str(error) if isinstance(error, BadRequest) else _SORRY
    try:
        await channel.apologise(Apology(reference, what))
    except Exception as failure:
        log.error("slack.apology_failed", reference=reference, error=type(failure).__name__)


def _note(error: Exception, reference: str) -> None:
    match error:
        case BadRequest():
            log.info("slack.bad_request", reference=reference, error=str(error))
        case SlackRefused(code=code):
            log.error("slack.not_said", reference=reference, error=code)
        case _:
            log.error("slack.failed", reference=reference, exc_info=error)
