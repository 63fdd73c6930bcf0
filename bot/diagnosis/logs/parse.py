"""Turns kept raw lines into rows: Airflow 3's records, Airflow 2's prefixes, and what follows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from bot.diagnosis.logs.clock import stamp_of
from bot.diagnosis.logs.detail import detail_lines
from bot.diagnosis.logs.rows import Head, Row
from bot.diagnosis.logs.speakers import is_remark, of_logger, of_source
from bot.domain.logs import Speaker

_ANSI = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]"
    r"|(?:(?<=\s)|(?<=^))\[\d{1,3}(?:;\d{1,3})*m"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b-\u200f]")
_PREFIX = re.compile(
    r"\[(?P<at>\d{4}-\d\d-\d\d[T ,][^\]]{6,32})\] \{+(?P<source>[\w./<>-]+:\d+)\}+ "
    r"(?P<level>[A-Z]+) -\s?"
)
_SUBTASK = re.compile(r"(?:Job \d+: )?Subtask \S+\s(?=\[)")
_CONSOLE = re.compile(
    r"\[?(?P<at>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\s\]]{0,16})(?: [+-]\d{4})?\]?\s+"
    r"(?:\[\d+\]\s+)?(?:\[(?P<level>[A-Za-z]+)\s*\]|(?P<word>INFO|ERROR|WARNING|DEBUG|CRITICAL)\b)"
    r"\s*[-:]?\s*"
)
_COMPOSE = re.compile(r"[\w.-]+(?:-\d+)?\s+\| (?=\[|\d{4}-)")
_INNER = re.compile(
    r"(?:\[[\w-]{1,30}\] )?(?:\[?\d{2,4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d(?:[,.]\d+)?Z?\]? )?"
    r"(?:\[?\d\d:\d\d:\d\d(?:\.\d+)?\]?\s+)?(?:\[?\w+\]?\s)??(?:\|\s*)?"
    r"\[?(?P<level>TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL|CRITICAL|SEVERE)\b"
)
_NESTED_MAX = 3

# Where and what, not why: left out of a record's text.
_ROUTINE_FIELDS = frozenset(
    """
    timestamp event level logger filename lineno run_id ti_id try_number map_index dag_id
    task_id bundle_name bundle_version dag_file bundle_prepare_ms dag_file_parse_ms chan
    error_detail exception exc_info ti category func_name process thread pathname module loc
    elided_bytes
    """.split()
)
_FIELD_MAX = 400
_EVENT = re.compile(r'"event"\s*:\s*"')
_DAMAGED_FIELD = re.compile(
    r'"(level|logger|filename|exc_type|exc_value)"\s*:\s*"((?:[^"\\]|\\.)*)'
)


class Parser:
    """Takes raw lines in order; remembers the head that continuation lines belong to."""

    def __init__(self) -> None:
        self._head = Head(0)
        self._in_sources = False
        self._last_number = 0

    def rows(self, number: int, raw: bytes) -> Iterator[Row]:
        """The rows of one physical line."""
        follows = number == self._last_number + 1
        self._last_number = number
        if not follows and self._head.number:
            # Who wrote the dropped lines in between is not known any more.
            self._head = Head(number, speaker=self._head.speaker)
        found = self._record_rows(number, raw) if raw.startswith(b"{") else None
        if found is None:
            found = self._plain_rows(number, raw.decode("utf-8", "replace"), raw)
        for index, row in enumerate(found):
            row.follows = follows or index > 0
            yield row

    def _record_rows(self, number: int, raw: bytes) -> list[Row] | None:
        record = _decoded(raw)
        if record is None or "event" not in record:
            return None
        head = _record_head(number, record, raw)
        event = clean(str(record["event"]))
        plain = _PREFIX.match(event) if head.logger is None else None
        if plain is not None:
            return self._plain_rows(number, event, raw)
        self._mark_source(head, event)
        self._head = head
        texts = [*event.split("\n"), *_field_texts(record)]
        texts += detail_lines(record.get("error_detail"))
        exception = record.get("exception")
        if isinstance(exception, str):
            texts += clean(exception).split("\n")
        return [_row(number, text, head) for text in texts]

    def _mark_source(self, head: Head, event: str) -> None:
        if event.startswith("::group::Log message source details"):
            self._in_sources = True
        if self._in_sources or (head.logger is None and is_remark(event)):
            head.speaker = Speaker.SOURCE
        if event.startswith("::endgroup::"):
            self._in_sources = False

    def _plain_rows(self, number: int, text: str, raw: bytes) -> list[Row]:
        text = clean(text)
        text = text[composed.end() :] if (composed := _COMPOSE.match(text)) else text
        match = _PREFIX.match(text)
        console = None if match else _CONSOLE.match(text)
        if match is not None:
            self._head, text = self._unnested(number, match, text)
        elif console is not None:
            level = console["level"] or console["word"]
            self._head = Head(
                number, stamp_of(text.encode()), level.lower(), speaker=Speaker.AIRFLOW
            )
            text = text[console.end() :]
        elif is_remark(text):
            self._head = Head(number, speaker=Speaker.SOURCE)
        return [_row(number, line, self._head) for line in text.split("\n")]

    def _unnested(self, number: int, match: re.Match[str], text: str) -> tuple[Head, str]:
        """The innermost record, in the voice of the outermost that is not Airflow's relay."""
        source = match["source"]
        head = Head(
            number, stamp_of(text[: match.end()].encode()), match["level"].lower(), source=source
        )
        head.speaker = of_source(source)
        text = text[match.end() :]
        for _ in range(_NESTED_MAX):
            subtask = _SUBTASK.match(text)
            inner = _PREFIX.match(text, subtask.end() if subtask else 0)
            if inner is None:
                break
            speaker = of_source(inner["source"])
            if head.speaker is Speaker.AIRFLOW:
                head = replace(head, speaker=speaker)
            head.source, head.level = inner["source"], inner["level"].lower()
            text = text[inner.end() :]
        return head, text


def clean(text: str) -> str:
    """Without terminal codes, with what a carriage return overwrote taken away."""
    text = _ANSI.sub("", text).replace("\r\n", "\n").rstrip("\r\n")
    if "\r" in text:
        text = "\n".join(_last_shown(line) for line in text.split("\n"))
    return _CONTROL.sub("", text)


def _last_shown(line: str) -> str:
    return next((part for part in reversed(line.split("\r")) if part.strip()), "")


def _row(number: int, text: str, head: Head) -> Row:
    match = _INNER.match(text)
    return Row(number, text.rstrip(), head, inner=match["level"].lower() if match else None)


def _decoded(raw: bytes) -> Mapping[str, Any] | None:
    for candidate in (raw, raw.decode("utf-8", "replace").encode()):
        try:
            record = msgspec.json.decode(candidate)
        except (ValueError, RecursionError):
            continue
        return record if isinstance(record, dict) else None
    return _damaged(raw.decode("utf-8", "replace"))


def _damaged(text: str) -> Mapping[str, Any] | None:
    """What can still be read of a record that was cut: it was too long, or the stream ended."""
    event = _EVENT.search(text)
    if event is None:
        return None
    fields = {match[1]: _unescaped(match[2]) for match in _DAMAGED_FIELD.finditer(text)}
    string = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL).match(text, event.end())
    fields["event"] = _unescaped(string.group() if string else "")
    if "exc_type" in fields:
        value = fields.pop("exc_value", "")
        return {
            **fields,
            "error_detail": [{"exc_type": fields.pop("exc_type"), "exc_value": value}],
        }
    return fields


def _unescaped(text: str) -> str:
    try:
        return str(msgspec.json.decode(f'"{text}"'))
    except ValueError:
        return text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")


def _record_head(number: int, record: Mapping[str, Any], raw: bytes) -> Head:
    logger, filename = _text(record.get("logger")), _text(record.get("filename"))
    level = _text(record.get("level"))
    source = None
    if filename is not None:
        source = f"{filename.rsplit('/', 1)[-1]}:{record.get('lineno', '')}".rstrip(":")
    return Head(
        number,
        stamp_of(raw),
        level.lower() if level else None,
        logger,
        source,
        of_logger(logger, filename),
        {key: value for key, value in record.items() if key not in _ROUTINE_FIELDS},
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _field_texts(record: Mapping[str, Any]) -> Sequence[str]:
    """`name=value` of what a record carries beside its event."""
    shown = []
    for key, value in record.items():
        if key in _ROUTINE_FIELDS or value is None or value == "":
            continue
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        shown.append(f"{key}={clean(text)[:_FIELD_MAX]}")
    return [" ".join(shown).replace("\n", " ")] if shown else []
