"""Sentences, numbers and moments in the language of whoever reads them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.answering.wording import duration, listed, moment, run_in_words, second
from bot.words import (
    Sentence,
    language_here,
    mark,
    number,
    percent,
    say,
    say_many,
    speaking,
)

AT = datetime(2026, 11, 2, 5, 4, 9, tzinfo=UTC)


def test_english_is_spoken_where_nothing_else_is_said() -> None:
    assert (language_here(), say("Your code")) == ("en", "Your code")


def test_a_sentence_comes_in_the_language_of_the_block_and_not_beyond_it() -> None:
    with speaking("de"):
        assert say("Your code") == "Dein Code"
        with speaking("en"):
            assert say("Your code") == "Your code"
        with speaking(""):
            assert say("Your code") == "Dein Code"
    assert say("Your code") == "Your code"


async def test_tasks_that_begin_inside_speak_the_same_language() -> None:
    async def said() -> str:
        await asyncio.sleep(0)
        return say("Your code")

    with speaking("de"):
        task = asyncio.create_task(said())
        at_once = await asyncio.to_thread(say, "Your code")
    assert (await task, at_once) == ("Dein Code", "Dein Code")


@pytest.mark.parametrize("language", ["fr", "../de", "", "DE"])
def test_a_language_without_words_is_english(language: str) -> None:
    with speaking(language):
        assert say("Your code") == "Your code"


def test_foreign_braces_are_values_and_never_read() -> None:
    with speaking("de"):
        assert say("Log of {name}", name="{x} {0}") == "Log von {x} {0}"
        assert say("{no} sentence of ours") == "{no} sentence of ours"


def test_nothing_at_all_stays_nothing() -> None:
    with speaking("de"):
        assert say("") == ""


@pytest.mark.parametrize(
    ("n", "english", "german"),
    [(0, "0 runs", "0 Läufe"), (1, "1 run", "1 Lauf"), (1_234, "1,234 runs", "1.234 Läufe")],
)
def test_one_and_many_differ(n: int, english: str, german: str) -> None:
    assert say_many("{n} run", "{n} runs", n) == english
    with speaking("de"):
        assert say_many("{n} run", "{n} runs", n) == german


def test_figures_have_the_signs_of_the_language() -> None:
    assert (number(1_234.5, 1), percent(0.954), duration(7.94)) == ("1,234.5", "95%", "7.9 s")
    with speaking("de"):
        assert number(1_234.5, 1) == "1.234,5"
        assert percent(0.954) == "95\N{NO-BREAK SPACE}%"
        assert (duration(7.94), duration(7_500)) == ("7,9 s", "2 h 5 min")


def test_moments_are_written_as_in_the_language() -> None:
    assert (moment(AT), second(AT)) == ("2026-11-02 05:04 UTC", "2026-11-02 05:04:09 UTC")
    with speaking("de"):
        assert (moment(AT), second(AT)) == ("02.11.2026 05:04 UTC", "02.11.2026 05:04:09 UTC")
        assert run_in_words("manual__2026-11-02T05:04:09+00:00") == (
            "Lauf vom 02.11.2026 05:04 UTC (manuell)"
        )


def test_lists_are_joined_in_the_language() -> None:
    names = ["a", "b", "c", "d", "e"]
    assert listed(names) == "a, b, c and 2 more"
    with speaking("de"):
        assert (listed(names[:2]), listed(names)) == ("a und b", "a, b, c und 2 weitere")


def test_a_sentence_said_later_comes_in_the_language_of_then() -> None:
    later = Sentence(mark("Write {most} of them at most."), (("most", "20"),))
    assert later.said() == "Write 20 of them at most."
    with speaking("de"):
        assert later.said() == "Schreib höchstens 20 davon."
