"""Trains a model with an exported dataset, and is gone on with after any end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.audit import AuditEntry, Outcome
from bot.domain.errors import BadRequest
from bot.domain.finetuning import Dataset, Method, Training, TrainingState, Wanted
from bot.services.finetune_ports import Trainer, Trainings

FINETUNE = "finetune"
"""What a training is called in the audit."""


@dataclass(frozen=True, slots=True)
class Place:
    """The server, and the model there that is trained further."""

    base_url: str
    model: str


@dataclass(frozen=True, slots=True)
class Options:
    """`suffix` becomes part of the model's name; the server chooses the `epochs` that are None."""

    suffix: str = ""
    epochs: int | None = None


@dataclass(frozen=True, slots=True)
class FineTuning:
    """`read` gives the files of an export folder; it raises `BadRequest` for such as are not to be
    used. `verify` raises `ExportError` unless a snapshot is whole and its consents hold."""

    trainings: Trainings
    trainer: Trainer
    read: Callable[[str, Method], Awaitable[Dataset]]
    verify: Callable[[str], Awaitable[object]]
    clock: Callable[[], datetime]

    async def prepared(
        self, folder: str, at: Place, method: Method, corpus: Sequence[str], by: str
    ) -> Training:
        """The training of this wish: the one that is there unless it ended in vain, else a new
        one. Raises `BadRequest` and `ExportError` like `read` and `verify`."""
        dataset = await self.read(folder, method)
        await self.verify(dataset.snapshot)
        wanted = Wanted(at.base_url, at.model, method, dataset.snapshot, *dataset.digests)
        earlier = [one for one in await self.trainings.all() if one.wanted.id == wanted.id]
        vain = (TrainingState.FAILED, TrainingState.CANCELLED)
        if earlier and earlier[0].state not in vain:
            return earlier[0]
        now = self.clock()
        training = Training(
            id=wanted.id if not earlier else f"{wanted.id}-{len(earlier) + 1}",
            wanted=wanted,
            state=TrainingState.PREPARED,
            folder=folder,
            corpus=tuple(corpus),
            started_by=by,
            started_at=now,
            changed_at=now,
        )
        await self.trainings.add(training, _entry(training))
        return training

    async def start(self, training: Training, options: Options) -> Training:
        """Uploads what is not there yet, then has it trained. Each name that the server gives is
        kept at once."""
        dataset = await self.read(training.folder, training.wanted.method)
        if dataset.digests != (training.wanted.training, training.wanted.validation):
            raise BadRequest(f"The files in {training.folder} changed since {training.id} began.")
        name = f"airflow-bot-{training.id}"
        if not training.training_file:
            there = await self.trainer.upload(dataset.training, f"{name}-training.jsonl")
            training = await self._keep(training, training_file=there)
        if dataset.validation and not training.validation_file:
            there = await self.trainer.upload(dataset.validation, f"{name}-validation.jsonl")
            training = await self._keep(training, validation_file=there)
        # Once more: the upload may have taken long, and what was deleted meanwhile is not learnt.
        await self.verify(dataset.snapshot)
        seen = await self.trainer.create(
            training, training.wanted.method, suffix=options.suffix, epochs=options.epochs
        )
        return await self._keep(training, job=seen.job, state=seen.state, error=seen.error)

    async def look(self, training: Training) -> tuple[Training, str]:
        """How it stands at the server by now, with the server's word for it."""
        if training.state is not TrainingState.RUNNING:
            return training, training.state.value
        seen = await self.trainer.look(training.job)
        now = (seen.state, seen.model, seen.error, seen.tokens)
        if now != (training.state, training.model, training.error, training.tokens):
            training = await self._keep(
                training, state=seen.state, model=seen.model, error=seen.error, tokens=seen.tokens
            )
        return training, seen.detail

    async def _keep(self, training: Training, **changed: object) -> Training:
        training = replace(training, changed_at=self.clock(), **changed)  # type: ignore[arg-type]
        await self.trainings.save(training)
        return training


def _entry(training: Training) -> AuditEntry:
    wanted = training.wanted
    return AuditEntry(
        key=f"{FINETUNE}:{training.id}",
        at=training.started_at,
        user_id=training.started_by,
        workspace="",
        channel="",
        action=FINETUNE,
        outcome=Outcome.ALLOWED,
        detail=f"{training.id}: {wanted.base_model} at {wanted.base_url} with snapshot "
        f"{wanted.snapshot}",
    )
