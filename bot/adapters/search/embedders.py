"""What turns text into vectors: a local model, or an OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Embedder(Protocol):
    """Blocks; raises `VectorsUnavailable` only."""

    @property
    def identity(self) -> str:
        """Names the maker of the vectors so that those of two never mix."""
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]: ...


@dataclass(frozen=True, slots=True)
class EmbeddingServer:
    """`seconds` is short: a question is answered by words rather than waited for."""

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    seconds: float = 3.0
