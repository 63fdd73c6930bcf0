"""A language for tests, in which whatever the bot says by itself stands between brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from gettext import NullTranslations

import pytest

import bot.words

_INNERMOST = re.compile(r"⟦[^⟦⟧]*(?:⟧|$)")


class Bracketed(NullTranslations):
    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@contextmanager
def in_brackets() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bot.words, "catalogue", lambda _: Bracketed())
        yield


def without_brackets(text: str) -> str:
    """What the bot did not say by itself, or has no words for in another language."""
    while (rest := _INNERMOST.sub(" ", text)) != text:
        text = rest
    return text
