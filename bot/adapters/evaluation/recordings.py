"""Recorded situations of a cluster (one JSON file each) as cases, labels kept apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from bot.adapters.airflow.recording import evidence_from_recording
from bot.adapters.evaluation.corpus import label_of
from bot.domain.errors import CorpusError
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
    return Sample(Case(str(shown.get("id") or name), evidence), label_of(content.get("expected")))
