"""Two sets of failures told as their logs tell them, in other words than the runbooks' own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bot.adapters.evaluation import read_samples
from bot.diagnosis.classify import classify, diagnose
from bot.diagnosis.examples import example
from bot.diagnosis.known import Known
from bot.domain.runbooks import KnownFailure
from bot.domain.verdicts import VerdictKind
from bot.services.evaluate import Outcome, Report, evaluate
from tests.scenarios.shipped import catalogue

FAILURES = Path(__file__).parent.parent / "payloads" / "failures"


@cache
def report(name: str) -> Report:
    return evaluate(read_samples([FAILURES / f"{name}.jsonl"]), catalogue().failures)


@pytest.mark.parametrize("name", ["seen", "unseen"])
def test_nearly_all_failures_get_a_verdict_that_their_label_allows(name: str) -> None:
    found = report(name)
    assert found.unreadable == ()
    well = found.count(Outcome.RIGHT, Outcome.ALSO_RIGHT)
    assert well >= 0.95 * len(found.results)
    assert found.count(Outcome.CONFIDENTLY_WRONG) <= 0.02 * len(found.results)


@pytest.mark.parametrize("name", ["seen", "unseen"])
def test_the_deciding_line_is_among_the_quotes(name: str) -> None:
    told, found, quoted = report(name).lines()
    assert found >= 0.8 * told
    assert quoted >= 0.88 * told


def test_without_its_own_signatures_a_failure_is_told_by_mechanism_or_left_open() -> None:
    failures = catalogue().failures
    outcomes: Counter[str] = Counter()
    for failure in failures[::10]:  # a catalogue takes a while to compile
        if failure.signatures and failure.catches:
            known = Known(tuple(_without_signatures(failure, failures)))
            outcomes.update(_outcome(failure, text, known) for text in failure.catches)
    assert outcomes["confidently wrong"] <= 0.05 * outcomes.total()
    assert outcomes["same"] + outcomes["open"] >= 0.85 * outcomes.total()
    assert outcomes["same"] >= 0.55 * outcomes.total()


def _without_signatures(
    failure: KnownFailure, failures: tuple[KnownFailure, ...]
) -> list[KnownFailure]:
    others = [one for one in failures if one.cause != failure.cause]
    bare = replace(failure, signatures=())
    return [*others, bare] if bare.when.any or bare.judgement else others


def _outcome(failure: KnownFailure, text: str, known: Known) -> str:
    signals, evidence = example(text)
    found = classify(signals, known, evidence)
    if found.kind is failure.verdict:
        return "same"
    if found.kind is VerdictKind.UNKNOWN:
        return "open"
    return "confidently wrong" if found.confidence >= 0.8 else "wrong"


def test_what_only_a_mechanism_proves_is_never_said_with_confidence() -> None:
    known = Known(tuple(replace(one, signatures=()) for one in catalogue().failures))
    for sample in read_samples([FAILURES / "seen.jsonl"]):
        found = diagnose(sample.case.evidence, known)  # type: ignore[union-attr]
        if found.cause in ("warehouse_quota", "external_slow", "db_contention"):
            assert found.confidence < 0.8
