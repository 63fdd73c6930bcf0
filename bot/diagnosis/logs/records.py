"""Airflow 3's structured records: decoding, also of damaged ones, and what they tell in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bot.diagnosis.logs.clean import clean, decoded
from bot.diagnosis.logs.clock import stamp_of
from bot.diagnosis.logs.detail import detail_lines
from bot.diagnosis.logs.rows import Head
from bot.diagnosis.logs.speakers import of_logger, of_relayed

Record = Mapping[str, Any]

# Where and what, not why: left out of a record's text.
_ROUTINE_FIELD = re.compile(
    r"timestamp|event|level|logger|filename|lineno|run_id|ti_id|try_number|map_index|dag_id|"
    r"task_id|bundle_name|bundle_version|dag_file|bundle_prepare_ms|dag_file_parse_ms|chan|"
    r"error_detail|exception|exc_info|ti|category|func_name|process|thread|pathname|module|loc|"
    r"elided_bytes|stack_info"
)
_FIELD_MAX = 600

_EVENT = re.compile(r'"event"\s*:\s*"')
_STRING = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)
_FIELD = re.compile(r'"(level|logger|filename|exc_type|exc_value)"\s*:\s*"((?:[^"\\]|\\.)*)')


def decode(raw: bytes) -> Record | None:
    """The record of one line; None where the line is none. A cut one is read as far as it goes."""
    text = decoded(raw)
    for candidate in (raw, text.encode()):
        try:
            record = msgspec.json.decode(candidate)
        except (ValueError, RecursionError):
            continue
        return record if isinstance(record, dict) and "event" in record else None
    return _damaged(text)


def head_of(number: int, record: Record, raw: bytes) -> Head:
    """Who wrote the record, when and where."""
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
        of_relayed(source, str(record["event"]), of_logger(logger, filename)),
        {key: value for key, value in record.items() if not _ROUTINE_FIELD.fullmatch(key)},
    )


def is_bare(record: Record) -> bool:
    """A line that Airflow could not read as a record and serves as it stands in the file."""
    return not record.get("logger") and not record.get("level") and not record.get("timestamp")


def texts_of(record: Record) -> Iterator[str]:
    """The lines of a record: its event, its other fields, its exceptions."""
    yield from clean(str(record["event"])).split("\n")
    fields = " ".join(_fields(record))
    if fields:
        yield fields
    for line in detail_lines(record.get("error_detail")):
        yield from clean(line).split("\n")
    exception = record.get("exception")
    if isinstance(exception, str):
        yield from clean(exception).split("\n")


def _fields(record: Record) -> Iterator[str]:
    """`name=value` of what a record carries beside its event."""
    for key, value in record.items():
        if value is None or value == "" or _ROUTINE_FIELD.fullmatch(key):
            continue
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        yield f"{clean(key)}={clean(text)[:_FIELD_MAX]}".replace("\n", " ")


def _damaged(text: str) -> Record | None:
    event = _EVENT.search(text)
    if event is None:
        return None
    fields: dict[str, Any] = {}
    for match in _FIELD.finditer(text):
        fields.setdefault(match[1], _unescaped(match[2]))
    string = _STRING.match(text, event.end())
    fields["event"] = _unescaped(string.group() if string else "")
    type_, value = fields.pop("exc_type", None), fields.pop("exc_value", "")
    if type_ is not None:
        fields["error_detail"] = [{"exc_type": type_, "exc_value": value}]
    return fields


def _unescaped(text: str) -> str:
    try:
        return str(msgspec.json.decode(f'"{text}"'))
    except ValueError:
        return text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
