"""Which runbook tells what failed in a case."""

from __future__ import annotations

from bot.diagnosis.classify import classify
from bot.diagnosis.examples import example
from bot.diagnosis.known import Known
from bot.domain.verdicts import VerdictKind


def told_by(problem: str, known: Known) -> str:
    """Its cause; "" where none does."""
    signals, evidence = example(problem)
    verdict = classify(signals, known, evidence)
    return "" if verdict.kind is VerdictKind.UNKNOWN else verdict.cause
