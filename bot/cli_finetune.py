"""What the finetune command takes: train a model with an exported dataset, follow it, compare it.

It works beside a bot that is running, and is gone on with after any end. Exit status: 0 done, 1 the
training failed or was cancelled, or is not known, 2 cannot start: the message says what to do.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_database import AsJson, By, Config, clean, doer
from bot.cli_tuning import AFTER, BEFORE, may_be_measured_by, measured, model_of, now, tuning_of
from bot.domain.datasets import Split
from bot.domain.errors import BadRequest, ModelError
from bot.domain.finetuning import Method, Training, TrainingState
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.adapters.llm.config import ModelConfig
    from bot.services.finetune import FineTuning
    from bot.services.model_arms import ArmReport

FAILED = 1
_TRIES = 20  # in a row, while somebody follows

finetune_app = typer.Typer(
    help="Train a model with an exported dataset, at a server with OpenAI's API.",
    no_args_is_help=True,
)
TrainingId = Annotated[str, typer.Argument(metavar="ID", help="As finetune status gives it.")]


@finetune_app.command(name="start")
def start_training(
    folder: Annotated[Path, typer.Argument(help="A finished export: airflow-bot export FOLDER.")],
    model: Annotated[str, typer.Option(help="The model to train; else model.name.")] = "",
    method: Annotated[
        Method, typer.Option(help="supervised takes the format sft, dpo takes openai_dpo.")
    ] = Method.SUPERVISED,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(help="What it is measured by; else the export's evaluation set for tests."),
    ] = None,
    evaluation: Annotated[
        bool, typer.Option(help="Measure the model before it is trained.")
    ] = True,
    suffix: Annotated[str, typer.Option(help="Part of the new model's name.")] = "",
    epochs: Annotated[
        int | None, typer.Option(min=1, max=50, help="The server chooses without it.")
    ] = None,
    by: By = "",
    config: Config = None,
) -> None:
    """Looks through the files, sees to it that they may leave, measures the model, and starts.

    Broken off, it goes on where it was when it is run again; nothing is trained twice.
    """
    settings, who = load_settings(os.environ, config), doer(by)
    base = replace(model_of(settings), model=model.strip() or (settings.model.name or ""))
    if not base.model:
        raise BadRequest("Say with --model which model is to be trained, or set model.name.")
    measures = corpus or [] if evaluation else None
    wish = _Wish(folder.absolute(), base, method, measures, who, suffix, epochs)
    training = asyncio.run(_start(settings, wish))
    print(f"{training.id} is {training.state}: {training.job} at {training.wanted.base_url}")
    print(f"Follow it with airflow-bot finetune status {training.id} --follow")


@finetune_app.command(name="status")
def show_trainings(
    training_id: Annotated[str, typer.Argument(metavar="[ID]", help="Else all of them.")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="Until it is over.")] = False,
    every: Annotated[float, typer.Option(min=0.05, help="Seconds between two looks.")] = 15.0,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Says how trainings stand, by a look at the server."""
    if follow and not training_id:
        raise typer.BadParameter("--follow goes with an id")
    settings = load_settings(os.environ, config)
    found = asyncio.run(_status(settings, training_id.strip(), every if follow else None))
    if as_json:
        print(json.dumps([_tree(one) for one in found], ensure_ascii=False, indent=2))
    elif not follow:
        for one in found:
            print(clean(_words(one)))
    if not found:
        print("There is no training yet. See airflow-bot finetune start --help.")
    vain = (TrainingState.FAILED, TrainingState.CANCELLED)
    raise typer.Exit(FAILED if training_id and found[0].state in vain else 0)


@finetune_app.command(name="compare")
def compare_models(
    training_id: TrainingId,
    corpus: Annotated[
        list[Path] | None, typer.Option(help="Else what the training was started with.")
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="Calls at once.")] = 4,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measures the model before and after its training by the same cases, and prints both."""
    from bot.services.finetune_text import comparison_json, render_comparison

    settings = load_settings(os.environ, config)
    measured = asyncio.run(_compare(settings, training_id.strip(), corpus or [], at_once))
    if as_json:
        print(json.dumps(comparison_json(measured), ensure_ascii=False, indent=2))
    else:
        print(render_comparison(measured))


@dataclass(frozen=True, slots=True)
class _Wish:
    folder: Path
    base: ModelConfig
    method: Method
    corpus: Sequence[Path] | None  # None: it is not measured; empty: by the export's own cases
    by: str
    suffix: str
    epochs: int | None


async def _start(settings: Settings, wish: _Wish) -> Training:
    from bot.services.finetune import Options, Place

    async with tuning_of(settings) as tuning:
        folder, at = str(wish.folder), Place(wish.base.base_url, wish.base.model)
        await tuning.read(folder, wish.method)  # what is no export is told first
        corpus = _corpus(wish.folder, wish.corpus)
        training = await tuning.prepared(folder, at, wish.method, corpus, wish.by)
        if training.state is not TrainingState.PREPARED:
            return (await tuning.look(training))[0]
        if corpus:
            await may_be_measured_by(tuning, corpus)
            print(f"Measuring {clean(wish.base.model)} before its training …", file=sys.stderr)
            before = await measured(settings, training, BEFORE, corpus)
            _tell_faults(before)
        return await tuning.start(training, Options(wish.suffix, wish.epochs))


async def _status(settings: Settings, training_id: str, every: float | None) -> list[Training]:
    async with tuning_of(settings) as tuning:
        if not training_id:
            return [await _as_known(tuning, one) for one in await tuning.trainings.all()]
        training = await _found(tuning, training_id)
        if every is None:
            return [(await tuning.look(training))[0]]
        return [await _followed(tuning, training, every)]


async def _as_known(tuning: FineTuning, training: Training) -> Training:
    """As it was last, where the server does not say."""
    try:
        return (await tuning.look(training))[0]
    except ModelError as error:
        print(clean(f"{training.id}: {error}"), file=sys.stderr)
        return training


async def _followed(tuning: FineTuning, training: Training, every: float) -> Training:
    """Until it is over. A server that does not answer for a while is asked on."""
    told, failures = "", 0
    while True:
        try:
            training, detail = await tuning.look(training)
            failures = 0
        except ModelError as error:
            failures += 1
            if failures >= _TRIES:
                raise
            detail = str(error)
        if detail != told:
            print(clean(f"{now():%H:%M:%S}  {detail}"), flush=True)
            told = detail
        if training.state is not TrainingState.RUNNING:
            print(clean(_words(training)))
            return training
        await asyncio.sleep(every)


async def _compare(
    settings: Settings, training_id: str, corpus: Sequence[Path], at_once: int
) -> list[tuple[str, ArmReport]]:
    async with tuning_of(settings) as tuning:
        training, _ = await tuning.look(await _found(tuning, training_id))
        if training.state is not TrainingState.SUCCEEDED:
            raise BadRequest(
                f"{training.id} is {training.state}: there is no model to compare yet."
            )
        paths = tuple(map(str, corpus)) or training.corpus
        if not paths:
            raise BadRequest(
                "It was started without an evaluation: say with --corpus what to take."
            )
        await may_be_measured_by(tuning, paths)
    names = ((BEFORE, training.wanted.base_model), (AFTER, training.model))
    return [
        (name, await measured(settings, training, which, paths, at_once)) for which, name in names
    ]


def _tell_faults(report: ArmReport) -> None:
    for fault, count in report.faults.most_common(3):
        print(clean(f"{count} cases without an answer: {fault}"), file=sys.stderr)


def _corpus(folder: Path, given: Sequence[Path] | None) -> tuple[str, ...]:
    from bot.learning.rows import path_of

    if given is None:
        return ()
    own = folder / path_of("evaluation", Split.TEST)
    paths = given or ([own] if own.is_file() and own.stat().st_size else [])
    if not paths:
        raise BadRequest(
            f"There is nothing to measure by: {own} is empty or not there. Export the format "
            "evaluation as well, give --corpus, or say --no-evaluation."
        )
    return tuple(str(path.absolute()) for path in paths)


async def _found(tuning: FineTuning, training_id: str) -> Training:
    training = await tuning.trainings.find(training_id)
    if training is None:
        typer.echo(f"There is no training {clean(training_id)}. See finetune status.", err=True)
        raise typer.Exit(FAILED)
    return training


def _words(one: Training) -> str:
    became = one.model or one.error
    cost = f"  {one.tokens} tokens" if one.tokens is not None else ""
    head = f"{one.id}  {one.started_at:%Y-%m-%d %H:%M} UTC  {one.wanted.base_model}  {one.state}"
    return f"{head}{cost}" + (f"\n    {became}" if became else "")


def _tree(one: Training) -> dict[str, object]:
    return {
        "id": one.id,
        "state": one.state.value,
        "base_model": one.wanted.base_model,
        "base_url": one.wanted.base_url,
        "method": one.wanted.method.value,
        "snapshot": one.wanted.snapshot,
        "job": one.job,
        "model": one.model,
        "error": one.error,
        "tokens": one.tokens,
        "started_by": one.started_by,
        "started_at": one.started_at.isoformat(),
        "changed_at": one.changed_at.isoformat(),
    }
