"""What the bot says where another language than English is spoken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

import pytest

from bot.domain.comparisons import Comparison, Measure, Timed
from bot.slack.blocks.message import SlackMessage
from bot.slack.chart import title_of
from bot.slack.posts import Post
from bot.words import say, speaking
from tests.slack.saying import GIVEN, STYLE, messages, views
from tests.slack.test_blocks import objects
from tests.words.pseudo import in_brackets, without_brackets

POSTS = dict(messages())
_WORD = re.compile(r"[^\W\d_]{2,}")
_ANYWHERE = {"utc", "airflow"}
_SEEN_BY_NOBODY = {"value", "action_id", "block_id", "type", "url", "user_id", "channel_id"}
_SEEN_BY_NOBODY |= {
    "callback_id",
    "private_metadata",
    "style",
    "task_id",
    "status",
    "range",
    "format",  # of a time, in which Slack puts its own words
    "filter",
}


def shown(node: Any) -> Iterator[str]:
    """Every string that a person sees of blocks or of a view."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for name, inner in node.items():
            if name not in _SEEN_BY_NOBODY and not is_code(node):
                yield from shown(inner)
    elif isinstance(node, list | tuple):
        for inner in node:
            yield from shown(inner)


def is_code(element: dict[str, Any]) -> bool:
    style = element.get("style")
    return isinstance(style, dict) and bool(style.get("code"))


def data(value: Any) -> Iterator[str]:
    """Every string that was handed to the bot to be shown."""
    if isinstance(value, Enum):
        return
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for one in fields(value):
            yield from data(getattr(value, one.name))
    elif isinstance(value, dict | list | tuple):
        for inner in value.items() if isinstance(value, dict) else value:
            yield from data(inner)


def left_in_english(texts: Iterator[str], given: str) -> list[str]:
    known = set(_WORD.findall(given.lower())) | _ANYWHERE
    said = (word for text in texts for word in _WORD.findall(without_brackets(text)))
    return [word for word in said if word.lower() not in known]


@pytest.mark.parametrize("name", POSTS)
def test_nothing_but_what_was_handed_in_is_left_in_english(name: str) -> None:
    post = POSTS[name]
    with in_brackets():
        message = STYLE.draw(post)
    commands = (one["text"] for one in objects(message.blocks) if is_code(one))
    given = " ".join((*data(post.content), *commands))
    assert left_in_english(shown([message.text, list(message.blocks)]), given) == []


@pytest.mark.parametrize("name", views())
def test_no_form_tab_or_preview_has_words_left_in_english(name: str) -> None:
    with in_brackets():
        view = views()[name]
    assert left_in_english(shown(view), " ".join(data(GIVEN))) == []


@pytest.mark.parametrize("name", POSTS)
def test_german_is_a_message_that_slack_takes(name: str) -> None:
    message = german(POSTS[name])
    assert message.fits
    assert message.blocks


def german(post: Post) -> SlackMessage:
    return STYLE.draw(replace(post, place=replace(post.place, language="de")))


def test_the_words_of_a_chart_have_only_letters_that_its_font_has() -> None:
    timed = Timed("r1", 60.0, None, "success")
    with speaking("de"):
        for measure in Measure:
            compared = Comparison(measure, "load", timed, (timed,), 30.0, 90.0)
            assert title_of(compared).isascii()
        said = [say(one) for one in ("usual", "limit", "failed before", "this run")]
    assert all(one.isascii() for one in said)
