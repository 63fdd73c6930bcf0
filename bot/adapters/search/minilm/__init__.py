"""A small sentence embedder that needs neither a network nor torch."""

from bot.adapters.search.minilm.model import MiniLM, find_model

__all__ = ["MiniLM", "find_model"]
