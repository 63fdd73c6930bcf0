"""Forgets finished work and what was kept to answer each thing once, after its time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.domain.work import Retry
from bot.services.ports import Steps

TIDY = "tidy"
"""The kind of job that tidies up."""

Forget = Callable[[datetime], Awaitable[int]]
"""Forgets what is older than that moment and says how many there were."""

log = structlog.get_logger(__name__)

# It comes up again within the hour.
_PATIENT = Retry(attempts=3, pause=5.0, seconds=600.0)


class Tidier:
    """The handler of jobs of kind `tidy`: each of `places` forgets what is older than `keep`."""

    def __init__(
        self, places: Mapping[str, Forget], keep: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._places = places
        self._keep = keep
        self._now = now

    async def work(self, _: None, steps: Steps) -> None:
        """One step for each place."""
        for name, forget in self._places.items():
            await steps.run(f"tidy {name}", partial(self._tidied, name, forget), _PATIENT)

    async def _tidied(self, name: str, forget: Forget) -> int:
        count = await forget(self._now() - self._keep)
        log.info("tidied", place=name, count=count)
        return count
