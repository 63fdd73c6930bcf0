"""Only cases whose structure agrees speak to a failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.conversations import Score
from bot.domain.resolved_cases import CaseOpinion, CaseRecord, CaseState, KnownCase, ResolvedCase
from bot.domain.verdicts import VerdictKind
from bot.learning.case_fit import Fit, fit_of, fitting
from bot.learning.case_record import opinion_of
from tests.fakes.cases import CASE, NOON, STRUCTURE, approved, case

ELSEWHERE = replace(CASE, dag_id="billing", tags=())
OTHER = replace(CASE, fingerprint="*:other")
NEW = CaseRecord()
CROWDED = replace(CASE, fingerprint="prod:oom_killed", kind=VerdictKind.CAPACITY, operator="")


@pytest.mark.parametrize(
    ("case", "fit"),
    [
        (CASE, Fit.SAME_DAG),
        (ELSEWHERE, Fit.SAME),
        (OTHER, Fit.ALIKE),
        (replace(OTHER, dag_id="billing"), Fit.ALIKE),  # by their tag
        (replace(OTHER, dag_id="billing", tags=()), Fit.NONE),
        (replace(OTHER, exception="KeyError"), Fit.NONE),
        (replace(OTHER, operator="BashOperator"), Fit.NONE),
        (replace(OTHER, cause="missing_table"), Fit.NONE),
    ],
)
def test_a_case_fits_by_fingerprint_or_by_all_else_and_what_is_near(
    case: ResolvedCase, fit: Fit
) -> None:
    assert fit_of(STRUCTURE, case) is fit


@pytest.mark.parametrize(
    ("case", "fit"),
    [
        (CROWDED, Fit.SAME_DAG),
        (replace(CROWDED, dag_id="billing"), Fit.SAME),
        (replace(CROWDED, dag_id="billing", tags=()), Fit.NONE),
        (replace(CROWDED, dag_id="billing", tags=(), kind=VerdictKind.PLATFORM), Fit.SAME),
    ],
)
def test_two_dags_short_of_memory_are_not_one_failure(case: ResolvedCase, fit: Fit) -> None:
    assert fit_of(replace(STRUCTURE, fingerprint="prod:oom_killed"), case) is fit


def test_what_nobody_told_apart_is_not_alike() -> None:
    unknown = replace(OTHER, cause="unknown")
    assert fit_of(replace(STRUCTURE, cause="unknown"), unknown) is Fit.NONE


def test_the_best_come_first_and_bad_ones_never() -> None:
    def known(number: int, record: CaseRecord = NEW, **changed: object) -> KnownCase:
        return KnownCase(approved(case(number, **changed)), record)

    later = NOON + timedelta(days=1)
    cases = [
        known(1, fingerprint="*:other"),
        known(2),
        known(3, confirmed_at=later),
        known(4, CaseRecord(helped=1)),
        known(5, CaseRecord(failed=1)),
        KnownCase(case(6, state=CaseState.DISPUTED), CaseRecord()),
    ]
    found = [one.case.id for one in fitting(STRUCTURE, cases, 4)]
    assert found == ["CASE0004", "CASE0003", "CASE0002", "CASE0001"]


@pytest.mark.parametrize(
    ("score", "is_solved", "opinion"),
    [
        (None, False, None),
        (None, True, CaseOpinion.HELPED),
        (Score.UP, False, CaseOpinion.HELPED),
        (Score.DOWN, False, CaseOpinion.FAILED),
        (Score.DOWN, True, CaseOpinion.FAILED),
    ],
)
def test_silence_is_no_opinion(
    score: Score | None, is_solved: bool, opinion: CaseOpinion | None
) -> None:
    assert opinion_of(score, is_solved=is_solved) is opinion
