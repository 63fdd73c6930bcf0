"""Takes names that somebody may not see out of text that they may.

A log of one Dag names others: the one that it triggers, the one that ran before. Such a name is
found by its parts, whatever joins them, since pods and paths spell `team_a.load` as `team-a-load`.
A name that is an everyday word as well, as `report`, is one only where a name stands: in quotes or
backticks, in an address or a path of Dags, after `dag_id`, in how Airflow writes its objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from bot.questions.words import is_common

HIDDEN = "[hidden]"
"""What stands in place of a name."""

T = TypeVar("T")

_TOKEN = re.compile(r"\w+(?:[.\-]+\w+)*")
_PART = re.compile(r"[^\W_]+")
# Where a word is a name, however ordinary: one group for each place.
_NAMED = re.compile(
    r"""[`'"\u201c\u2018](?P<quoted>\w+)(?:\.[\w.\-]+)?[`'"\u201d\u2019]"""
    r"""|(?:\b|_)dag_?id["']?\s*[=:]\s*["']?(?P<said>\w+)"""
    r"""|\bdags/(?P<path>[\w.\-/]+)"""
    r"""|<(?:DAG|DagRun|TaskInstance|Task\(\w+\)):\s*(?P<written>\w+)""",
    re.IGNORECASE,
)
_WORD = re.compile(r"(?<![\w.\-])\w+(?![\w\-])")
_PARTS_MAX = 40  # of one token; what is longer is searched as far as that
# Fields that say which Dag or task a row is of: whoever holds the row may see it, and they lead on.
_IDS = frozenset({"cluster", "dag_id", "run_id", "task_id", "url"})


@dataclass(frozen=True, slots=True)
class Veil:
    """`hidden` are names in their parts, joined by a blank. A token that is itself one of `shown`
    is left alone, whatever it holds."""

    hidden: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    longest: int = 0  # parts of a hidden name at most
    everyday: frozenset[str] = frozenset()  # hidden, too, where a name stands

    def __bool__(self) -> bool:
        return bool(self.hidden or self.everyday)

    def text(self, text: str) -> str:
        """`text` with every hidden name in it replaced."""
        if not text:
            return text
        if self.hidden:
            text = _TOKEN.sub(lambda found: self._token(found.group()), text)
        return _NAMED.sub(self._named, text) if self.everyday else text

    def hides(self, name: str) -> bool:
        return " ".join(_parts(name)) in self.hidden | self.everyday

    def over(self, value: T) -> T:
        """A frozen value (dataclasses, tuples, mappings) with every text in it passed through, but
        for the ids that say what it is of."""
        if not self or not any(map(self._touches, texts_in(value, _IDS))):
            return value
        return mapped(value, self.text, _IDS)

    def sparing(self, names: Iterable[str]) -> Veil:
        """The same, but these names stay: they are of what may be seen."""
        kept = frozenset(" ".join(_parts(one)) for one in names)
        return replace(
            self,
            hidden=self.hidden - kept,
            shown=self.shown | kept,
            everyday=self.everyday - kept,
        )

    def and_(self, other: Veil) -> Veil:
        """Hides what either hides, but for what either shows."""
        shown = self.shown | other.shown
        return Veil(
            (self.hidden | other.hidden) - shown,
            shown,
            max(self.longest, other.longest),
            (self.everyday | other.everyday) - shown,
        )

    def _touches(self, text: str) -> bool:
        if self.everyday and _NAMED.sub(self._named, text) != text:
            return True
        return any(self._spans(found.group()) for found in _TOKEN.finditer(text))

    def _named(self, found: re.Match[str]) -> str:
        """The place with the name in it replaced; of a path, in each of its parts."""
        place, names = found.group(), found[str(found.lastgroup)]
        start = found.start(str(found.lastgroup)) - found.start()
        left = _WORD.sub(
            lambda one: HIDDEN if one.group().casefold() in self.everyday else one.group(), names
        )
        return place[:start] + left + place[start + len(names) :]

    def _token(self, token: str) -> str:
        for start, end in reversed(self._spans(token)):
            token = token[:start] + HIDDEN + token[end:]
        return token

    def _spans(self, token: str) -> list[tuple[int, int]]:
        """Where hidden names stand in the token, the longest first found from the left."""
        places = [(one.start(), one.end()) for one in _PART.finditer(token)][:_PARTS_MAX]
        parts = [token[start:end].casefold() for start, end in places]
        if " ".join(parts) in self.shown:
            return []
        spans, at = [], 0
        while at < len(parts):
            length = self._length_at(parts, at, self.hidden)
            start, end = places[at][0], places[at + (length or 1) - 1][1]
            if length > 1 or (length == 1 and not _is_within_a_word(token, start, end)):
                spans.append((start, end))
            at += length or self._length_at(parts, at, self.shown) or 1
        return spans

    def _length_at(self, parts: list[str], at: int, names: frozenset[str]) -> int:
        """How many parts from there on make up one of the names."""
        lengths = range(min(self.longest, len(parts) - at), 0, -1)
        return next((n for n in lengths if " ".join(parts[at : at + n]) in names), 0)


def _is_within_a_word(token: str, start: int, end: int) -> bool:
    """`orders` is in many words, and only dots and dashes set it apart as a name of its own."""
    return token[max(0, start - 1) : start] == "_" or token[end : end + 1] == "_"


def veil_over(hidden: Iterable[str], shown: Collection[str]) -> Veil:
    """Hides the ids `hidden`, unless they cannot be told from `shown`."""
    kept = frozenset(" ".join(_parts(one)) for one in shown)
    names, everyday = set[str](), set[str]()
    for one in hidden:
        (everyday if is_common(one) else names).add(" ".join(_parts(one)))
    names -= kept | {""}
    longest = max((one.count(" ") + 1 for one in names), default=0)
    return Veil(frozenset(names), kept, longest, frozenset(everyday - kept - {""}))


def _parts(name: str) -> Iterator[str]:
    return (one.group().casefold() for one in _PART.finditer(name))


def texts_in(value: Any, but: Collection[str] = ()) -> Iterator[str]:
    """Every text in a value, but for the fields of these names."""
    if isinstance(value, Enum):
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from texts_in(pair, but)
    elif isinstance(value, tuple | list | frozenset):
        for one in value:
            yield from texts_in(one, but)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in but:
                yield from texts_in(getattr(value, field.name), but)


def mapped(value: T, change: Callable[[str], str], but: Collection[str] = ()) -> T:
    """The same value with every text in it changed, but for the fields of these names."""
    changed: Any = value
    if isinstance(value, Enum):
        pass
    elif isinstance(value, str):
        changed = change(value)
    elif isinstance(value, dict):
        changed = {mapped(k, change, but): mapped(v, change, but) for k, v in value.items()}
    elif isinstance(value, tuple | list | frozenset):
        changed = type(value)(mapped(one, change, but) for one in value)
    elif is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in fields(value) if field.name not in but)
        given = {name: mapped(getattr(value, name), change, but) for name in names}
        changed = replace(value, **given)
    result: T = changed
    return result
