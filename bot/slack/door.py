"""The one door for failure: a sentence to the user, and the same reference in the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from bot.domain.answers import Apology
from bot.domain.errors import BadRequest
from bot.services.ports import ReplyChannel

log = structlog.get_logger(__name__)

_SORRY = "Something broke on my side while I worked on this; nothing was changed in Airflow."
_STOPPED = "I was restarted before I could answer this."
_LAST_WORDS = 3.0  # seconds that an apology may take when the bot is stopped


class Door:
    """`new_reference` makes the ids that user and log share."""

    def __init__(self, new_reference: Callable[[], str]) -> None:
        self._new_reference = new_reference

    async def apologise(self, error: Exception, channel: ReplyChannel) -> None:
        """Never raises: where not even the apology can be sent, the log says so."""
        if isinstance(error, BadRequest):
            reference = self._new_reference()
            log.info("slack.bad_request", reference=reference, error=str(error))
            await self._say(str(error), reference, channel)
            return
        reference = self.note(error)
        await self._say(_SORRY, reference, channel)

    def note(self, error: Exception) -> str:
        """Logs a failure that has no thread to be told in; returns its reference."""
        reference = self._new_reference()
        log.error("slack.failed", reference=reference, exc_info=error)
        return reference

    async def stopped(self, channel: ReplyChannel) -> None:
        """Tells the asker that the bot was stopped in the middle of it."""
        reference = self._new_reference()
        log.warning("slack.stopped", reference=reference)
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await self._say(_STOPPED, reference, channel)
        except TimeoutError:
            log.error("slack.apology_failed", reference=reference, error="timeout")

    async def _say(self, what: str, reference: str, channel: ReplyChannel) -> None:
        try:
            await channel.post(Apology(reference, what), reference)
        except Exception as failure:
            log.error("slack.apology_failed", reference=reference, exc_info=failure)
