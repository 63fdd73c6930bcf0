"""An embedder without a model: texts that share words get vectors that point the same way."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from bot.adapters.search.vectors import VectorsUnavailable
from bot.knowledge.tokens import tokens

DIMENSIONS = 64


class HashEmbedder:
    """`embedded` counts the texts; with `broken` set it fails as a server that is down does."""

    def __init__(self, identity: str = "hash-1") -> None:
        self.identity = identity
        self.embedded = 0
        self.broken = False

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.broken:
            raise VectorsUnavailable("the embedding server does not answer")
        self.embedded += len(texts)
        return [_vector(text) for text in texts]


def _vector(text: str) -> list[float]:
    vector = [0.0] * DIMENSIONS
    for token in tokens(text) or ["nothing"]:
        digest = hashlib.sha256(token.encode()).digest()
        vector[digest[0] % DIMENSIONS] += 1.0 if digest[1] % 2 else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
