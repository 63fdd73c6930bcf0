"""Work that this version cannot do, left to a newer replica while an update rolls out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic

from bot.domain.work import Job

PATIENCE = 1_800.0  # seconds; by then an update is through, and it is a mistake
_PAUSE = 10.0  # seconds until somebody may claim it again, perhaps this process


class Strangers:
    """`put_off` hands the work of a key back for so many seconds. `patience` is how long that is
    done, in seconds of `clock`."""

    def __init__(
        self,
        put_off: Callable[[str, float], Awaitable[None]],
        patience: float = PATIENCE,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._put_off = put_off
        self._patience = patience
        self._clock = clock
        self._first_met: dict[str, float] = {}

    async def leave(self, job: Job) -> bool:
        """False where nobody else did it for long enough. Raises `StoreError`."""
        now = self._clock()
        self._forget(now - 2 * self._patience)
        if now - self._first_met.setdefault(job.key, now) >= self._patience:
            del self._first_met[job.key]
            return False
        await self._put_off(job.key, _PAUSE)
        return True

    def _forget(self, before: float) -> None:
        """Others have done it by now."""
        for key in [key for key, met in self._first_met.items() if met < before]:
            del self._first_met[key]
