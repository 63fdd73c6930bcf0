from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.logs import scan
from bot.diagnosis.logs.lines import Block
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


def block(lines: list[bytes]) -> Block:
    return Block(b"\n".join(lines), lines)


@given(st.lists(st.one_of(st.binary(max_size=40), WORDY.map(str.encode)), min_size=1, max_size=20))
def test_all_engines_find_the_same_lines(lines: list[bytes]) -> None:
    whole = block(b"\n".join(lines).split(b"\n"))

    first, *others = [engine(whole) for engine in ENGINES]

    assert all(found == first for found in others)


@pytest.mark.parametrize("engine", ENGINES)
def test_hits_are_ascending_indexes_of_lines(engine: scan.Engine) -> None:
    lines = [b"fine", b"an ERROR and a failure", b"", b"Traceback (most recent call last):", b"x"]

    assert engine(block(lines)) == [1, 3]


@pytest.mark.parametrize("engine", ENGINES)
def test_no_word_reaches_over_a_line_end(engine: scan.Engine) -> None:
    assert engine(block([b"time", b"d out", b"not", b"found"])) == []
