"""Fits how sure verdicts are to what was true, and proves it on failures that were held back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product

from bot.domain.parameters import Parameters, bent

LEAST_TRUTHS = 20
"""Approved truths without which nothing is fitted: a few people's failures are not everybody's."""
LEAST_HELD_BACK = 10
CONFIDENT = 0.8

_HELD_BACK = 0.3
_SLOPES = (0.6, 0.8, 1.0, 1.25, 1.5)
_SHIFTS = (-0.8, -0.4, -0.2, 0.0, 0.2, 0.4, 0.8)
_THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
_CONSTANTS = (5, 10, 20, 40, 60)
_NO_CLAIM = 0.25  # what a guess of one half costs
_CONFIDENTLY_WRONG = 0.5
_WORTH = 1e-3  # by which a fit has to be better; less is chance


@dataclass(frozen=True, slots=True)
class Observation:
    """One verdict as the rules give it, unbent, and whether it was right. All of one `fingerprint`
    are one failure. `is_truth`: approved by a person here, else of the development corpus. `query`
    and `cause` say what a search had to find, empty where nobody knows."""

    fingerprint: str
    at: datetime
    sure: float
    right: bool
    is_truth: bool = False
    query: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """How good parameters are on some observations. `loss` is the mean of a proper score with a
    penalty for what was confidently wrong; less is better. `found` is the mean reciprocal rank of
    the runbook that was wanted, 0 where nothing was."""

    n: int
    loss: float
    claims: int
    right: int
    confidently_wrong: int
    searches: int = 0
    found: float = 0.0


@dataclass(frozen=True, slots=True)
class Fit:
    """What came of it, on the failures that were held back: with the parameters in force, and with
    those that were fitted. `refusal` says why they are not to be adopted, empty where they are."""

    truths: int
    fitted_on: int
    parameters: Parameters
    before: Score
    after: Score
    refusal: str = ""


Rank = Callable[[str, int], Sequence[str]]
"""The causes that a search finds for a query with that rank constant, best first."""


class TooLittle(Exception):
    """There is too little truth to go by; says how much there is."""


def refit(observations: Iterable[Observation], now: Parameters, rank: Rank) -> Fit:
    """The same for the same observations, in whichever order they come. Raises `TooLittle`."""
    ordered = sorted(observations, key=lambda one: (one.at, one.fingerprint, one.sure, one.right))
    truths = sum(one.is_truth for one in ordered)
    if truths < LEAST_TRUTHS:
        raise TooLittle(f"There are {truths} approved truths; {LEAST_TRUTHS} are needed.")
    fitting, held_back = split(ordered)
    if min(len(fitting), len(held_back)) < LEAST_HELD_BACK:
        raise TooLittle(
            f"{len(fitting)} observations are of earlier failures, and {len(held_back)} of later "
            f"ones to be held back; {LEAST_HELD_BACK} of each are needed."
        )
    best = _ranked(fitting, _bent(fitting, now), rank)
    before, after = score(held_back, now, rank), score(held_back, best, rank)
    return Fit(truths, len(fitting), best, before, after, _refusal(before, after, best, now))


def split(ordered: Sequence[Observation]) -> tuple[list[Observation], list[Observation]]:
    """By failure and by time: what is fitted on, and the failures first seen after all of that.
    One that was fitted on and comes back later is of neither."""
    first: dict[str, datetime] = {}
    for one in ordered:
        first.setdefault(one.fingerprint, one.at)
    moments = sorted(first[one.fingerprint] for one in ordered)
    cut = moments[min(len(moments) - 1, math.floor(len(moments) * (1 - _HELD_BACK)))]
    fitting = [one for one in ordered if first[one.fingerprint] < cut and one.at < cut]
    return fitting, [one for one in ordered if first[one.fingerprint] >= cut]


def score(observations: Sequence[Observation], by: Parameters, rank: Rank) -> Score:
    losses, claims, right, confidently = [], 0, 0, 0
    for one in observations:
        sure = bent(one.sure, by)
        is_claim = sure >= by.abstain_below
        losses.append(_loss(sure, one.right) if is_claim else _NO_CLAIM)
        claims += is_claim
        right += is_claim and one.right
        confidently += is_claim and not one.right and sure >= CONFIDENT
    searches, found = _found(observations, by.rank_constant, rank)
    mean = sum(losses) / len(losses) if losses else 0.0
    return Score(len(losses), mean, claims, right, confidently, searches, found)


def _bent(observations: Sequence[Observation], now: Parameters) -> Parameters:
    """Of equals the one nearest to what is in force."""
    choices = [
        replace(now, slope=slope, shift=shift, abstain_below=threshold)
        for slope, shift, threshold in product(_SLOPES, _SHIFTS, _THRESHOLDS)
    ]

    def order(one: Parameters) -> tuple[float, float]:
        far = abs(one.slope - now.slope) + abs(one.shift - now.shift)
        far += abs(one.abstain_below - now.abstain_below)
        return round(_mean_loss(observations, one), 6), far

    return min([now, *choices], key=order)


def _ranked(observations: Sequence[Observation], now: Parameters, rank: Rank) -> Parameters:
    def order(constant: int) -> tuple[float, int]:
        found = _found(observations, constant, rank)[1]
        return -round(found, 6), abs(constant - now.rank_constant)

    return replace(now, rank_constant=min({now.rank_constant, *_CONSTANTS}, key=order))


def _mean_loss(observations: Sequence[Observation], by: Parameters) -> float:
    losses = 0.0
    for one in observations:
        sure = bent(one.sure, by)
        losses += _loss(sure, one.right) if sure >= by.abstain_below else _NO_CLAIM
    return losses / max(1, len(observations))


def _loss(sure: float, right: bool) -> float:
    wrongly = _CONFIDENTLY_WRONG if sure >= CONFIDENT and not right else 0.0
    return (sure - right) ** 2 + wrongly


def _found(observations: Sequence[Observation], constant: int, rank: Rank) -> tuple[int, float]:
    ranks = []
    for one in observations:
        if one.query and one.cause:
            causes = list(rank(one.query, constant))
            ranks.append(1 / (causes.index(one.cause) + 1) if one.cause in causes else 0.0)
    return len(ranks), sum(ranks) / len(ranks) if ranks else 0.0


def _refusal(before: Score, after: Score, best: Parameters, now: Parameters) -> str:
    if best == now:
        return "What is in force fits best."
    if after.confidently_wrong > before.confidently_wrong:
        return "More verdicts would be confidently wrong."
    if after.found < before.found:
        return "Searches would find less."
    is_better = before.loss - after.loss >= _WORTH or after.found - before.found >= _WORTH
    if not is_better or after.loss > before.loss:
        return "On what was held back it is no better."
    return ""
