"""What a process does again and again beside its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.domain.errors import BotError

log = structlog.get_logger(__name__)


async def repeated(call: Callable[[], Awaitable[object]], pause: float) -> None:
    """Calls for ever, with so many seconds in between, whatever a call ends in: a loop that died
    would be missed by nobody."""
    while True:
        try:
            await call()
        except BotError as error:
            log.warning("background_failed", error=str(error))
        except Exception:  # a door of the process: a bug today is not to stop all later calls
            log.exception("background_failed")
        await asyncio.sleep(pause)
