"""Since when a server has not answered anything although it was asked."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable


class Pulse:
    """Told of each call as it begins and ends, however it ends. Safe for several threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._serials = itertools.count()
        self._begun: dict[int, float] = {}
        self._heard_at = float("-inf")

    def begin(self) -> int:
        """A name for the call, to be given to `end`."""
        with self._lock:
            beat = next(self._serials)
            self._begun[beat] = self._clock()
            return beat

    def end(self, beat: int) -> None:
        with self._lock:
            del self._begun[beat]
            self._heard_at = self._clock()

    def silence(self) -> float:
        """Seconds during which calls were out and none ended; 0 where none is out."""
        with self._lock:
            if not self._begun:
                return 0.0
            return self._clock() - max(self._heard_at, min(self._begun.values()))
