"""Tells the tries apart that share one log file, and times each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from bot.diagnosis.logs.clock import Clock, Silence
from bot.diagnosis.logs.patterns import ATTEMPT

_STARTING = b"Starting attempt"
_ATTEMPT = re.compile(ATTEMPT.encode())
_NOT_AIRFLOW = (b"{logging_mixin.py", b'"task.stdout"', b'"task.stderr"')

# One file rarely holds more tries; the newest are kept.
_SEGMENTS_MAX = 200


@dataclass(slots=True)
class Segment:
    """The lines of one try from `start`; `attempt` is 0 for what stands before the first."""

    start: int
    attempt: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    silence: Silence | None = None


@dataclass(slots=True)
class Segments:
    """Takes all blocks in order."""

    found: list[Segment] = field(default_factory=lambda: [Segment(1)])
    _clock: Clock = field(default_factory=Clock)

    def add(self, text: bytes, number: int) -> None:
        """The next lines; the first has this number."""
        begin = 0
        for start, attempt in _attempts(text):
            self._time(text[begin : max(begin, start - 1)], number)
            number += text.count(b"\n", begin, start)
            self._clock = Clock()
            self.found.append(Segment(number, attempt))
            if len(self.found) > _SEGMENTS_MAX:
                del self.found[1]
            begin = start
        self._time(text[begin:] if begin else text, number)

    def _time(self, text: bytes, number: int) -> None:
        self._clock.add(text, number)
        segment = self.found[-1]
        segment.first_at, segment.last_at = self._clock.first, self._clock.last
        segment.silence = self._clock.silence


def _attempts(text: bytes) -> list[tuple[int, int]]:
    """Where the lines begin by which Airflow starts a try, and its number."""
    found: list[tuple[int, int]] = []
    at = text.find(_STARTING)
    while at >= 0:
        start = text.rfind(b"\n", 0, at) + 1
        end = text.find(b"\n", at)
        line = text[start : len(text) if end < 0 else end]
        match = _ATTEMPT.search(line)
        if match and not any(mark in line[:400] for mark in _NOT_AIRFLOW):
            found.append((start, int(match.group(1))))
        at = text.find(_STARTING, start + len(line))
    return found
