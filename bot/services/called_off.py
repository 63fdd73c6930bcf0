"""What follows on work that somebody cancelled, once it is certain that it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from bot.domain.errors import BotError
from bot.domain.work import Retry, WorkStatus
from bot.services.ports import DurableSteps

log = structlog.get_logger(__name__)

_ENDED = frozenset({WorkStatus.CANCELLED, WorkStatus.DONE, WorkStatus.FAILED})
# Whoever cancels hands this in first: the work may be called off in a moment, or never.
_PATIENT = Retry(attempts=8, pause=0.5, seconds=15.0, longest=16.0)


class _NotEnded(BotError):
    """The work is still under way."""


@dataclass(frozen=True, slots=True)
class CalledOffService:
    """Does jobs of the kind `CALLED_OFF`, by `follow_up`.

    `key_of` gives the key of the work that a body is of, None where nobody waits for it; `status`
    says how that work is, None where it is gone, and raises `StoreError`.
    """

    follow_up: Callable[[Any, DurableSteps], Awaitable[Any]]
    key_of: Callable[[object], str | None]
    status: Callable[[str], Awaitable[WorkStatus | None]]

    async def work(self, body: object, steps: DurableSteps) -> None:
        key = self.key_of(body)
        if key is None:
            return

        async def is_cancelled() -> bool:
            status = await self.status(key)
            if status is not None and status not in _ENDED:
                raise _NotEnded(f"The work {key} is {status}.")
            return status is WorkStatus.CANCELLED

        try:
            was_cancelled = await steps.run("cancelled", is_cancelled, _PATIENT)
        except BotError as error:
            log.info("not_called_off", error=str(error))
            return
        if was_cancelled:
            await self.follow_up(body, steps)
