"""Replies as text for a terminal."""

from bot.answering.terminal.render import render_text

__all__ = ["render_text"]
