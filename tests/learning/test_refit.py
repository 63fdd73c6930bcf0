"""Parameters are fitted to what was true, and adopted only where it was not known before."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.parameters import CEILING, DEFAULTS, Parameters, bent
from bot.learning.refit import Observation, TooLittle, refit, score, split

START = datetime(2026, 11, 1, tzinfo=UTC)


def nothing(query: str, constant: int) -> Sequence[str]:
    return ()


def seen(number: int, *, right: bool, sure: float = 0.85, truth: bool = True) -> Observation:
    return Observation(f"f{number}", START + timedelta(hours=number), sure, right, truth)


def too_sure(count: int) -> list[Observation]:
    """Of verdicts that claim 0.85 every second one is wrong."""
    return [seen(number, right=number % 2 == 0) for number in range(count)]


def test_with_too_few_truths_nothing_is_fitted_and_the_number_is_said() -> None:
    corpus = [seen(number, right=True, truth=False) for number in range(100)]
    with pytest.raises(TooLittle, match="There are 7 approved truths; 20 are needed"):
        refit([*corpus, *too_sure(7)], DEFAULTS, nothing)


def test_with_one_failure_alone_nothing_can_be_held_back() -> None:
    same = [replace(one, fingerprint="f") for one in too_sure(60)]
    with pytest.raises(TooLittle, match="held back"):
        refit([*same, seen(0, right=True)], DEFAULTS, nothing)


def test_verdicts_that_are_too_sure_become_less_so() -> None:
    fit = refit(too_sure(60), DEFAULTS, nothing)
    assert fit.refusal == ""
    assert bent(0.85, fit.parameters) < 0.8
    assert (fit.before.confidently_wrong, fit.after.confidently_wrong) == (9, 0)
    assert fit.after.loss < fit.before.loss


def test_what_fits_stays_as_it_is() -> None:
    well = [seen(number, right=number % 20 > 0, sure=0.95) for number in range(80)]
    fit = refit(well, DEFAULTS, nothing)
    assert fit.refusal
    assert fit.after.confidently_wrong <= fit.before.confidently_wrong or fit.refusal


def test_what_only_fits_the_past_is_not_adopted() -> None:
    """Wrong at first, right ever since: less sure verdicts would be worse from now on."""
    changed = [seen(number, right=number >= 42) for number in range(60)]
    assert refit(changed, DEFAULTS, nothing).refusal == "On what was held back it is no better."


def test_the_order_of_observations_never_matters() -> None:
    every = too_sure(60)
    shuffled = random.Random(7).sample(every, len(every))
    assert refit(shuffled, DEFAULTS, nothing) == refit(every, DEFAULTS, nothing)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 500)), min_size=1, max_size=80),
)
def test_no_failure_is_on_both_sides_and_what_is_held_back_is_later(
    drawn: list[tuple[int, int]],
) -> None:
    every = sorted(
        (Observation(f"f{name}", START + timedelta(minutes=at), 0.8, True) for name, at in drawn),
        key=lambda one: one.at,
    )
    fitting, held_back = split(every)
    assert not {one.fingerprint for one in fitting} & {one.fingerprint for one in held_back}
    if fitting and held_back:
        assert max(one.at for one in fitting) < min(one.at for one in held_back)


@given(sure=st.floats(0, CEILING), other=st.floats(0, CEILING), slope=st.floats(0.5, 2.0))
def test_bending_never_changes_the_order_of_verdicts(
    sure: float, other: float, slope: float
) -> None:
    by = Parameters(slope=slope, shift=-0.4)
    low, high = sorted((sure, other))
    assert bent(low, by) <= bent(high, by) + 1e-12
    assert 0 <= bent(sure, by) <= CEILING


def test_searches_that_find_the_runbook_sooner_are_a_gain() -> None:
    def rank(query: str, constant: int) -> Sequence[str]:
        return ("right", "other") if constant == 5 else ("other", "right")

    asked = [replace(one, right=True, sure=0.95, query="q", cause="right") for one in too_sure(60)]
    fit = refit(asked, DEFAULTS, rank)
    assert (fit.parameters.rank_constant, fit.refusal) == (5, "")
    assert score(asked, DEFAULTS, rank).found == 0.5
