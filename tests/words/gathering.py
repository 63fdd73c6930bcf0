"""Finds every sentence that the bot says by itself: in its code, and in its runbooks' heads."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "say": None,
    "mark": None,
    "say_many": (1, 2),
    "mark_many": (1, 2),
}
_CODE = ("bot", [("**.py", "python")])
_RUNBOOKS = ("runbooks", [("**.md", "tests.words.runbooks:sentences")])


def sentences_of_code(root: Path) -> Catalog:
    return _gathered(root, *_CODE)


def sentences_of_runbooks(root: Path) -> Catalog:
    return _gathered(root, *_RUNBOOKS)


def _gathered(root: Path, folder: str, methods: list[tuple[str, str]]) -> Catalog:
    """A catalogue without a word of another language; `root` is the project's folder."""
    found = Catalog(project="Airflow Support Bot", charset="utf-8", fuzzy=False)
    for file, _, message, _comments, context in extract_from_dir(
        root / folder, methods, keywords=KEYWORDS, strip_comment_tags=True
    ):
        found.add(message, None, [(f"{folder}/{file}", 0)], (), (), (), "", context=context)
    return found
