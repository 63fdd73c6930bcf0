"""What the refit command takes: fit how sure verdicts are to what was true, or take that back.

It looks into the database beside a bot that is running, which takes up what is adopted by itself.
Exit status: 0 adopted or taken back, 1 not adopted, 2 cannot start.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_database import Config, opened
from bot.domain.parameters import Parameters
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.domain.runbooks import KnownFailure
    from bot.learning.refit import Fit, Observation, Rank, Score

NOT_ADOPTED = 1

refit_app = typer.Typer(
    help="Fit how sure verdicts are to what people found to be true.",
    invoke_without_command=True,
)


@refit_app.callback()
def refit(
    context: typer.Context,
    corpus: Annotated[
        list[Path] | None, typer.Option(help="Labelled failures besides, as eval reads them.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Adopt nothing.")] = False,
    config: Config = None,
) -> None:
    """Fits on what people found out, and adopts it if failures that were held back gain."""
    if context.invoked_subcommand is not None:
        return
    from bot.adapters.parameters_file import ParametersFile
    from bot.learning.refit import TooLittle

    settings = load_settings(os.environ, config)
    file = ParametersFile(settings.data_dir)
    file.versions()  # one that cannot be read is said to be so at once
    try:
        fit = _fit(settings, corpus or [], file.parameters())
    except TooLittle as error:
        print(f"Nothing was fitted. {error}", file=sys.stderr)
        raise typer.Exit(NOT_ADOPTED) from None
    _print(fit, file.parameters())
    if fit.refusal:
        print(f"Not adopted. {fit.refusal}")
        raise typer.Exit(NOT_ADOPTED)
    if dry_run:
        print("Not adopted: this was a dry run.")
        return
    report = {"before": asdict(fit.before), "after": asdict(fit.after), "truths": fit.truths}
    adopted = file.adopt(fit.parameters, datetime.now(UTC), report)
    print(f"Adopted as version {adopted.number}. airflow-bot refit back takes it back.")


@refit_app.command(name="back")
def back(config: Config = None) -> None:
    """Puts in force again what was before the last fit."""
    from bot.adapters.parameters_file import ParametersFile

    found = ParametersFile(load_settings(os.environ, config).data_dir).back()
    print(f"Version {found.number} is in force." if found else "What is shipped is in force.")


def _fit(settings: Settings, corpus: list[Path], now: Parameters) -> Fit:
    from bot.bootstrap import catalogue_of, runbook_folders
    from bot.learning.refit import refit as fitted

    catalogue = catalogue_of(runbook_folders(settings))
    observed = asyncio.run(_observed(settings, catalogue.failures))
    observed += _of_corpus(corpus, catalogue.failures)
    return fitted(observed, now, _searched(settings))


async def _observed(settings: Settings, failures: tuple[KnownFailure, ...]) -> list[Observation]:
    from bot.adapters.sql.endings import SqlEndings
    from bot.adapters.sql.reviews import SqlReviewQueue
    from bot.adapters.sql.store import SqlConversationStore
    from bot.bootstrap import now
    from bot.services.observing import Observing

    async with opened(settings) as engine:
        store = SqlConversationStore(engine)
        observing = Observing(SqlEndings(engine, now), SqlReviewQueue(engine), store)
        return await observing.observed(failures)


def _of_corpus(paths: list[Path], failures: tuple[KnownFailure, ...]) -> list[Observation]:
    from bot.adapters.evaluation import read_samples
    from bot.services.evaluate import Sample
    from bot.services.observing import observed_samples

    rows = [row for row in read_samples(paths) if isinstance(row, Sample)] if paths else []
    return list(observed_samples(rows, failures))


def _searched(settings: Settings) -> Rank:
    """A search by words over the runbooks, with any rank constant."""
    from bot.adapters.search.build import SearchConfig, build_knowledge
    from bot.bootstrap import catalogue_of, runbook_folders

    catalogue = catalogue_of(runbook_folders(settings))
    tried = [0]
    knowledge = build_knowledge(
        lambda: catalogue,
        SearchConfig(settings.chroma_dir, None),
        lambda: Parameters(rank_constant=tried[0]),
    )

    def rank(query: str, constant: int) -> list[str]:
        tried[0] = constant
        found = asyncio.run(knowledge.search(query, limit=10))
        return [one.cause for one in found if one.cause]

    return rank


def _print(fit: Fit, now: Parameters) -> None:
    print(f"{fit.truths} approved truths; fitted on {fit.fitted_on} observations, measured on ")
    print(f"{fit.before.n} of failures first seen after all of those.\n")
    print(f"{'':<28}{'before':>10}{'after':>10}")
    for name, value in asdict(now).items():
        print(f"{name.replace('_', ' '):<28}{value:>10g}{getattr(fit.parameters, name):>10g}")
    for name, words in _ROWS.items():
        print(f"{words:<28}{_value(fit.before, name):>10}{_value(fit.after, name):>10}")


_ROWS = {
    "loss": "loss (less is better)",
    "claims": "verdicts given",
    "right": "of them right",
    "confidently_wrong": "confidently wrong",
    "found": "mean reciprocal rank",
}


def _value(score: Score, name: str) -> str:
    if name == "found" and not score.searches:
        return "-"
    value = getattr(score, name)
    return f"{value:.3f}" if isinstance(value, float) else str(value)
