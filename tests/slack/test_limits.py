"""Cutting keeps to the limit as Slack counts, and to the end that matters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.limits import ELLIPSIS, Limit, length


def test_an_emoji_counts_as_two_as_slack_counts_them() -> None:
    assert length("a🧨") == 3


def test_a_head_is_cut_at_a_word() -> None:
    assert Limit(20).head("the quick brown fox jumps") == "the quick brown fox…"
    assert Limit(22).head("the quick brown fox jumps") == "the quick brown fox…"


def test_a_tail_is_cut_at_a_line() -> None:
    text = "first line\nsecond line\nKeyError: 'amount'"
    assert Limit(24).tail(text) == "…\nKeyError: 'amount'"


def test_a_tail_of_one_long_line_is_cut_inside_it() -> None:
    assert Limit(6).tail("abcdefghij") == "…\nghij"


def test_what_fits_stays_as_it_is() -> None:
    assert Limit(5).head("12345") == Limit(5).tail("12345") == "12345"


@given(st.text(), st.integers(4, 200))
def test_no_cut_is_longer_than_its_limit(text: str, characters: int) -> None:
    limit = Limit(characters)
    for cut in (limit.head(text), limit.tail(text)):
        assert limit.fits(cut)
        assert cut == text or ELLIPSIS in cut
