"""The small rules that block definitions are made of; each notes what is wrong and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Surface(StrEnum):
    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


@dataclass(slots=True)
class Findings:
    """What was found wrong so far, in Slack's words with a JSON pointer."""

    surface: Surface
    problems: list[str] = field(default_factory=list)
    block_ids: set[str] = field(default_factory=set)
    action_ids: set[str] = field(default_factory=set)
    markdown_length: int = 0

    def add(self, pointer: str, text: str) -> None:
        self.problems.append(f"{text} [json-pointer:{pointer}]")


Rule = Callable[[Any, str, Findings], None]
"""Judges one value at one place."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with known fields. `also` judges what single fields cannot say."""

    fields: Mapping[str, Rule]
    required: frozenset[str] = frozenset()
    surfaces: frozenset[Surface] = frozenset(Surface)
    also: Rule | None = None

    def check(self, value: Mapping[str, Any], pointer: str, findings: Findings) -> None:
        for name in sorted(self.required - value.keys()):
            findings.add(pointer, f"missing required field: {name}")
        for name, item in value.items():
            if name == "type":
                continue
            rule = self.fields.get(name)
            if rule is None:
                findings.add(pointer, f"invalid additional property: {name}")
            elif item is not None or name in self.required:
                rule(item, f"{pointer}/{name}", findings)
        if self.also:
            self.also(value, pointer, findings)


def shape(required: str = "", *, also: Rule | None = None, **fields: Rule) -> Shape:
    return Shape(fields, frozenset(required.split()), also=also)


def anything(value: Any, pointer: str, findings: Findings) -> None:
    """No rule: a field whose content Slack does not limit."""


def flag(value: Any, pointer: str, findings: Findings) -> None:
    if not isinstance(value, bool):
        findings.add(pointer, "must be a boolean")


def whole(low: int, high: int) -> Rule:
    def rule(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, int) or not low <= value <= high:
            findings.add(pointer, f"must be a number between {low} and {high}")

    return rule


def string(longest: int, shortest: int = 1) -> Rule:
    def rule(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, str):
            findings.add(pointer, "must be a string")
        elif len(value) > longest:
            findings.add(pointer, f"must be less than {longest + 1} characters")
        elif len(value) < shortest:
            findings.add(pointer, f"must be more than {shortest - 1} characters")

    return rule


def url(longest: int = 3000) -> Rule:
    length = string(longest)

    def rule(value: Any, pointer: str, findings: Findings) -> None:
        length(value, pointer, findings)
        if isinstance(value, str) and not re.match(r"(https?|mailto|slack):", value):
            findings.add(pointer, "must be a valid url")

    return rule


def one_of(*words: str) -> Rule:
    def rule(value: Any, pointer: str, findings: Findings) -> None:
        if value not in words:
            findings.add(pointer, f"must be one of: {', '.join(words)}")

    return rule


def text_object(longest: int, *kinds: str) -> Rule:
    """A composition object of these kinds with at most `longest` characters."""
    length = string(longest)

    def rule(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add(pointer, "must provide an object")
            return
        if value.get("type") not in kinds:
            findings.add(f"{pointer}/type", f"unsupported type: {value.get('type')}")
        known = {"type", "text", "emoji" if value.get("type") == "plain_text" else "verbatim"}
        for name in value.keys() - known:
            findings.add(pointer, f"invalid additional property: {name}")
        length(value.get("text"), f"{pointer}/text", findings)

    return rule


def plain(longest: int) -> Rule:
    return text_object(longest, "plain_text")


def text(longest: int) -> Rule:
    return text_object(longest, "plain_text", "mrkdwn")


def array(of: Rule, most: int, least: int = 1) -> Rule:
    def rule(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, list):
            findings.add(pointer, "must be an array")
            return
        if len(value) > most:
            findings.add(pointer, f"no more than {most} items allowed")
        if len(value) < least:
            findings.add(pointer, f"no fewer than {least} items allowed")
        for index, item in enumerate(value):
            of(item, f"{pointer}/{index}", findings)

    return rule


def of_shape(expected: Shape) -> Rule:
    def rule(value: Any, pointer: str, findings: Findings) -> None:
        if isinstance(value, dict):
            expected.check(value, pointer, findings)
        else:
            findings.add(pointer, "must provide an object")

    return rule


def needs_one(*names: str) -> Rule:
    """At least one of the fields must be there."""

    def rule(value: Any, pointer: str, findings: Findings) -> None:
        if not any(value.get(name) for name in names):
            findings.add(pointer, f"missing required field: one of {', '.join(names)}")

    return rule
