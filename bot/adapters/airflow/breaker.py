"""Whether a cluster may be asked at all just now: stops asking one that is slow or failing."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

WINDOW = 10  # the latest calls that are judged
TROUBLED = 5  # so many slow or failed ones among them open the breaker
FORGET_SECONDS = 60.0  # older calls say nothing about now
PAUSE_SECONDS = 10.0  # the first pause; it doubles with each probe that goes wrong
PAUSE_MAX_SECONDS = 120.0


class BreakerState(StrEnum):
    CLOSED = "closed"  # calls pass
    OPEN = "open"  # none passes
    HALF_OPEN = "half_open"  # one probe is out; the others wait for what it finds


@dataclass(frozen=True, slots=True)
class Admission:
    """A call may go out where `wait` is 0, else in so many seconds; `probe` decides for all."""

    wait: float = 0.0
    probe: bool = False


class Breaker:
    """Opens on sustained trouble, lets one probe pass after a pause, closes when that goes well.

    Safe to use from several threads. `clock` gives seconds of any origin.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: deque[tuple[float, bool]] = deque(maxlen=WINDOW)
        self._open_until: float | None = None
        self._pause = PAUSE_SECONDS
        self._probing = False

    @property
    def state(self) -> BreakerState:
        with self._lock:
            if self._open_until is None:
                return BreakerState.CLOSED
            return BreakerState.HALF_OPEN if self._probing else BreakerState.OPEN

    @property
    def wait(self) -> float:
        """Seconds until anything may be asked; 0 where it may, or where a probe is due."""
        with self._lock:
            return self._wait()

    def admit(self) -> Admission:
        """Asked just before a call goes out; whoever is let through must `report`."""
        with self._lock:
            wait = self._wait()
            if wait > 0 or self._open_until is None:
                return Admission(wait)
            self._probing = True
            return Admission(probe=True)

    def report(self, admission: Admission, went_well: bool) -> None:
        """What became of a call that was let through."""
        with self._lock:
            now = self._clock()
            if admission.probe:
                self._end_probe(went_well, now)
                return
            self._calls.append((now, went_well))
            recent = [well for at, well in self._calls if now - at <= FORGET_SECONDS]
            if self._open_until is None and recent.count(False) >= TROUBLED:
                self._open_until = now + self._pause

    def _wait(self) -> float:
        if self._open_until is None:
            return 0.0
        if self._probing:
            return self._pause
        return max(0.0, self._open_until - self._clock())

    def _end_probe(self, went_well: bool, now: float) -> None:
        self._probing = False
        self._calls.clear()
        if went_well:
            self._open_until, self._pause = None, PAUSE_SECONDS
        else:
            self._pause = min(self._pause * 2, PAUSE_MAX_SECONDS)
            self._open_until = now + self._pause
