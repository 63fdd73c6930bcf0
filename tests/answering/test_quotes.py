"""Quotes that repeat each other are told once, endless ones cut, citations named by place."""

from __future__ import annotations

from bot.answering.quotes import is_quoted, quoted_words, telling, where_cited
from bot.domain.verdicts import Quote


def quote(name: str, text: str, line: int | None = 9, source: str = "task log") -> Quote:
    return Quote(name, text, source, 1, line)


def test_the_fuller_of_two_pieces_of_one_line_stands() -> None:
    piece, whole = quote("L9.2", "Task exited"), quote("L9", "Task exited\nexit_code=3")
    assert telling((piece, whole)) == (whole,)
    assert telling((whole, piece)) == (whole,)


def test_a_quote_of_another_line_never_takes_the_first_place() -> None:
    short = quote("L9", "KeyError: 'a'")
    longer = quote("L12", "KeyError: 'a' while reading", 12)
    assert telling((short, longer)) == (short, longer)


def test_of_exceptions_that_carry_each_others_message_the_outer_one_stands() -> None:
    deciding = quote("L9", "ConnectionRefusedError: [Errno 111] Connection refused")
    inner = quote("L9.2", "NewConnectionError: HTTPConnection(port=1): no: [Errno 111] refused")
    outer = quote("L9.3", f"MaxRetryError: /x (Caused by {inner.text})")
    assert telling((deciding, inner, outer)) == (deciding, outer)


def test_facts_without_a_line_are_told_apart() -> None:
    first, second = quote("M1", "paused", None, "dag"), quote("M2", "Dag is paused", None, "dag")
    assert telling((first, second)) == (first, second)


def test_of_an_endless_line_both_ends_are_shown() -> None:
    words = quoted_words(quote("L9", "RuntimeError: " + "B" * 5_000_000 + " at the end"))
    assert words.startswith("RuntimeError: BBB")
    assert words.endswith("at the end")
    assert len(words) <= 400


def test_words_are_quoted_over_the_pieces_of_one_message() -> None:
    pieces = (quote("L9", "refused:  no route"), quote("L9.2", "Is it running?"))
    assert is_quoted("No route Is it running?", pieces)
    assert not is_quoted("no route to host", pieces)
    assert not is_quoted("", pieces)


def test_a_citation_is_named_by_its_place() -> None:
    assert where_cited(["L118", "L118.2", "E4", "R1", "F2"]) == (
        "log line 118, event log, runbook, facts"
    )
