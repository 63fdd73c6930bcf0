"""Recorded situations of a cluster (one JSON file each) as cases, labels kept apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from bot.adapters.airflow.recording import evidence_from_recording
from bot.adapters.evaluation.corpus import label_of
from bot.diagnosis.redaction import Redactor
from bot.domain.errors import CorpusError
from bot.domain.evidence import Evidence
from bot.services.evaluate import Case, Sample, Unreadable

RECORDING_FIELDS = ("id", "dag_id", "run_id", "airflow", "base_url", "evidence")
"""All that a diagnosis may see of a recording; `expected` is not among them."""


def read_recording(path: Path) -> Sample | Unreadable:
    """The situation in one file; a file that cannot be read comes back with its name and reason."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return sample_of(content, path.stem)
    except (OSError, json.JSONDecodeError, UnicodeDecodeError, CorpusError) as error:
        return Unreadable(f"{path}: {error}")


def sample_of(content: object, name: str) -> Sample:
    """A recording as case and label. Raises `CorpusError` where it is none."""
    if not isinstance(content, Mapping):
        raise CorpusError("the recording is no JSON object")
    shown = {field: content[field] for field in RECORDING_FIELDS if field in content}
    evidence = evidence_from_recording(shown)
    case = Case(str(shown.get("id") or name), evidence, served=_log_as_served(shown, evidence))
    return Sample(case, label_of(content.get("expected")))


def _log_as_served(shown: Mapping[str, object], evidence: Evidence) -> tuple[str, ...]:
    """The records of the deciding try's log, one JSON object a line, secrets masked."""
    task, log = evidence.task_instance, evidence.log
    replies = shown.get("evidence")
    if task is None or log is None or not isinstance(replies, Mapping):
        return ()
    recorded = replies.get(f"log:{task.task_id}[{task.map_index}]:try{log.try_number}")
    answer = recorded if isinstance(recorded, Mapping) else {}
    body = answer.get("body")
    content = answer.get("content", body.get("content") if isinstance(body, Mapping) else None)
    if isinstance(content, str):
        return tuple(_redactor().redact(content).splitlines())
    records = content if isinstance(content, list) else []
    lines = [one if isinstance(one, str) else json.dumps(one, default=str) for one in records]
    return tuple(_redactor().redact(line) for line in lines)


@cache
def _redactor() -> Redactor:
    """Made once: its rules take a while to compile."""
    return Redactor()
