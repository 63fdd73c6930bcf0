"""The guides that come with the bot: short answers to what people ask how to do."""

from __future__ import annotations

from importlib.resources import files

from bot.knowledge.chunks import Document
from bot.knowledge.guide_file import read_guide


def shipped_guides() -> tuple[Document, ...]:
    """In order of their file names. Raises `RunbookError` where one of them is broken."""
    folder = files("bot.knowledge") / "guides"
    found = sorted((file for file in folder.iterdir()), key=lambda file: file.name)
    return tuple(
        read_guide(file.name.removesuffix(".md"), file.read_text(encoding="utf-8"))
        for file in found
        if file.name.endswith(".md")
    )
