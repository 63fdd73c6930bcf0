"""Tells the tries apart that share one log file, and times each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.diagnosis.logs.clock import Clock, Silence
from bot.diagnosis.logs.lines import Block
from bot.diagnosis.logs.patterns import ATTEMPT

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

    def add(self, block: Block, number: int) -> None:
        """The next lines; the first has this number."""
        begin = 0
        for index, attempt in _attempts(block):
            self._time(block.lines[begin:index], number + begin)
            self._clock = Clock()
            self.found.append(Segment(number + index, attempt))
            if len(self.found) > _SEGMENTS_MAX:
                del self.found[1]
            begin = index
        self._time(block.lines[begin:], number + begin)

    def _time(self, lines: Sequence[bytes], number: int) -> None:
        self._clock.add(lines, number)
        segment = self.found[-1]
        segment.first_at, segment.last_at = self._clock.first, self._clock.last
        segment.silence = self._clock.silence


def _attempts(block: Block) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    if b"Starting attempt" not in block.text:
        return found
    for index, line in enumerate(block.lines):
        if b"Starting attempt" in line:
            match = _ATTEMPT.search(line)
            if match and not any(mark in line[:400] for mark in _NOT_AIRFLOW):
                found.append((index, int(match.group(1))))
    return found
