"""Judges blocks as Slack does: which exist, where they may stand, and how large they may be."""

from __future__ import annotations

from bot.playground.workspace.blocks.check import check_blocks, check_view
from bot.playground.workspace.blocks.find import elements_of, find_element
from bot.playground.workspace.blocks.rules import Surface

__all__ = ["Surface", "check_blocks", "check_view", "elements_of", "find_element"]
