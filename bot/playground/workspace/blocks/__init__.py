"""Judges blocks as Slack does: which exist, where they may stand, and how large they may be."""

from __future__ import annotations

from bot.playground.workspace.blocks.check import check_blocks, check_view
from bot.playground.workspace.blocks.find import elements_of, find_element
from bot.playground.workspace.blocks.rules import Surface
from bot.playground.workspace.blocks.suggested import checked_options

__all__ = [
    "Surface",
    "check_blocks",
    "check_view",
    "checked_options",
    "elements_of",
    "find_element",
]
