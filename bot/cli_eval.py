"""`airflow-bot eval`: verdicts against labelled failures, by the rules and by models."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.domain.errors import CorpusError
from bot.services.model_arms import Arm, Budgets

if TYPE_CHECKING:
    from bot.adapters.evaluation.arms import Arms
    from bot.adapters.llm.config import ModelConfig

_MODEL = "AIRFLOW_BOT_MODEL__"
_BUDGETS = Budgets()

Paths = Annotated[list[Path], typer.Argument(help="Corpus files (.jsonl) or recordings (.json).")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Runbooks = Annotated[
    list[Path] | None, typer.Option(help="Folders of runbooks instead of the shipped ones.")
]
ArmsOption = Annotated[
    list[Arm] | None,
    typer.Option("--arm", help="May be given several times; the rules alone without it."),
]
Record = Annotated[
    Path | None, typer.Option(help="Keep the model's replies here; go on where a run stopped.")
]
Replay = Annotated[Path | None, typer.Option(help="Take replies from this file; no network.")]
BaseUrl = Annotated[
    str | None, typer.Option(envvar=f"{_MODEL}BASE_URL", help="An OpenAI-compatible endpoint.")
]
Model = Annotated[str | None, typer.Option(envvar=f"{_MODEL}NAME", help="The model's name.")]
ApiKey = Annotated[
    str, typer.Option(envvar=f"{_MODEL}API_KEY", help="Better left to the environment.")
]
PriceIn = Annotated[float | None, typer.Option(envvar=f"{_MODEL}PRICE_IN", help="Per million.")]
PriceOut = Annotated[float | None, typer.Option(envvar=f"{_MODEL}PRICE_OUT", help="Per million.")]
Seconds = Annotated[float, typer.Option(min=0.1, help="Deadline of a call.")]
AtOnce = Annotated[int, typer.Option(min=1, max=64, help="Calls at once.")]
PackTokens = Annotated[int, typer.Option(min=200, help="Tokens of the log in a pack.")]
RawTokens = Annotated[int, typer.Option(min=200, help="Tokens of a raw log.")]


def evaluate(
    paths: Paths,
    as_json: AsJson = False,
    runbooks: Runbooks = None,
    arm: ArmsOption = None,
    record: Record = None,
    replay: Replay = None,
    base_url: BaseUrl = None,
    model: Model = None,
    api_key: ApiKey = "",
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    seconds: Seconds = 60.0,
    at_once: AtOnce = 4,
    pack_tokens: PackTokens = _BUDGETS.pack,
    raw_tokens: RawTokens = _BUDGETS.raw,
) -> None:
    """Measures verdicts against labelled failures."""
    from bot.adapters.evaluation.arms import Arms

    if record and replay:
        raise typer.BadParameter("give --record or --replay, not both")
    if (price_in is None) != (price_out is None):
        raise typer.BadParameter("prices need both --price-in and --price-out")
    prices = None if price_in is None or price_out is None else (price_in, price_out)
    arms = Arms(
        chosen=list(dict.fromkeys(arm or ())),
        model=_model(base_url, model, api_key, seconds, prices),
        record=record,
        replay=replay,
        budgets=Budgets(pack_tokens, raw_tokens),
        at_once=at_once,
    )
    raise typer.Exit(_measure(paths, runbooks, arms, as_json))


def _model(
    base_url: str | None,
    name: str | None,
    api_key: str,
    seconds: float,
    prices: tuple[float, float] | None,
) -> ModelConfig | None:
    from bot.adapters.llm.config import ModelConfig, Prices

    if not base_url or not name:
        return None
    return ModelConfig(
        base_url=base_url,
        model=name,
        api_key=api_key,
        seconds=seconds,
        prices=Prices(*prices) if prices else None,
    )


def _measure(paths: list[Path], runbooks: list[Path] | None, arms: Arms, as_json: bool) -> int:
    """Prints the report; 1 where some rows could not be read."""
    from bot.adapters.evaluation import read_samples
    from bot.adapters.evaluation.arms import run_arms
    from bot.bootstrap import catalogue_of
    from bot.services.arms_text import arm_json, render_arms
    from bot.services.cross_validation import cross_validate
    from bot.services.evaluate import Sample, evaluate
    from bot.services.evaluate_text import reliability_json, render

    failures = catalogue_of(runbooks).failures
    rows = list(read_samples(paths))
    report = evaluate(rows, failures)
    if not report.results:
        _complain(report.unreadable)
        raise CorpusError(
            "There was nothing to measure: give corpus files (.jsonl) or recordings (.json)."
        )
    samples = [row for row in rows if isinstance(row, Sample)]
    crossed = cross_validate(samples, failures)
    measured, prices = asyncio.run(run_arms(arms, samples, failures))
    cost = prices.cost if prices else None
    if as_json:
        content = report.to_json() | reliability_json(report, crossed)
        if measured:
            content["arms"] = [arm_json(one, cost) for one in measured]
        print(json.dumps(content, ensure_ascii=False))
        _complain(report.unreadable)
    else:
        print(render(report, crossed))
        if measured:
            print("\n" + render_arms(measured, cost))
    return 1 if report.unreadable else 0


def _complain(reasons: tuple[str, ...]) -> None:
    for reason in reasons:
        print(f"not readable: {reason}", file=sys.stderr)
