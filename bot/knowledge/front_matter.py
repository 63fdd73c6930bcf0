"""YAML front matter as fields that remember their line, so that a fault can be pointed at."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import yaml

from bot.domain.errors import RunbookError

T = TypeVar("T")

_FENCE = "---"
_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = 200
_SHOWN.maxlevel = 3


@dataclass(frozen=True, slots=True)
class Field:
    """One value with the line it stands on, 1-based within the file."""

    value: object
    line: int


class FrontMatter:
    """The fields of one file. Every fault is a `RunbookError` naming file, line and remedy."""

    def __init__(self, path: str, fields: Mapping[str, Field]) -> None:
        self.path = path
        self._fields = fields

    def fault(self, message: str, line: int = 1) -> RunbookError:
        return RunbookError(f"{self.path}:{line}: {message}")

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Raises for a key that nobody reads: a typo would otherwise switch a rule off."""
        for name, field in self._fields.items():
            if name not in known:
                raise self.fault(f'unknown key "{name}"{_hint(name, known)}', field.line)

    def get(self, name: str) -> Field | None:
        return self._fields.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """A string; required where there is no default."""
        field = self._fields.get(name)
        if field is None or field.value is None:
            if default is None:
                raise self.fault(f'"{name}" is missing')
            return default
        if not isinstance(field.value, str) or not field.value.strip():
            raise self.fault(f'"{name}" must be a text', field.line)
        return field.value

    def number(
        self, name: str, kind: Callable[[float], T], low: float, high: float, default: T
    ) -> T:
        field = self._fields.get(name)
        if field is None:
            return default
        value = field.value
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise self.fault(f'"{name}" must be a number from {low:g} to {high:g}', field.line)
        return kind(value)

    def choice(self, name: str, choices: Mapping[object, T], default: T | None = None) -> T:
        """One of the words in `choices`; required where there is no default."""
        field = self._fields.get(name)
        if field is None:
            if default is None:
                raise self.fault(f'"{name}" is missing')
            return default
        key = field.value.lower() if isinstance(field.value, str) else field.value
        if not isinstance(key, str | bool) or key not in choices:
            words = ", ".join(str(word).lower() for word in choices)
            raise self.fault(
                f'"{name}" is {shown(field.value)}; it must be one of: {words}', field.line
            )
        return choices[key]

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings, empty where absent."""
        field = self._fields.get(name)
        if field is None:
            return ()
        value = field.value
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(f'"{name}" must be a list of texts', field.line)
        return tuple(value)


def shown(value: object) -> str:
    """A value for a message. A few lines of YAML can stand for one that fills the memory."""
    return _SHOWN.repr(value)


def split(text: str, path: str) -> tuple[FrontMatter, str]:
    """The front matter of a Markdown file and the body after it. Raises `RunbookError`."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != _FENCE:
        raise RunbookError(f"{path}:1: the file must begin with front matter between --- lines")
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        raise RunbookError(f"{path}:1: the front matter has no closing --- line")
    fields = _fields("\n".join(lines[1:end]), path)
    return FrontMatter(path, fields), "\n".join(lines[end + 1 :])


def _fields(source: str, path: str) -> dict[str, Field]:
    try:
        loader = yaml.SafeLoader(source)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 2
        raise RunbookError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = source[: error.position].count("\n") + 2
        reason = f"the character U+{error.character:04X} may not stand here"
        raise RunbookError(f"{path}:{line}: not valid YAML: {reason}") from error
    except RecursionError as error:
        raise RunbookError(f"{path}:2: the front matter is nested too deep") from error
    if not isinstance(node, yaml.MappingNode):
        raise RunbookError(f"{path}:2: the front matter must be a list of `key: value` lines")
    fields: dict[str, Field] = {}
    for name, value, line in _entries(loader, node, path):
        if name in fields:
            raise RunbookError(f'{path}:{line}: "{name}" is given twice')
        fields[name] = Field(value, line)
    return fields


def _entries(
    loader: yaml.SafeLoader, node: yaml.MappingNode, path: str
) -> Iterator[tuple[str, object, int]]:
    for key, value in node.value:
        line = key.start_mark.line + 2  # the fence is line 1, and marks count from 0
        try:
            yield str(key.value), loader.construct_object(value, deep=True), line
        except RecursionError as error:
            raise RunbookError(f'{path}:{line}: "{key.value}" is nested too deep') from error
        except (yaml.MarkedYAMLError, ValueError) as error:
            raise RunbookError(f'{path}:{line}: "{key.value}" cannot be read: {error}') from error


def _hint(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
