"""Labelled failures from disk, and their evaluation in one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.adapters.evaluation.corpus import read_corpus
from bot.adapters.evaluation.recordings import read_recording
from bot.diagnosis.redaction import Redactor
from bot.knowledge.catalogue import Catalogue
from bot.services import evaluate as service
from bot.services.evaluate import Report, Sample, Unreadable

__all__ = ["evaluate", "read_samples"]


def evaluate(paths: Sequence[Path], catalogue: Catalogue) -> Report:
    """Evaluates corpus files (.jsonl), recordings (.json) and folders that hold either."""
    return service.evaluate(read_samples(paths), catalogue.failures)


def read_samples(paths: Sequence[Path]) -> Iterator[Sample | Unreadable]:
    """The samples of all paths in order; what cannot be read comes back as such."""
    redact = Redactor().redact
    for path in paths:
        files = _files(path)
        if not files:
            yield Unreadable(f"{path}: no such file, or a folder without .jsonl and .json files")
        for file in files:
            if file.suffix == ".json":
                yield read_recording(file)
            else:
                yield from read_corpus(file, redact)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.suffix in (".json", ".jsonl"))
    return [path] if path.is_file() else []
