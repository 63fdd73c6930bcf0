"""Judges what the app answers to somebody who types into a menu that it fills."""

from __future__ import annotations

from bot.playground.workspace.blocks.elements import OPTION_GROUPS, OPTIONS, OPTIONS_MAX
from bot.playground.workspace.blocks.rules import Findings, Surface
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.values import Json


def checked_options(ack: Json) -> list[Json]:
    """Groups of options, one without a label where the app gave none.

    Raises `SlackRefusal` as Slack's menu would stay empty: options that it does not take, or more
    than a hundred together.
    """
    groups: list[Json] = ack.get("option_groups") or []
    options: list[Json] = ack.get("options") or []
    findings = Findings(Surface.MODAL)
    if groups:
        OPTION_GROUPS(groups, "/option_groups", findings)
    elif options:
        OPTIONS(options, "/options", findings)
    if findings.problems:
        raise SlackRefusal("invalid_options", [f"[ERROR] {text}" for text in findings.problems])
    if sum(len(group["options"]) for group in groups) > OPTIONS_MAX:
        raise SlackRefusal("invalid_options", ["[ERROR] no more than 100 options in all groups"])
    return groups or [{"label": None, "options": options}]
