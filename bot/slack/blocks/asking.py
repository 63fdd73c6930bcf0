"""The form that asks what is to be looked at, and the options of its menu of Dags."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from bot.domain.questions import Intent
from bot.services.dag_names import NamesFound
from bot.slack.arrivals import FormWanted
from bot.slack.asking_form import ASK_FORM, Field, Where, dag_value, kept_place
from bot.slack.blocks.kit import Block, Element, one_line, plain
from bot.slack.limits import (
    MODAL_TITLE,
    OPTION_TEXT,
    OPTION_VALUE,
    OPTIONS_PER_SELECT,
    PLACEHOLDER_TEXT,
)
from bot.words import mark, number, say

_WHAT = {
    Intent.DIAGNOSE: mark("Why did it fail?"),
    Intent.STATUS: mark("How are its latest runs?"),
    Intent.LOGS: mark("What does its log say?"),
    Intent.HEALTH: mark("Is the platform healthy?"),
}


def asking_form(wanted: FormWanted, clusters: Sequence[str]) -> dict[str, Any]:
    """A modal; where it was asked for in no channel, it asks for one."""
    intents = [_option(say(words), intent.value) for intent, words in _WHAT.items()]
    chosen = next((one for one in intents if one["value"] == wanted.intent), intents[0])
    menu = {"type": "static_select", "options": intents, "initial_option": chosen}
    blocks = [
        _input(Field.WHAT, say("What do you want to know?"), menu),
        *_cluster(clusters),
        _input(Field.DAG, say("Dag"), _dags(), optional=True),
        _input(
            Field.RUN, say("Run"), _text(say("yesterday, 2026-11-21, or a run id")), optional=True
        ),
        _input(Field.TASK, say("Task"), _tasks(), optional=True),
        _input(
            Field.WORDS,
            say("In your own words, or a link"),
            {**_text(""), "multiline": True, "max_length": 3_000, **_begun(wanted.words)},
            optional=True,
        ),
        *_where(wanted.place.channel),
    ]
    return {
        "type": "modal",
        "callback_id": ASK_FORM,
        "private_metadata": kept_place(wanted.place),
        "title": plain(MODAL_TITLE.head(say("Ask about Airflow"))),
        "submit": plain(say("Ask")),
        "close": plain(say("Cancel")),
        "blocks": blocks,
    }


def _dags() -> Element:
    return _menu(say("Type some of its name"))


def _tasks() -> Element:
    return _menu(say("All that failed, unless you choose one"))


def _menu(placeholder: str) -> Element:
    words = plain(PLACEHOLDER_TEXT.head(placeholder))
    return {"type": "external_select", "min_query_length": 0, "placeholder": words}


def _text(placeholder: str) -> Element:
    words = {"placeholder": plain(placeholder)} if placeholder else {}
    return {"type": "plain_text_input", "max_length": 250, **words}


def _begun(words: str) -> Element:
    return {"initial_value": words[:3_000]} if words else {}


def _cluster(clusters: Sequence[str]) -> list[Block]:
    named = [_option(name, name) for name in clusters if OPTION_VALUE.fits(name)]
    if len(named) < 2:
        return []
    element = {
        "type": "static_select",
        "options": named[:OPTIONS_PER_SELECT],
        "placeholder": plain(say("Any")),
    }
    return [_input(Field.CLUSTER, say("Cluster"), element, optional=True)]


def _where(channel: str) -> list[Block]:
    here = say("For everybody in a channel")
    if channel:
        here = say("For everybody in this channel")
    options = [_option(say("For me alone"), Where.PRIVATE), _option(here, Where.CHANNEL)]
    element = {
        "type": "radio_buttons",
        "options": options,
        "initial_option": options[1 if channel else 0],
    }
    blocks = [_input(Field.WHERE, say("Where shall I answer?"), element)]
    if not channel:
        # With a response_url the answer reaches the asker where the bot is no member.
        menu = {
            "type": "conversations_select",
            "response_url_enabled": True,
            "filter": {"include": ["public", "private"]},
            "placeholder": plain(say("Choose a channel")),
        }
        blocks.append(_input(Field.CHANNEL, say("Channel"), menu, optional=True))
    return blocks


def _input(field: Field, label: str, element: Element, *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": field.value,
        "optional": optional,
        "label": plain(label),
        "element": {**element, "action_id": field.value},
    }


def _option(words: str, value: str) -> Element:
    return {"text": plain(OPTION_TEXT.head(one_line(words))), "value": value}


def dag_options(found: NamesFound) -> dict[str, Any]:
    """What the menu is answered with: options, in groups where there is more to say of them."""
    names = found.names[:OPTIONS_PER_SELECT]
    groups = [
        {
            "label": plain(OPTION_TEXT.head(one_line(_heading(cluster, found, len(names))))),
            "options": [_option(dag_id, dag_value(cluster, dag_id)) for _, dag_id in of_cluster],
        }
        for cluster, of_cluster in groupby(names, key=lambda name: name[0])
    ]
    if len(groups) == 1 and found.total == len(names) and not found.silent:
        return {"options": groups[0]["options"]}
    return {"option_groups": groups} if groups else {"options": []}


def task_options(found: Sequence[str], words: str) -> dict[str, Any]:
    """The same for tasks; last what was typed, for a task that is not known yet."""
    typed = " ".join(words.split())
    names = [one for one in found if OPTION_VALUE.fits(one)]
    options = [_option(one, one) for one in names[: OPTIONS_PER_SELECT - 1]]
    if typed and typed not in names and OPTION_VALUE.fits(typed):
        options.append(_option(say("“{typed}”, as typed", typed=typed), typed))
    return {"options": options}


def _heading(cluster: str, found: NamesFound, shown: int) -> str:
    more = silent = ""
    if found.total > shown:
        more = say(": {n} of {all}, type on", n=number(shown), all=number(found.total))
    if found.silent:
        silent = say(" ({clusters} silent)", clusters=", ".join(found.silent))
    return f"{cluster}{more}{silent}"
