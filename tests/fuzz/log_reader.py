"""Any bytes, in chunks that the first byte chooses, must give a reading that keeps its promises."""

from __future__ import annotations

import json

from bot.diagnosis.logs import LogReader
from bot.diagnosis.logs.select import tokens
from bot.diagnosis.redaction import Redactor
from tests.benchmarks.log_cases import structured, written_logs

BUDGET = 300
_MASK = 21  # tokens of the longest
_REDACTOR = Redactor()


def seeds() -> list[bytes]:
    """Written logs in each form in which Airflow serves one."""
    found = []
    for one in written_logs():
        records = [structured(number, *record) for number, record in enumerate(one.records)]
        lines = [json.dumps(record) for record in records]
        text = one.as_text()
        found += [
            text,
            "\n".join(lines),
            json.dumps({"content": records, "continuation_token": None}),
            json.dumps({"content": text}),
            json.dumps(lines),
            repr([("host", text)]),
        ]
    return [text.encode() for text in found]


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
    # A mask may be longer than what it hides.
    cost = sum(tokens(line.number, line.text) for line in reading.lines)
    assert cost <= BUDGET + _MASK * reading.secrets_masked
