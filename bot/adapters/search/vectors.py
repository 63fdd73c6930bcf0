"""What search needs of an index by meaning, and what stands in where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import BotError
from bot.knowledge.chunks import Chunk


class VectorsUnavailable(BotError):
    """The index by meaning cannot be used now; search goes on by words and says so."""


class IndexInUse(VectorsUnavailable):
    """Another process owns the index."""


class VectorIndex(Protocol):
    """All methods block and are called in threads. They raise `VectorsUnavailable` only."""

    @property
    def identity(self) -> str:
        """What made the vectors; those of two makers never mix."""
        ...

    def sync(self, chunks: Sequence[Chunk]) -> int:
        """Makes the index hold exactly `chunks`; returns how many had to be embedded."""
        ...

    def nearest(self, query: str, limit: int) -> list[str]:
        """Ids of the chunks nearest in meaning, best first."""
        ...

    def check(self) -> Check: ...

    def close(self) -> None: ...


class NoVectors:
    """Search by words alone, with the reason and what would change it."""

    identity = "none"

    def __init__(self, reason: str, remedy: str = "") -> None:
        self._reason = reason
        self._remedy = remedy

    def sync(self, chunks: Sequence[Chunk]) -> int:
        raise VectorsUnavailable(self._reason)

    def nearest(self, query: str, limit: int) -> list[str]:
        raise VectorsUnavailable(self._reason)

    def check(self) -> Check:
        detail = f"search goes by words alone: {self._reason}"
        return Check("index", "vectors", CheckStatus.WARNING, detail, self._remedy)

    def close(self) -> None:
        """Nothing is held open."""
