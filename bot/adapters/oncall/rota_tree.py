"""A rota file as a plain tree of text, with the line on which each part of it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from bot.domain.errors import OnCallError

Place = tuple[str | int, ...]
"""Keys, and positions in lists from 0 on, from the root inwards."""

_DEEPEST = 20
_MOST = 50_000  # parts, counted each time that one refers to them
_LARGEST = 200_000  # characters; a thousand people take half of that


@dataclass(frozen=True, slots=True)
class Fault:
    """`problem` ends without a full stop and holds the remedy."""

    place: Place
    problem: str


@dataclass(frozen=True, slots=True)
class Tree:
    """Everything in `root` is text, a list or a mapping: YAML's own guesses at dates and numbers
    are left aside (it reads 10:00 as 600)."""

    name: str
    root: Mapping[str, Any]
    lines: Mapping[Place, int]
    faults: tuple[Fault, ...] = ()

    def in_order(self, faults: Iterable[Fault]) -> Iterator[str]:
        """One line for each fault, as the file goes."""
        for line, fault in sorted(
            ((self._line(fault.place), fault) for fault in faults), key=lambda found: found[0]
        ):
            key = ".".join(str(part + 1 if isinstance(part, int) else part) for part in fault.place)
            where = f"{self.name}, line {line}" if line else self.name
            text = f"{key} ({where}): {fault.problem}" if key else f"{where}: {fault.problem}"
            text = "".join(sign if sign.isprintable() else "?" for sign in text)
            yield text if text.endswith((".", "?")) else f"{text}."

    def _line(self, place: Place) -> int:
        ends = range(len(place), 0, -1)
        return next((self.lines[place[:end]] for end in ends if place[:end] in self.lines), 0)


def read_tree(text: str, name: str) -> Tree:
    """Raises `OnCallError` where it is no YAML with keys at all."""
    if len(text) > _LARGEST:
        raise OnCallError(f"{name}: is too long for a rota. Correct the path.")
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}, line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or "a mistake"
        raise OnCallError(f"{where}: is not valid YAML: {problem}. Correct that place.") from None
    if not isinstance(node, yaml.MappingNode):
        raise OnCallError(f"{name}: holds no keys. It needs timezone, people and levels.")
    reader = _Reader()
    root = reader.mapping(node, ())
    return Tree(name, root, reader.lines, tuple(reader.faults))


class _Reader:
    """Builds the tree, and notes lines and the keys that YAML itself would lose without a word."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self.faults: list[Fault] = []
        self._parts = 0

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key, value in node.value:
            here = (*place, str(key.value))
            line = key.start_mark.line + 1
            if str(key.value) in read:
                problem = f"is written twice, again in line {line}. Keep one of them"
                self.faults.append(Fault(here, problem))
                continue
            self.lines[here] = line
            read[str(key.value)] = self._value(value, here)
        # What is left empty counts as not written.
        return {key: value for key, value in read.items() if value != ""}

    def _value(self, node: yaml.Node, place: Place) -> Any:
        self._parts += 1
        # Parts may refer to others, and to themselves.
        if len(place) > _DEEPEST or self._parts > _MOST:
            fault = Fault(place[:1], "holds too much. Write it without references")
            if fault not in self.faults:
                self.faults.append(fault)
            return ""
        match node:
            case yaml.MappingNode():
                return self.mapping(node, place)
            case yaml.SequenceNode():
                return [self._item(item, (*place, at)) for at, item in enumerate(node.value)]
            case _:
                return str(node.value)

    def _item(self, node: yaml.Node, place: Place) -> Any:
        self.lines[place] = node.start_mark.line + 1
        return self._value(node, place)
