"""Every reply fits into Slack's limits and is harmless, whatever is in it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.domain.answers import (
    ClusterReport,
    Diagnosis,
    HealthReport,
    HowTo,
    NotFound,
    Reply,
)
from bot.domain.evidence import Gap, GapReason
from bot.domain.reports import RunbookReport
from bot.domain.targets import Nowhere
from bot.domain.verdicts import Quote
from bot.playground.workspace.blocks.check import check_blocks
from bot.playground.workspace.blocks.rules import Surface
from bot.slack.blocks.evidence import evidence_card
from bot.slack.blocks.forms import rating_form
from bot.slack.blocks.logs import excerpt_card, excerpt_file
from bot.slack.blocks.message import SlackMessage
from bot.slack.blocks.render import render
from bot.slack.limits import BLOCKS_JSON_MAX, MESSAGE_TEXT, blocks_length
from bot.slack.presses import Words, words_value
from tests.slack import replies as example
from tests.slack.strategies import OWN_HOST, diagnoses, words
from tests.slack.strategies import replies as any_reply

_CALL = re.compile("[<\uff1c\ufe64]\\s*[@!#\uff20\uff01\uff03]")
_CALLERS = {"user", "usergroup", "channel", "broadcast"}


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in a tree of blocks."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list | tuple):
        for inner in node:
            yield from objects(inner)


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for name, inner in node.items():
            if name != "value":  # comes back with a press; nobody sees it
                yield from strings(inner)
    elif isinstance(node, list | tuple):
        for inner in node:
            yield from strings(inner)


def shown(message: SlackMessage) -> str:
    """All words that a person sees in the blocks."""
    return "\n".join(
        one["text"] for one in objects(message.blocks) if isinstance(one.get("text"), str)
    )


def shown_on_buttons(message: SlackMessage) -> list[str]:
    return [one["text"]["text"] for one in objects(message.blocks) if one.get("type") == "button"]


def judge(message: SlackMessage) -> None:
    """Raises where Slack would refuse the message or it could do harm."""
    blocks = list(message.blocks)
    assert blocks_length(blocks) <= BLOCKS_JSON_MAX
    assert message.text.strip()
    assert blocks, "even the barest room was too small"
    assert MESSAGE_TEXT.fits(message.text)
    assert "<" not in message.text
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None, block
        parsed.validate_json()
    check_blocks(blocks, Surface.MESSAGE)
    assert json.loads(json.dumps(blocks)) == blocks
    for one in objects(blocks):
        assert one.get("type") not in _CALLERS
        assert one.get("type") != "mrkdwn"
        if "url" in one:
            assert one["url"].startswith((OWN_HOST, "https://runbooks.example.com"))
    for text in strings([message.text, blocks]):
        assert not _CALL.search(text)
        assert not {unicodedata.category(c) for c in text} & {"Cf", "Cs"}
        assert not set(text) & {chr(n) for n in range(32) if chr(n) != "\n"}


@pytest.mark.parametrize("name", example.EVERY)
def test_every_kind_of_reply_is_a_message_that_slack_takes(name: str) -> None:
    message = render(example.EVERY[name], "turn-1", Words("why?"), has_model=True)
    judge(message)
    judge(message.plainer())
    assert message.text_only().blocks == ()


_PATIENT = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def with_own_links_only(reply: Reply) -> Reply:
    """Trusted Markdown may link anywhere; here it is as foreign as all the rest."""
    if isinstance(reply, Diagnosis):
        return replace(reply, steps=tuple(unlinked(step) for step in reply.steps), check="")
    if isinstance(reply, RunbookReport):
        sections = tuple((heading, unlinked(body)) for heading, body in reply.sections)
        return replace(reply, sections=sections)
    if isinstance(reply, HowTo):
        foreign = tuple(replace(one, source="dag docs") for one in reply.passages)
        return replace(reply, passages=foreign)
    return reply


def unlinked(step: str) -> str:
    return step.replace("://", ":")


@_PATIENT
@given(any_reply, words)
def test_no_reply_breaks_a_limit_or_calls_anybody(reply: Reply, asked: str) -> None:
    message = render(with_own_links_only(reply), "turn-1", Words(asked, (asked,)))
    judge(message)
    judge(message.plainer())


@_PATIENT
@given(diagnoses)
def test_no_evidence_or_excerpt_breaks_a_limit_or_calls_anybody(diagnosis: Diagnosis) -> None:
    harmless = with_own_links_only(diagnosis)
    assert isinstance(harmless, Diagnosis)
    judge(evidence_card(harmless))
    judge(excerpt_card(harmless))
    name, content = excerpt_file(diagnosis.target, diagnosis.log_lines, diagnosis.lines_read)
    assert re.fullmatch(r"[A-Za-z0-9._-]{5,160}", name)
    content.encode()


@given(words, st.lists(words, max_size=4).map(tuple))
def test_the_words_of_a_question_always_fit_into_a_button(text: str, links: Any) -> None:
    value = words_value(Words(text, links))
    assert len(value) <= 2_000
    json.loads(value)


def test_of_a_long_traceback_the_end_is_shown() -> None:
    traceback = "Traceback:\n" + '  File "x.py", line 1, in f\n' * 900 + "KeyError: 'amount'"
    verdict = replace(example.CODE.verdict, quotes=(Quote("L1", traceback, "task log"),))
    message = render(replace(example.CODE, verdict=verdict), "turn-1")
    assert "KeyError: 'amount'" in shown(message)
    assert "KeyError: 'amount'" in message.text
    judge(message)


def test_a_card_says_whose_side_why_where_and_what_to_do() -> None:
    message = render(example.CODE, "turn-1")
    words = shown(message)
    assert words.startswith("🐞 Your code · A field that the code expects is missing")
    assert "no field “amount”" in words
    assert "Task log, try 2, line 118, 2026-11-21 02:16:01 UTC" in words
    assert "the Dag's owner (orders-team)" in words
    assert "Will a retry help?" in words
    assert "Only after the fix" in words
    assert "🔶 Not seen: event log (not permitted), pools (took too long)" in words
    assert "… and 1 more under “Show evidence”" in words
    assert "Sure (92%) · 10,233 log lines read" in words
    assert "Ref a1b2c3d4" in words
    assert message.blocks[0]["type"] == "header"


def test_a_runbooks_markdown_keeps_its_code_its_numbers_and_its_links() -> None:
    message = render(example.CODE, "turn-1")
    kinds = [part for block in message.blocks for part in block.get("elements", [])]
    code = [one for one in kinds if one.get("type") == "rich_text_preformatted"]
    assert code[-1]["elements"][0]["text"] == "amount = row.get('amount', 0)"
    lists = [one for one in kinds if one.get("style") == "ordered"]
    assert [one.get("offset", 0) for one in lists] == [0, 2]
    linked = [one for one in objects(lists) if one.get("type") == "link"]
    assert [(one["text"], one["url"]) for one in linked] == [
        ("data checks", "https://runbooks.example.com/d")
    ]


def test_links_in_a_dags_own_docs_are_not_live() -> None:
    message = render(example.HOW_TO, "turn-1")
    urls = [one["url"] for one in objects(message.blocks) if one.get("type") == "link"]
    assert urls == ["https://runbooks.example.com/backfill"]
    assert "a page (https://elsewhere.example.com)" in shown(message)


def test_the_models_words_stand_apart_with_what_they_cite() -> None:
    message = render(replace(example.CODE, explanation=example.EXPLAINED), "turn-1")
    words = shown(message)
    assert "In other words" in words
    assert "(log line 118, Airflow's state)" in words
    assert "disputed" in words
    assert "It also suggests" in words
    assert "small-model" in words


@pytest.mark.parametrize(
    ("has_model", "line"),
    [(False, "no language model is set up"), (True, "A language model is adding its words")],
)
def test_a_card_says_what_the_model_has_to_do_with_it(has_model: bool, line: str) -> None:
    assert line in shown(render(example.CODE, "turn-1", has_model=has_model))


def test_a_choice_offers_five_buttons_and_a_menu_for_the_rest() -> None:
    message = render(example.CHOICE, "turn-1")
    elements = [one for block in message.blocks for one in block.get("elements", [])]
    buttons = [one for one in elements if one.get("type") == "button"]
    (menu,) = [one for one in elements if one.get("type") == "static_select"]
    assert [one["value"] for one in buttons] == [f"{n}|turn-1" for n in range(5)]
    assert [one["value"] for one in menu["options"]] == ["5|turn-1", "6|turn-1"]


def test_a_platform_in_trouble_shows_what_ails_it() -> None:
    words = shown(render(example.HEALTH, "turn-1"))
    assert "🔶 Airflow is not well: production, staging" in words
    assert "❌ production · Airflow 3.3.2 · scheduler unhealthy" in words
    assert "pool default_pool: 2 of 128 slots free, 40 waiting" in words
    assert "pool small" not in words
    assert "3 Dag files do not import" in words
    assert "❌ staging · does not answer" in words


def test_of_a_cluster_that_does_not_answer_it_is_said_why() -> None:
    why = "staging: Airflow has answered nothing for 30 s. Look at the API server."
    silent = ClusterReport("staging", False, gaps=(Gap("cluster", GapReason.UNAVAILABLE, why),))
    words = shown(render(HealthReport("e5f6a7b8", (silent,)), "turn-1"))
    assert why in words
    assert "Not seen" not in words


def test_what_airflow_was_too_silent_for_can_be_asked_again() -> None:
    asked = Words("why did orders fail?")
    silent = NotFound("b8c9d0e1", Nowhere("“orders”", ("staging",), unreachable=True))
    assert "Ask again" in shown_on_buttons(render(silent, "turn-1", asked))
    assert "Ask again" not in shown_on_buttons(render(example.NOT_FOUND, "turn-1", asked))


def test_names_between_backticks_are_code_and_lose_the_backticks() -> None:
    reply = NotFound("b8c9d0e1", Nowhere("a task", (), remedy="This run has `load` and `2*x*`."))
    message = render(reply, "turn-1")
    code = [one["text"] for one in objects(message.blocks) if one.get("style") == {"code": True}]
    assert code == ["load", "2*x*"]
    assert "`" not in shown(message)


def test_the_form_behind_a_thumb_down_is_one_that_slack_takes() -> None:
    form = rating_form("turn-1")
    for block in form["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
    assert len(form["title"]["text"]) <= 24
