"""Rows of a labelled corpus (JSON lines) as cases, with evidence and label kept apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bot.adapters.sql.codec import FORMAT, decode, encode
from bot.diagnosis.logs import read_log_text
from bot.domain.errors import CorpusError, StoreError
from bot.domain.evidence import Evidence, Gap, GapReason, NamedText, TaskInstance
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from bot.services.evaluate import Case, Label, Sample, Unreadable

EVIDENCE_FIELDS = (
    "log",
    "extra",
    "airflow_version",
    "executor",
    "operator",
    "state",
    "try_number",
    "max_tries",
)
"""All that a diagnosis may see of a row, unless it has `evidence`, which is the whole. Labels and
provenance are not among them."""

UNKNOWN_STATE = "unknown"
"""Of a blank state; None would say that the task has not been scheduled yet."""

_NOT_ASKED = ("event log", "unmet dependencies", "pools", "health", "jobs", "tries", "recent runs")


def read_corpus(path: Path, redact: Callable[[str], str]) -> Iterator[Sample | Unreadable]:
    """One sample a row; a row that cannot be read comes back with file, line and reason."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        yield Unreadable(f"{path}: cannot be read: {error}")
        return
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield sample_of(json.loads(line), redact)
        except (json.JSONDecodeError, CorpusError) as error:
            yield Unreadable(f"{path}:{number}: {error}")


def sample_of(row: object, redact: Callable[[str], str]) -> Sample:
    """A row as case and label. Raises `CorpusError` where it is no row of a corpus."""
    if not isinstance(row, Mapping):
        raise CorpusError("the row is no JSON object")
    name = row.get("id")
    if not isinstance(name, str) or not name:
        raise CorpusError('the row has no "id"')
    label, source = label_of(row.get("expected")), _source(row)
    if (seen := row.get("evidence")) is not None:
        return Sample(_whole_case(name, seen, redact), label, source)
    shown = {field: row[field] for field in EVIDENCE_FIELDS if row.get(field) is not None}
    return Sample(_case(name, shown, redact), label, source)


def label_of(expected: object) -> Label | None:
    """The label of a row or recording; None where it has none."""
    if expected is None:
        return None
    if not isinstance(expected, Mapping):
        raise CorpusError('"expected" is no JSON object')
    also = expected.get("also_right") or []
    if not isinstance(also, list):
        raise CorpusError('"also_right" is no list')
    line = expected.get("root_line")
    return Label(
        _verdict(expected.get("verdict")),
        frozenset(_verdict(name) for name in also),
        line if isinstance(line, str) else "",
    )


def _source(row: Mapping[str, object]) -> str:
    """Where the failure comes from, without the place within it after a colon."""
    source = row.get("source")
    return source.partition(":")[0] if isinstance(source, str) else ""


def _verdict(name: object) -> VerdictKind:
    try:
        return VerdictKind(str(name))
    except ValueError as error:
        raise CorpusError(f'"{name}" is no verdict') from error


def _case(name: str, shown: Mapping[str, object], redact: Callable[[str], str]) -> Case:
    log, extra = shown.get("log", ""), shown.get("extra", {})
    if not isinstance(log, str) or not isinstance(extra, Mapping):
        raise CorpusError('"log" must be a text and "extra" an object of texts')
    texts = tuple(NamedText(str(key), redact(_text(value))) for key, value in extra.items())
    if not log.strip() and not texts:
        raise CorpusError('the row has neither "log" nor "extra"')
    try_number = _whole(shown, "try_number")
    evidence = Evidence(
        target=Target("corpus", try_number=try_number),
        airflow_version=_word(shown, "airflow_version"),
        task_instance=_task(shown, try_number),
        log=read_log_text(log, try_number) if log.strip() else None,
        extra=texts,
        executor=_word(shown, "executor"),
        gaps=tuple(Gap(source, GapReason.NOT_ASKED) for source in _NOT_ASKED),
    )
    return Case(name, evidence, tuple(redact(log).splitlines()))


def _whole_case(name: str, seen: object, redact: Callable[[str], str]) -> Case:
    """Of an exported row, which has all that was seen."""
    try:
        known = decode(Evidence, json.dumps(seen), FORMAT, '"evidence"')
        evidence = decode(Evidence, encode(known, redact), FORMAT, '"evidence"')
    except StoreError as error:
        raise CorpusError(str(error)) from error
    lines = evidence.log.lines if evidence.log else ()
    return Case(name, evidence, tuple(line.text for line in lines))


def _task(shown: Mapping[str, object], try_number: int | None) -> TaskInstance | None:
    state, operator = _word(shown, "state"), _word(shown, "operator")
    if state is None and operator is None and try_number is None:
        return None
    return TaskInstance(
        dag_id="",
        run_id="",
        task_id="",
        state=state or UNKNOWN_STATE,
        try_number=try_number or 0,
        max_tries=_whole(shown, "max_tries"),
        operator=operator,
        executor=_word(shown, "executor"),
    )


def _word(shown: Mapping[str, object], field: str) -> str | None:
    value = shown.get(field)
    return str(value).strip() or None if value is not None else None


def _whole(shown: Mapping[str, object], field: str) -> int | None:
    value = shown.get(field)
    if value is None or value == "":
        return None
    try:
        return int(str(value))
    except ValueError as error:
        raise CorpusError(f'"{field}" is {value!r}, not a whole number') from error


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
