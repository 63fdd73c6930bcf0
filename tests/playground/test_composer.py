"""What people type becomes mrkdwn and rich text that agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.workspace.composer import Names, compose, escape, escaped

NAMES = Names({"airflow": "U0BOT"}, {"airflow-support": "C0SUPPORT"})


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("@airflow why?", "<@U0BOT> why?"),
        ("<@U0BOT> why?", "<@U0BOT> why?"),
        ("ask @nobody", "ask @nobody"),
        ("mail me@airflow", "mail me@airflow"),
        ("see #airflow-support", "see <#C0SUPPORT|>"),
        ("see https://x.example/a?b=1&c=2.", "see <https://x.example/a?b=1&amp;c=2>."),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("*bold* and `co*de*`", "*bold* and `co*de*`"),
        ("snake_case_name stays", "snake_case_name stays"),
        ("<!channel> is text", "&lt;!channel&gt; is text"),
        ("log:\n```\nKeyError: 'x'\n```", "log:\n```KeyError: 'x'```"),
        (">quoted", "&gt; quoted"),
    ],
)
def test_typed_text_becomes_mrkdwn(typed: str, text: str) -> None:
    assert compose(typed, NAMES)[0] == text


def test_a_mention_is_an_element_of_its_own() -> None:
    _, block = compose("@airflow `code`", NAMES)
    elements = block["elements"][0]["elements"]

    assert [element["type"] for element in elements] == ["user", "text", "text"]
    assert elements[2]["style"] == {"code": True}


def test_a_command_that_asks_for_escaping_gets_names_with_its_mentions() -> None:
    typed = "why @airflow #airflow-support https://x.example/a"

    assert escaped(typed, NAMES) == (
        "why <@U0BOT|airflow> <#C0SUPPORT|airflow-support> <https://x.example/a>"
    )


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_no_typed_text_can_ping_a_channel(typed: str) -> None:
    text, _ = compose(typed, NAMES)

    assert "<!" not in text


@given(st.text(alphabet="ab ,;<>&", max_size=40))
def test_plain_words_are_escaped_and_nothing_else(typed: str) -> None:
    words = typed.replace(">", "").strip() or "x"
    text, block = compose(words, NAMES)

    assert text == escape(words)
    assert "".join(part["text"] for part in block["elements"][0]["elements"]) == words
