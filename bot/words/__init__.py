"""The bot's own sentences, in the language of whoever reads them.

In the code they stand in English; `de/*.po` and its like have them in other languages, in the form
that translators' tools know. What a log, a runbook's body, Airflow or a model says is not here: it
stays as it is.

What is set by `speaking` holds for everything that runs inside the block, in tasks that it starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal, format_percent

from bot.words.catalogue import catalogue

ENGLISH = "en"
_here: ContextVar[str] = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Sentences come in that language, by its code; "" leaves it as it is."""
    token = _here.set(language or _here.get())
    try:
        yield
    finally:
        _here.reset(token)


def language_here() -> str:
    return _here.get()


def say(sentence: str, /, **values: Any) -> str:
    """`sentence` in the language of here, as it is where that does not have it; `values` stand in
    place of its names in braces."""
    said = catalogue(_here.get()).gettext(sentence) if sentence else ""
    return said.format(**values) if values else said


def say_many(one: str, many: str, n: int, /, **values: Any) -> str:
    """The same for a number of things, which is `{n}` in the sentence."""
    said = catalogue(_here.get()).ngettext(one, many, n)
    return said.format(n=number(n), **values)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One that is said later, where it is known in which language; with its values by name."""

    text: str
    values: tuple[tuple[str, str], ...] = ()

    def said(self) -> str:
        return say(self.text, **dict(self.values))


def mark(sentence: str) -> str:
    """The sentence itself, to be said in the language of the moment: for what is written down
    before there is one."""
    return sentence


def mark_many(one: str, many: str) -> tuple[str, str]:
    """The same for a number of things."""
    return one, many


def number(value: float, digits: int = 0) -> str:
    """`1,234.5`, with so many digits behind the point at most."""
    pattern = "#,##0" + ("." + "#" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=_here.get())


def percent(share: float) -> str:
    """`95%` for 0.95."""
    return format_percent(share, locale=_here.get())
