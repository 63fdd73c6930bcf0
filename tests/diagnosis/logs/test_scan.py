from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.logs import scan
from bot.diagnosis.logs.patterns import WORDS

ENGINES = [scan.best_engine(), scan.re2_engine(), scan.python_engine()]

WORDY = st.sampled_from(
    [
        *(word.replace("\\b", " ").replace(" {3}", "   ") for word in WORDS),
        "ERROR",
        "Exit",
        "exit_code",
        "E   assert",
        "oom",
        "room",
        "couldn't",
        "INFO - all good",
        "é\x00\xff",
    ]
)


def lines_hit(engine: scan.Engine, lines: list[bytes]) -> list[int]:
    """Indexes of the lines in which the engine found something."""
    text = b"\n".join(lines)
    places = engine(text)
    assert places == sorted(places)
    return sorted({text.count(b"\n", 0, place) for place in places})


@given(st.lists(st.one_of(st.binary(max_size=40), WORDY.map(str.encode)), min_size=1, max_size=20))
def test_all_engines_find_the_same_lines(lines: list[bytes]) -> None:
    first, *others = [lines_hit(engine, lines) for engine in ENGINES]

    assert all(found == first for found in others)


@pytest.mark.parametrize("engine", ENGINES)
def test_hits_are_in_the_lines_that_hold_a_word(engine: scan.Engine) -> None:
    lines = [b"fine", b"an ERROR and a failure", b"", b"Traceback (most recent call last):", b"x"]

    assert lines_hit(engine, lines) == [1, 3]


@pytest.mark.parametrize("engine", ENGINES)
def test_no_word_reaches_over_a_line_end(engine: scan.Engine) -> None:
    assert lines_hit(engine, [b"time", b"d out", b"not", b"found"]) == []
