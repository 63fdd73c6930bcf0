from __future__ import annotations

from dataclasses import replace

from bot.domain.verdicts import VerdictKind
from bot.services.cross_validation import cross_validate
from bot.services.evaluate import Outcome, Result, Sample
from bot.services.reliability import calibration_error, reliability
from tests.diagnosis.cases import known
from tests.services.test_evaluate import CODE, DEPENDENCY, UNKNOWN, sample

FOLDS = 64  # so many that two sources are hardly ever in one


def from_source(source: str, name: str, text: str, kind: VerdictKind) -> Sample:
    return replace(sample(name, text, kind), source=source)


def test_a_signature_that_one_source_alone_hits_does_not_count_there() -> None:
    rules = [known("oddity", CODE, signatures=["the odd text", "a common text"])]
    found = cross_validate(
        [
            from_source("a", "own", "the odd text", CODE),
            from_source("a", "shared", "a common text", CODE),
            from_source("b", "elsewhere", "a common text", CODE),
        ],
        rules,
        FOLDS,
    )
    assert found is not None
    assert {one.id: one.verdict for one in found.results} == {
        "own": UNKNOWN,
        "shared": CODE,
        "elsewhere": CODE,
    }


def test_a_rule_without_any_proof_left_does_not_match_on_its_circumstances() -> None:
    rules = [
        known("oddity", CODE, signatures=["the odd text"], every=[("log", "missing")]),
    ]
    samples = [
        from_source("a", "own", "the odd text", CODE),
        from_source("b", "other", "nothing", DEPENDENCY),
    ]
    found = cross_validate(samples, rules, FOLDS)
    assert found is not None
    assert found.results[0].verdict is UNKNOWN


def test_one_source_cannot_be_validated_against_others() -> None:
    rules = [known("oddity", CODE, signatures=["the odd text"])]
    assert cross_validate([from_source("a", "own", "the odd text", CODE)], rules) is None
    assert cross_validate([sample("bare", "the odd text", CODE)], rules) is None


def claim(confidence: float, outcome: Outcome, kind: VerdictKind = CODE) -> Result:
    return Result("x", kind, "c", confidence, "", outcome, CODE)


def test_confidence_is_compared_with_the_share_that_was_right() -> None:
    bins = reliability(
        [
            claim(0.75, Outcome.RIGHT),
            claim(0.75, Outcome.WRONG),
            claim(1.0, Outcome.ALSO_RIGHT),
            claim(0.5, Outcome.ABSTAINED, UNKNOWN),
        ]
    )
    assert [(one.low, one.cases, one.right) for one in bins] == [(0.7, 2, 0.5), (0.9, 1, 1.0)]
    assert bins[0].gap == 0.25
    assert calibration_error(bins) == 0.5 / 3


def test_without_a_claim_there_is_no_error() -> None:
    assert calibration_error(reliability([])) == 0.0
