"""Turns kept raw lines into rows: Airflow 3's records, Airflow 2's prefixes, and what follows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.diagnosis.logs import records
from bot.diagnosis.logs.clean import clean, decoded
from bot.diagnosis.logs.clock import stamp_of
from bot.diagnosis.logs.rows import Head, Row
from bot.diagnosis.logs.speakers import is_processor, is_remark, of_relayed, of_source
from bot.domain.logs import Speaker

_PREFIX = re.compile(
    r"\[(?P<at>\d{4}-\d\d-\d\d[T ,][^\]]{6,32})\] \{+(?P<source>[\w./<>-]+:\d+)\}+ "
    r"(?P<level>[A-Z]+) -\s?"
)
# Airflow 1 ran the task in a child and passed its log on under this lead.
_SUBTASK = re.compile(r"(?:Job \d+: )?Subtask \S+\s(?=\[)")
_CONSOLE = re.compile(
    r"\[?(?P<at>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\s\]]{0,16})(?: [+-]\d{4})?\]?\s+"
    r"(?:\[\d+\]\s+)?(?:\[(?P<level>[A-Za-z]+)\s*\]|(?P<word>INFO|ERROR|WARNING|DEBUG|CRITICAL)\b)"
    r"\s*[-:]?\s*"
)
_COMPOSE = re.compile(r"[\w.-]+\s+\| (?=\[|\d{4}-)")
_INNER = re.compile(
    r"(?:\[[\w-]{1,30}\] )?(?:\[?\d{2,4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d(?:[,.]\d+)?Z?\]? )?"
    r"(?:\[?\d\d:\d\d:\d\d(?:\.\d+)?\]?\s+)?(?:\[?\w+\]?\s)??(?:\|\s*)?"
    r"\[?(?P<level>TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL|CRITICAL|SEVERE)\b"
)
_NESTED_MAX = 3
_OMISSION = "..."


class Parser:
    """Takes raw lines in order; remembers the head that continuation lines belong to."""

    def __init__(self) -> None:
        self._head = Head(0)
        self._is_among_remarks = False
        self._has_prefixes = False
        self._is_processor = False
        self._follows = True
        self._last_number = 0

    def rows(self, number: int, raw: bytes) -> Iterator[Row]:
        """The rows of one physical line; none for a mark that lines were left out."""
        if number != self._last_number + 1:
            self._lose_track(number)
        self._last_number = number
        texts = self._texts(number, raw)
        if texts == [_OMISSION]:
            self._lose_track(number + 1)
            return
        for text in texts:
            inner = _INNER.match(text)
            level = inner["level"].lower() if inner else None
            yield Row(number, text.rstrip(), self._head, self._follows, level)
            self._follows = True

    def _lose_track(self, number: int) -> None:
        """Lines were dropped: who wrote what continues here is not known."""
        self._follows = False
        self._head = Head(number)

    def _texts(self, number: int, raw: bytes) -> list[str]:
        record = records.decode(raw) if raw.startswith(b"{") else None
        if record is None:
            return self._plain_texts(number, decoded(raw))
        if not records.is_bare(record):
            self._head = records.head_of(number, record, raw)
            return list(records.texts_of(record))
        event = str(record["event"])
        if event.startswith("::group::Log message source details"):
            self._is_among_remarks = True
        if self._is_among_remarks:
            self._is_among_remarks = not event.startswith("::endgroup::")
            self._head = Head(number, speaker=Speaker.SOURCE)
            return clean(event).split("\n")
        # A line that was wrapped as it stands in the file, where it may be a record in turn.
        if event.startswith("{") and not event.startswith('{"event"'):
            return self._texts(number, event.encode("utf-8", "replace"))
        return self._plain_texts(number, event)

    def _plain_texts(self, number: int, text: str) -> list[str]:
        text = clean(text)
        text = text[composed.end() :] if (composed := _COMPOSE.match(text)) else text
        match = _PREFIX.match(text)
        if match is not None:
            self._has_prefixes = True
            self._head, text = self._unnested(number, match, text)
        elif is_remark(text):
            self._head = Head(number, speaker=Speaker.SOURCE)
        elif not self._has_prefixes and (console := _CONSOLE.match(text)) is not None:
            level = console["level"] or console["word"]
            at = stamp_of(console["at"].encode())
            self._head = Head(number, at, level.lower(), speaker=Speaker.AIRFLOW)
            text = text[console.end() :]
        elif self._head.speaker is Speaker.SOURCE and text.strip():
            self._head = Head(number)
        return text.split("\n")

    def _unnested(self, number: int, match: re.Match[str], text: str) -> tuple[Head, str]:
        """The innermost record. What user code printed keeps its speaker, whatever it imitates."""
        at = stamp_of(match.group().encode())
        head = Head(number, at, match["level"].lower(), source=match["source"])
        head.speaker = of_source(match["source"])
        self._is_processor = self._is_processor or is_processor(match["source"])
        text = text[match.end() :]
        for _ in range(_NESTED_MAX):
            subtask = _SUBTASK.match(text)
            inner = _PREFIX.match(text, subtask.end() if subtask else 0)
            if inner is None:
                break
            if head.speaker is Speaker.AIRFLOW or self._is_processor:
                head.speaker = of_source(inner["source"])
            head.source, head.level = inner["source"], inner["level"].lower()
            text = text[inner.end() :]
        head.speaker = of_relayed(head.source, text, head.speaker)
        return head, text
