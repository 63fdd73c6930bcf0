"""A model that is trained further with an exported dataset, at a server that offers that."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Method(StrEnum):
    """How it learns; each takes files of one form."""

    SUPERVISED = "supervised"
    DPO = "dpo"

    @property
    def form(self) -> str:
        """The format of an export that fits."""
        return "sft" if self is Method.SUPERVISED else "openai_dpo"


class TrainingState(StrEnum):
    PREPARED = "prepared"  # nothing is trained yet; `start` goes on with it
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self not in (TrainingState.PREPARED, TrainingState.RUNNING)


@dataclass(frozen=True, slots=True)
class Dataset:
    """The files of an export that a method takes, with their SHA-256. `validation` and its digest
    are empty where there is none; `rows` are those to learn from."""

    snapshot: str
    training: str
    validation: str
    digests: tuple[str, str]
    rows: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be trained: `base_model` at `base_url`, with the files of an export by their
    SHA-256; `validation` is empty where there is none."""

    base_url: str
    base_model: str
    method: Method
    snapshot: str
    training: str
    validation: str = ""

    @property
    def id(self) -> str:
        """The same for the same wish, so that nobody trains twice by mistake."""
        parts = (self.base_url, self.base_model, self.method, self.snapshot, self.training)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Training:
    """One run. `corpus` are the paths of what it is measured by. The names that the server gives
    to files, job and model are empty until they are known; `error` says why it failed."""

    id: str
    wanted: Wanted
    state: TrainingState
    folder: str
    corpus: tuple[str, ...]
    started_by: str
    started_at: datetime
    changed_at: datetime
    training_file: str = ""
    validation_file: str = ""
    job: str = ""
    model: str = ""
    error: str = ""
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job as the server tells of it."""

    job: str
    state: TrainingState
    detail: str
    model: str = ""
    error: str = ""
    tokens: int | None = None
