"""Finds the sentences of a runbook's front matter that are shown as the bot's own, for Babel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

import yaml

_SHOWN = ("title", "explains")

Message = tuple[int, str, str, list[str]]


def sentences(
    file: IO[bytes],
    keywords: Sequence[str],
    comment_tags: Sequence[str],
    options: Mapping[str, Any],
) -> Iterator[Message]:
    """As Babel asks for them: line, function, sentence, comments."""
    front = file.read().decode("utf-8").split("\n---", 1)[0].removeprefix("---")
    known = yaml.safe_load(front)
    for name in _SHOWN:
        if said := str(known.get(name) or "").strip():
            yield 1, "", said, [name]
