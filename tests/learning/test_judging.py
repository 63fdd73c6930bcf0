"""What people made of an answer: thumbs, engineers, and both against each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.conversations import Rating, Score
from bot.domain.datasets import Correction, Judgement, Source
from bot.domain.escalations import Truth, WasRight
from bot.domain.verdicts import VerdictKind
from bot.learning.judging import Judged, judged
from tests.fakes.cases import CASE
from tests.fakes.lessons import MONDAY
from tests.fakes.turns import diagnosis

UP = Rating("t", "U1", Score.UP, MONDAY)
DOWN = Rating("t", "U2", Score.DOWN, MONDAY)
WRONG = Truth("e1", "U9", MONDAY, "The table was empty.", "Load it first.", WasRight.NO)


def test_silence_is_no_judgement() -> None:
    assert judged([], []) == Judged(Judgement.NONE, Source.RULES, None)


def test_thumbs_judge_an_answer() -> None:
    assert judged([UP], []).judgement is Judgement.RIGHT
    assert judged([DOWN], []) == Judged(Judgement.WRONG, Source.RATING, None)


def test_who_calls_their_trouble_solved_judges_the_last_answer_right() -> None:
    assert judged([], [], is_solved=True) == Judged(Judgement.RIGHT, Source.RATING)
    assert judged([DOWN], [], is_solved=True).judgement is Judgement.CONTRADICTED


@pytest.mark.parametrize(
    ("ratings", "truths"),
    [
        ([UP, DOWN], []),
        ([UP], [WRONG]),
        ([], [WRONG, replace(WRONG, bot=WasRight.YES)]),
    ],
)
def test_of_what_contradicts_itself_nothing_is_learnt(
    ratings: list[Rating], truths: list[Truth]
) -> None:
    assert judged(ratings, truths) == Judged(Judgement.CONTRADICTED)


def test_an_engineer_who_says_nothing_of_the_bot_judges_nothing() -> None:
    assert judged([], [replace(WRONG, bot=WasRight.NOT_SAID)]).judgement is Judgement.NONE


def test_a_wrong_answer_is_corrected_in_the_words_of_the_newest_truth() -> None:
    newer = replace(WRONG, escalation="e2", at=MONDAY + timedelta(1), fixed_by="Wait for it.")
    found = judged([DOWN], [newer, replace(WRONG, bot=WasRight.PARTLY)])
    assert found == Judged(
        Judgement.WRONG, Source.RESOLUTION, Correction("The table was empty.", "Wait for it.")
    )


def test_an_approved_case_says_what_the_verdict_should_have_been() -> None:
    verdict = diagnosis().verdict
    found = judged([], [WRONG], CASE, verdict).correction
    assert found is not None
    assert (found.kind, found.cause) == (VerdictKind.CODE, "import_error")

    by_thumb = judged([DOWN], [], CASE, verdict).correction
    assert by_thumb == Correction("", CASE.fix, VerdictKind.CODE, "import_error")


def test_a_case_with_the_cause_that_the_bot_named_wrongly_says_nothing_of_the_verdict() -> None:
    same = replace(CASE, cause=diagnosis().verdict.cause)
    found = judged([], [WRONG], same, diagnosis().verdict).correction
    assert found is not None
    assert (found.kind, found.cause) == (None, "")
