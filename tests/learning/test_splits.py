"""Splits: one incident in one of them, and each after the other in time."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.datasets import Split
from bot.learning.splits import Cuts, Incident, Shares, cuts_of, split_of

ASKED = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 60)), min_size=1, max_size=60)
SHARES = st.builds(Shares, st.floats(0, 0.4), st.floats(0, 0.4))


def divided(asked: list[tuple[int, int]], shares: Shares) -> list[tuple[int, int, Split | None]]:
    """Incident, moment and split of each."""
    first: dict[int, int] = {}
    for incident, at in asked:
        first[incident] = min(at, first.get(incident, at))
    counts = {one: sum(1 for incident, _ in asked if incident == one) for one in first}
    newest = sorted(first, key=lambda one: (-first[one], one))
    cuts = cuts_of((Incident(first[one], counts[one]) for one in newest), len(asked), shares)
    return [(incident, at, split_of(at, first[incident], cuts)) for incident, at in asked]


@given(ASKED, SHARES)
def test_no_incident_is_in_two_splits_and_none_is_tested_on_before_what_was_learnt(
    asked: list[tuple[int, int]], shares: Shares
) -> None:
    found = divided(asked, shares)
    where = defaultdict(set)
    moments: dict[Split, list[int]] = {split: [] for split in Split}
    for incident, at, split in found:
        if split is not None:
            where[incident].add(split)
            moments[split].append(at)
    assert all(len(splits) == 1 for splits in where.values())
    in_time = [moments[split] for split in Split if moments[split]]
    for earlier, later in pairwise(in_time):
        assert max(earlier) < min(later)
    assert moments[Split.TRAIN]  # something is always learnt from


def test_a_split_has_its_share_where_incidents_are_small() -> None:
    found = divided([(n, n) for n in range(100)], Shares(0.1, 0.2))
    counts = [sum(1 for *_, split in found if split is one) for one in Split]
    assert counts == [70, 10, 20]


def test_the_newest_incident_is_tested_on_however_large_it_is() -> None:
    found = divided([(1, 1), (2, 5), (2, 6), (2, 7)], Shares(0.1, 0.1))
    assert [split for *_, split in found] == [Split.TRAIN, *[Split.TEST] * 3]


def test_one_incident_alone_is_learnt_from() -> None:
    assert {split for *_, split in divided([(1, 1), (1, 2)], Shares())} == {Split.TRAIN}


def test_an_incident_that_comes_back_after_its_split_is_left_out_then() -> None:
    cuts = Cuts(validation=10, test=20)
    assert split_of(5, 5, cuts) is Split.TRAIN
    assert split_of(12, 5, cuts) is None
    assert split_of(12, 12, cuts) is Split.VALIDATION
    assert split_of(25, 12, cuts) is None
    assert split_of(25, 21, cuts) is Split.TEST
