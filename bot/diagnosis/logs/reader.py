"""Reads a task log through once, whatever its size and form, into what a diagnosis needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache

from bot.diagnosis.logs.assemble import Request, assemble
from bot.diagnosis.logs.envelope import Envelope
from bot.diagnosis.logs.keep import Keeper
from bot.diagnosis.logs.lines import LineSplitter
from bot.diagnosis.logs.novelty import LineKinds, News
from bot.diagnosis.logs.scan import best_engine
from bot.diagnosis.logs.segments import Segments
from bot.diagnosis.redaction import Redactor
from bot.domain.logs import LogReading

# Enough for what decides and its neighbourhood; a model's prompt takes a part of it.
TOKEN_BUDGET = 4000


class LogReader:
    """Feed bytes as they arrive, in any chunks; then finish once.

    `try_number` chooses the try where several share a file; without it the last that failed
    is read. `token_budget` bounds the kept lines. `redactor` is applied before anything is cut;
    by default one without known secrets. Lines with one of the `signatures` are kept as those
    with words of failure are; they are patterns as `raw_patterns` gives them. So are lines of a
    kind that is not among the `known` ones, those of a successful run's log.
    """

    def __init__(
        self,
        try_number: int | None = None,
        *,
        token_budget: int = TOKEN_BUDGET,
        redactor: Redactor | None = None,
        signatures: tuple[str, ...] = (),
        known: LineKinds | None = None,
    ) -> None:
        self._try_number = try_number
        self._budget = token_budget
        self._redactor = redactor
        self._envelope = Envelope()
        engine = best_engine(signatures)
        self._splitter = LineSplitter(engine)
        self._keeper = Keeper(engine)
        self._segments = Segments()
        self._news = News(known) if known is not None else None
        self._bytes_read = 0

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the log as they were served."""
        self._bytes_read += len(chunk)
        self._take(self._envelope.feed(chunk))

    def finish(self, *, complete: bool = True) -> LogReading:
        """The reading; `complete` is False where the stream was broken off."""
        self._take(self._envelope.finish())
        for block in self._splitter.finish():
            self._add(block)
        self._keeper.finish()
        redactor = self._redactor or _default_redactor()
        request = Request(self._try_number, self._budget, redactor, self._bytes_read, complete)
        return assemble(self._keeper, self._segments, request, self._news)

    def _take(self, content: bytes) -> None:
        for block in self._splitter.feed(content):
            self._add(block)

    def _add(self, block: bytes) -> None:
        if b"\0" in block:  # what Windows prints as UTF-16: without them it is legible
            block = block.replace(b"\0", b"")
        number = self._keeper.lines_read + 1
        self._segments.add(block, number)
        self._keeper.add(block, self._news.add(block, number) if self._news else ())


def read_log_text(text: str, try_number: int | None = None) -> LogReading:
    """Reads a log that is at hand as text."""
    reader = LogReader(try_number)
    reader.feed(text.encode("utf-8", "replace"))
    return reader.finish()


def read_log_records(
    records: Sequence[Mapping[str, object]],
    try_number: int | None = None,
    *,
    known: LineKinds | None = None,
) -> LogReading:
    """Reads the `content` list of Airflow 3's log reply; line numbers are places in the list."""
    reader = LogReader(try_number, known=known)
    for record in records:
        reader.feed(json.dumps(record, default=str).encode() + b"\n")
    return reader.finish()


@cache
def _default_redactor() -> Redactor:
    return Redactor()
