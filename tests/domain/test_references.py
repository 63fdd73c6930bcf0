"""References are short, readable aloud, and the same wherever they are worked out."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.references import reference_of


@given(st.text())
def test_a_reference_is_six_letters_that_nobody_misreads(key: str) -> None:
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{6}", reference_of(key))


def test_the_same_key_has_the_same_reference_in_every_process() -> None:
    assert reference_of("T1:C1:1700000000.000100") == "5EJQME"


def test_questions_of_a_busy_day_hardly_ever_share_a_reference() -> None:
    keys = [f"T1:C1:17000{number:05}.000100" for number in range(5_000)]
    assert len({reference_of(key) for key in keys}) >= len(keys) - 1
