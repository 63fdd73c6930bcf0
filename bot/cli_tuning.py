"""What the finetune command works with: the server, the files, and the measuring of models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli_database import opened
from bot.domain.errors import BadRequest, CorpusError
from bot.domain.finetuning import Dataset, Method, Training
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.adapters.llm.config import ModelConfig
    from bot.services.finetune import FineTuning
    from bot.services.model_arms import ArmReport

BEFORE, AFTER = "before", "after"


@asynccontextmanager
async def tuning_of(settings: Settings) -> AsyncIterator[FineTuning]:
    from bot.adapters.dataset.training_files import read_dataset
    from bot.adapters.llm.finetuning import FineTuningServer
    from bot.adapters.sql.consents import SqlConsents
    from bot.adapters.sql.dataset_reads import SqlTurnPages
    from bot.adapters.sql.snapshots import SqlSnapshots
    from bot.adapters.sql.trainings import SqlTrainings
    from bot.services.export_survey import Surveyor
    from bot.services.finetune import FineTuning

    async def read(folder: str, method: Method) -> Dataset:
        return await asyncio.to_thread(read_dataset, Path(folder), method)

    async with opened(settings) as database:
        survey = Surveyor(
            SqlTurnPages(database), SqlSnapshots(database, now), SqlConsents(database), now
        )
        server = FineTuningServer(model_of(settings))
        try:
            yield FineTuning(SqlTrainings(database), server, read, survey.verify, now)
        finally:
            await server.close()


def model_of(settings: Settings) -> ModelConfig:
    from bot.bootstrap_model import model_config

    if not settings.model.is_enabled:
        raise BadRequest(
            "There is no server to train at: set model.api_key, and model.base_url unless it is "
            "OpenAI's own."
        )
    return model_config(settings.model)


async def may_be_measured_by(tuning: FineTuning, corpus: Sequence[str]) -> None:
    """Raises `ExportError` for cases of an export whose snapshot is void: a model's server gets to
    read them."""
    from bot.adapters.dataset.training_files import snapshots_of

    for snapshot in await asyncio.to_thread(snapshots_of, [Path(one) for one in corpus]):
        await tuning.verify(snapshot)


async def measured(
    settings: Settings, training: Training, which: str, corpus: Sequence[str], at_once: int = 4
) -> ArmReport:
    """Replies are kept in the data folder: what was asked once is not asked again."""
    from bot.adapters.evaluation import read_samples
    from bot.adapters.evaluation.arms import Arms, run_arms
    from bot.bootstrap import catalogue_of, runbook_folders
    from bot.services.evaluate import Sample
    from bot.services.model_arms import Arm

    samples = [
        one for one in read_samples([Path(one) for one in corpus]) if isinstance(one, Sample)
    ]
    if not any(sample.label for sample in samples):
        raise CorpusError(f"There is no labelled case in {', '.join(corpus)}: nothing to measure.")
    tapes = settings.data_dir / "finetunes"
    await asyncio.to_thread(tapes.mkdir, parents=True, exist_ok=True, mode=0o700)
    model = training.wanted.base_model if which == BEFORE else training.model
    config = replace(model_of(settings), base_url=training.wanted.base_url, model=model)
    tape = tapes / f"{training.id}-{which}.jsonl"
    arms = Arms(chosen=[Arm.PACK], model=config, record=tape, at_once=at_once)
    failures = catalogue_of(runbook_folders(settings)).failures
    (report,), _ = await run_arms(arms, samples, failures)
    return report


def now() -> datetime:
    return datetime.now(UTC)
