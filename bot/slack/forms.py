"""Forms that must open at once: what triggers one is good for three seconds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackClientError

from bot.domain.conversations import Score
from bot.slack.arrivals import RatingPress
from bot.slack.blocks.forms import rating_form
from bot.slack.draw import notice
from bot.slack.gestures import Gestures
from bot.slack.outgoing import Outgoing
from bot.slack.refusals import UNSURE

log = structlog.get_logger(__name__)

THANKS = "Thanks, noted. You can change your mind with the other thumb."
_SECONDS = 2.5


def asks_why(press: RatingPress) -> bool:
    """Whether a form opens for this press: for a thumb down, not for the form itself."""
    return press.rating.score is Score.DOWN and bool(press.trigger_id)


@dataclass(frozen=True, slots=True)
class Forms:
    """The rating is kept already when one of these is asked for: they can only add to it."""

    gestures: Gestures
    outgoing: Outgoing

    async def ask_why(self, press: RatingPress) -> None:
        """Asks what was wrong, where something was. Never raises, and is done within the three
        seconds of the acknowledgement."""
        if not asks_why(press):
            return
        form = rating_form(press.rating.turn_id)
        try:
            async with asyncio.timeout(_SECONDS):
                opened = await self.gestures.open_form(press.trigger_id, form)
                if not opened and press.place is not None:
                    await self.outgoing.whisper(press.place, notice(THANKS))
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.form_not_opened", error=type(error).__name__)
