from __future__ import annotations

import pytest

from bot.diagnosis.conditions import ask
from bot.domain.runbooks import Condition
from tests.diagnosis.cases import signal, signals


@pytest.mark.parametrize(
    ("wanted", "value", "holds"),
    [
        ("MemoryError", "MemoryError", True),
        ("memoryerror", "MemoryError", True),
        ("MemoryError", "NotMemoryError", False),
        ("/memory.*out/", "Memory is OUT", True),
        ("/^memory$/", "memory error", False),
        (">=3", "3", True),
        (">=3", "2.9", False),
        ("<= 0", "0", True),
        ("!=1", "2", True),
        ("==1", "1.0", True),
        (">=3", "many", False),
        ("*", "anything", True),
        ("*", "", False),
    ],
)
def test_a_value_is_compared_as_word_pattern_number_or_presence(
    wanted: str, value: str, holds: bool
) -> None:
    answer = ask(Condition("exception", wanted), signals(signal("exception", value)))
    assert answer.holds is holds


def test_an_absent_signal_is_false() -> None:
    assert ask(Condition("exception", "*"), signals()).holds is False


def test_a_signal_that_could_not_be_seen_is_undecided() -> None:
    assert ask(Condition("ended_by", "user"), signals(blind=["ended_by"])).holds is None


def test_a_signal_seen_in_spite_of_a_gap_counts() -> None:
    seen = signals(signal("ended_by", "user"), blind=["ended_by"])
    assert ask(Condition("ended_by", "user"), seen).holds is True


def test_any_of_several_signals_of_one_name_is_enough() -> None:
    both = signals(signal("exception", "KeyError"), signal("exception", "ValueError"))
    answer = ask(Condition("exception", "ValueError"), both)
    assert [one.value for one in answer.signals] == ["ValueError"]
