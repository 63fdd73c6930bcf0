"""Moments, run ids and sentences as a person would write them."""

from __future__ import annotations

import pytest

from bot.answering.foreign import middle_cut
from bot.answering.wording import run_in_words, sentence


@pytest.mark.parametrize(
    ("run_id", "words"),
    [
        ("manual__2026-11-22T05:50:28.473535+00:00", "manual run of 2026-11-22 05:50 UTC"),
        ("scheduled__2026-11-22T02:00:00+02:00", "scheduled run of 2026-11-22 00:00 UTC"),
        (
            "asset_triggered__2026-11-22T02:00:00Z_a1B2c3",
            "asset-triggered run of 2026-11-22 02:00 UTC",
        ),
        ("manual__2026-11-22T05:50:28", "manual run of 2026-11-22 05:50 UTC"),
        ("nightly-2026-11-22", "run nightly-2026-11-22"),
        ("manual__tomorrow", "run manual__tomorrow"),
        ("x" * 20 + "-" * 60 + "y" * 20, "run " + "x" * 15 + " … " + "-" * 10 + "y" * 20),
    ],
)
def test_a_run_is_named_by_kind_and_time_where_its_id_tells_them(run_id: str, words: str) -> None:
    assert run_in_words(run_id) == words


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("the pool is full", "The pool is full."),
        ("depends_on_past is set", "depends_on_past is set."),
        ("dbt reached the database", "dbt reached the database."),
        ("Really?", "Really?"),
        ("", ""),
    ],
)
def test_a_sentence_begins_and_ends_like_one_and_spares_names(said: str, told: str) -> None:
    assert sentence(said) == told


@pytest.mark.parametrize("limit", [10, 40, 399])
def test_a_middle_cut_keeps_both_ends_within_its_limit(limit: int) -> None:
    cut = middle_cut("begin " + "-" * 500 + " end", limit)
    assert len(cut) <= limit
    assert cut.startswith("b")
    assert cut.endswith("end")
