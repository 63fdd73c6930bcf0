"""Models as arms of an evaluation, wired: endpoint, recording, or both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.evaluation.live import LiveModel
from bot.adapters.evaluation.tape import Recorded, Tape
from bot.adapters.llm.config import ModelConfig, Prices
from bot.diagnosis.known import Known
from bot.domain.errors import ConfigError
from bot.domain.runbooks import KnownFailure
from bot.services.evaluate import Sample
from bot.services.model_arms import Arm, ArmReport, Budgets, Judge, Reply, Unanswered, run_arm
from bot.services.verdict_prompt import VerdictPrompt


@dataclass(frozen=True, slots=True)
class Arms:
    """What is to be measured. `replay` needs no model; without it `model` is asked.

    `record` keeps every reply, and answers from the file what it holds already.
    """

    chosen: Sequence[Arm]
    model: ModelConfig | None = None
    record: Path | None = None
    replay: Path | None = None
    budgets: Budgets = field(default_factory=Budgets)
    at_once: int = 4


async def run_arms(
    arms: Arms, samples: Sequence[Sample], failures: Sequence[KnownFailure]
) -> tuple[list[ArmReport], Prices | None]:
    """The arms one after another, and the prices that hold for them.

    Raises `ConfigError` without a model that the arms need, `CorpusError` for a recording that
    cannot be used.
    """
    known = Known(failures)
    async with _judge(arms) as (judge, prices):
        reports = [
            await run_arm(arm, samples, known, judge, budgets=arms.budgets, at_once=arms.at_once)
            for arm in arms.chosen
        ]
    return reports, prices


@asynccontextmanager
async def _judge(arms: Arms) -> AsyncIterator[tuple[Judge, Prices | None]]:
    if set(arms.chosen) <= {Arm.RULES}:
        yield _Nobody(), None
        return
    if arms.replay is not None:
        tape = Tape(arms.replay, None)
        yield Recorded(tape, None), arms.model.prices if arms.model else tape.prices
        return
    if arms.model is None:
        raise ConfigError(
            ["model: give --base-url and --model, or the file of an earlier run with --replay"]
        )
    live = LiveModel(arms.model)
    try:
        if arms.record is None:
            yield live, arms.model.prices
        else:
            tape = Tape(arms.record, arms.model.model, arms.model.prices)
            yield Recorded(tape, live), tape.prices
    finally:
        await live.close()


class _Nobody:
    async def ask(self, prompt: VerdictPrompt) -> Reply:
        raise Unanswered("the rules ask no model")
