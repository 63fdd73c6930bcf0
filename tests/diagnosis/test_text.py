from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.complaints import weight
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.signals_exceptions import http_status
from bot.diagnosis.text import LINE_MAX, lines_of, normalise, shorten


@given(st.text(max_size=5_000))
def test_a_normalised_line_is_one_short_line_and_stays_as_it_is(text: str) -> None:
    once = normalise(text)
    assert "\n" not in once
    assert len(once) <= LINE_MAX
    assert normalise(once) == once


def test_colours_and_invisible_characters_are_taken_out() -> None:
    assert normalise("\x1b[31mERROR\x1b[0m\u200b  \u202egone \x00x") == "ERROR gone x"


def test_typographic_quotes_become_plain() -> None:
    assert normalise("cannot create \u2018/home\u2019") == "cannot create '/home'"


def test_empty_lines_of_a_message_are_left_out() -> None:
    assert lines_of("a\n\n  \n b ") == ["a", "b"]
    assert len(lines_of("x\n" * 100, 7)) == 7


def test_a_shortened_text_says_that_it_is() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abc", 4) == "abc"


def test_plain_complaints_weigh_more_than_possible_ones() -> None:
    assert weight("psql: error: connection refused") == 2
    assert weight("the job failed") == 1
    assert weight("loaded 10 rows") == 0
    assert weight('{"errors": []}') == -1


def test_quotes_of_the_same_line_are_the_same_quote() -> None:
    quotes = Quotes(2)
    first = quotes.line(7, "x")
    assert quotes.line(7, "x") is first
    assert (first.id, first.try_number, first.source) == ("L7", 2, "task log")
    assert quotes.line(7, "y").id == "L7.2"


def test_facts_and_other_texts_are_numbered_apart() -> None:
    quotes = Quotes()
    ids = [quotes.fact("a", "run").id, quotes.fact("b", "run").id, quotes.other("c", "message").id]
    assert ids == ["M1", "M2", "X1"]
    assert quotes.fact("a", "run").id == "M1"


def test_the_status_of_a_reply_is_found_in_the_usual_wordings() -> None:
    said = {
        "404 Client Error: Not Found for url: http://x": "404",
        "Server responded with status code 503": "503",
        "HTTP Error 403: Forbidden": "403",
        "API request failed with status code 500": "500",
        "RuntimeError: Failed to fetch data: 502": "502",
        "429 Too Many Requests": "429",
        "loaded 500 rows": None,
        "waited 404 seconds": None,
    }
    assert {text: http_status(text) for text in said} == said
