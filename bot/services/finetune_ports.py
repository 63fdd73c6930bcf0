"""The doors of fine-tuning: where runs are kept, and the server that trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.finetuning import JobSeen, Method, Training


class Trainings(Protocol):
    """Every method raises `StoreError`."""

    async def add(self, training: Training, entry: AuditEntry) -> None:
        """With its entry in the audit; once under its id."""
        ...

    async def save(self, training: Training) -> None:
        """What became of it."""
        ...

    async def find(self, training_id: str) -> Training | None: ...

    async def all(self) -> Sequence[Training]:
        """The newest first."""
        ...


class Trainer(Protocol):
    """A server with OpenAI's API. Every method raises `ModelError`."""

    async def upload(self, path: str, name: str) -> str:
        """The id of the file there; of one of that name that is there already, where the server
        tells."""
        ...

    async def create(
        self, training: Training, method: Method, *, suffix: str, epochs: int | None
    ) -> JobSeen:
        """Once for each training, also where an earlier answer was lost."""
        ...

    async def look(self, job: str) -> JobSeen: ...
