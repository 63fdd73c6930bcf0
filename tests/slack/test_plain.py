"""Whatever a Slack message is made of, its words come out plain and its links are found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.plain import flatten, flatten_mrkdwn
from tests.slack.payloads import BOT, load


@pytest.mark.parametrize(
    ("mrkdwn", "plain"),
    [
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", "&lt;"),
        ("*bold* ~gone~ _slanted_ `code`", "bold gone slanted code"),
        ("my_dag_id.load_raw_*x* 2*3*4", "my_dag_id.load_raw_*x* 2*3*4"),
        ("ask <@U0ONCALL01|sam> in <#C0GENERAL1|general>", "ask someone in #general"),
        ("<!here> <!channel> <!subteam^S123|@data>", "everyone everyone a group"),
        ("<!date^1700000000^{date}|14 Nov>", "14 Nov"),
        ("<mailto:a@example.com|a@example.com>", "a@example.com"),
        ("<https://x.example.com|x.example.com> and <https://y.example.com>",
         "x.example.com and https://y.example.com"),
        ("before ```a*b*c\n  d``` after", "before\na*b*c\n  d\n after"),
        ("<@U0AIRFLOW1> why", "why"),
        ("why <@U0AIRFLOW1> now", "why now"),
        ("<not a token>", "<not a token>"),
    ],
)  # fmt: skip
def test_mrkdwn_is_undone(mrkdwn: str, plain: str) -> None:
    assert flatten_mrkdwn(mrkdwn, BOT.user_id).text == plain


def test_indented_lines_of_a_pasted_traceback_stay_indented() -> None:
    pasted = "Traceback:\n  File \"x.py\", line 1\n    load()\nKeyError: 'a'"
    assert flatten_mrkdwn(pasted).text == pasted


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://a.example.com/x?y=1#z.", ("https://a.example.com/x?y=1#z",)),
        ("(https://a.example.com/x_(1))", ("https://a.example.com/x_(1)",)),
        ("[docs](https://a.example.com/d)", ("https://a.example.com/d",)),
        ("<https://a.example.com/?a=1&amp;b=2|here>", ("https://a.example.com/?a=1&b=2",)),
        ("<https://a.example.com> https://a.example.com", ("https://a.example.com",)),
        ("javascript:alert(1) ftp://x", ()),
    ],
)
def test_links_are_found_with_and_without_markup(text: str, links: tuple[str, ...]) -> None:
    assert flatten_mrkdwn(text).links == links


def test_an_alert_in_blocks_gives_its_fields_and_the_address_of_its_button() -> None:
    flat = flatten(load("alert_blocks"), BOT.user_id)
    assert "Dag:\norders_daily" in flat.text
    assert "Try:\n2" in flat.text
    assert "View log" not in flat.text
    assert flat.links[0].endswith("/tasks/load")


def test_an_alert_in_an_attachment_is_read_once() -> None:
    flat = flatten(load("alert_attachment"), BOT.user_id)
    assert flat.text.count("<TaskInstance: orders_daily.load") == 1
    assert "Owner: orders-team" in flat.text
    assert "https://wiki.example.com/runbook" in flat.links
    assert "https://airflow.example.com/dags/orders_daily/runs/r/tasks/load" in flat.links


def test_the_fallback_of_an_attachment_serves_where_it_has_nothing_else() -> None:
    flat = flatten({"bot_id": "B1", "attachments": [{"fallback": "Task *failed*"}]}, "")
    assert flat.text == "Task failed"


def test_words_that_the_composer_sends_twice_are_read_once() -> None:
    flat = flatten(load("app_mention")["event"], BOT.user_id)
    assert flat.text.count("orders_daily") == 1
    assert flat.mentions == {BOT.user_id, "U0ONCALL01"}


def test_lists_quotes_code_and_tables_are_read() -> None:
    def leaf(text: str) -> dict[str, Any]:
        return {"type": "text", "text": text}

    message = {
        "bot_id": "B1",
        "blocks": [
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_list",
                        "elements": [
                            {"type": "rich_text_section", "elements": [leaf("one")]},
                            {"type": "rich_text_section", "elements": [leaf("two")]},
                        ],
                    },
                    {"type": "rich_text_preformatted", "elements": [leaf("x  = 1")]},
                    {"type": "rich_text_quote", "elements": [leaf("said")]},
                ],
            },
            {"type": "table", "rows": [[{"type": "raw_text", "text": "dag_id: orders"}]]},
            {"type": "markdown", "text": "**bold** [docs](https://a.example.com/d)"},
        ],
    }
    flat = flatten(message, "")
    assert flat.text.startswith("- one\n- two\nx  = 1\nsaid\ndag_id: orders")
    assert flat.links == ("https://a.example.com/d",)


_NODE = st.recursive(
    st.none() | st.text(max_size=30) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "elements", "fields", "url", "title", "rows", "blocks"]
            ),
            inner | st.sampled_from(["rich_text", "section", "mrkdwn", "button", "link", "user"]),
        )
    ),
    max_leaves=25,
)


@given(_NODE, _NODE, st.text(max_size=200))
def test_nothing_makes_reading_raise(blocks: Any, attachments: Any, text: str) -> None:
    message = {"text": text, "blocks": blocks, "attachments": attachments, "files": attachments}
    flatten(message, BOT.user_id)


def test_blocks_nested_beyond_reason_end_somewhere() -> None:
    node: dict[str, Any] = {"type": "section", "text": "x"}
    for _ in range(5_000):
        node = {"type": "section", "elements": [node]}
    assert flatten({"bot_id": "B1", "blocks": [node]}, "").text == ""
