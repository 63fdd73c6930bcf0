"""The files of an export that a server learns from, looked through before they are sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from bot.domain.datasets import Split
from bot.domain.errors import BadRequest
from bot.domain.finetuning import Dataset, Method
from bot.learning.rows import path_of
from bot.learning.training_file import MOST_BYTES, faults_of

_MANIFEST = "manifest.json"
_CHUNK = 1 << 20


def read_dataset(folder: Path, method: Method) -> Dataset:
    """Raises `BadRequest` for a folder that is no export, and for files that were changed or that
    no server would take."""
    try:
        content = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        snapshot, known = str(content["snapshot"]), dict(content["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadRequest(
            f"{folder} is no finished export: there is no {_MANIFEST} to be read. Make one with "
            f"airflow-bot export {folder} --format {method.form}."
        ) from error
    training, validation = (path_of(method.form, one) for one in (Split.TRAIN, Split.VALIDATION))
    if training not in known:
        raise BadRequest(f"The export in {folder} has no {training}: export --format {method.form}")
    rows = _checked(folder / training, known[training], method)
    there = validation in known and (folder / validation).stat().st_size > 0
    if there:
        _checked(folder / validation, known[validation], method, least=1)
    digests = (str(known[training]), str(known[validation]) if there else "")
    beside = str(folder / validation) if there else ""
    return Dataset(snapshot, str(folder / training), beside, digests, rows)


def snapshots_of(paths: Iterable[Path]) -> Sequence[str]:
    """The ids of the snapshots whose exports these files or folders are in."""
    found = set()
    for path in paths:
        for folder in (path.absolute(), *path.absolute().parents):
            with suppress(OSError, ValueError, KeyError, TypeError):
                content = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
                if "sha256" in content:
                    found.add(str(content["snapshot"]))
    return sorted(found)


def _checked(path: Path, digest: str, method: Method, **least: int) -> int:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadRequest(f"{path} is larger than 512 MB, which is the most a server takes.")
        if _digest(path) != digest:
            raise BadRequest(
                f"{path} is not the file that was exported. What was changed afterwards was not "
                "looked through: export anew."
            )
        with path.open(encoding="utf-8") as lines:
            count, faults = faults_of(lines, method, **least)
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{path} cannot be read: {error}") from error
    if faults:
        raise BadRequest("\n".join([f"{path} would be refused:", *faults]))
    return count


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
