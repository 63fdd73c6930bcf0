"""Any bytes, in chunks that the first byte chooses, must give a reading that keeps its promises."""

from __future__ import annotations

from bot.diagnosis.logs import LogReader
from bot.diagnosis.logs.select import tokens
from bot.diagnosis.redaction import Redactor

BUDGET = 300
_REDACTOR = Redactor()


def take(content: bytes) -> None:
    """One input. Raises where the reader does, or breaks a promise."""
    size = (content[0] if content else 0) * 37 + 1
    reader = LogReader(token_budget=BUDGET, redactor=_REDACTOR)
    for start in range(0, len(content), size):
        reader.feed(content[start : start + size])
    reading = reader.finish()
    numbers = [line.number for line in reading.lines]
    assert numbers == sorted(set(numbers))
    assert reading.lines_dropped == reading.lines_read - len(reading.lines) >= 0
    assert sum(tokens(line.number, line.text) for line in reading.lines) <= BUDGET
