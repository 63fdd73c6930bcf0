"""Which examples say nearly the same: MinHash over what was asked and what was seen."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from bot.domain.datasets import Example

SAME_FROM = 0.8
"""Of two texts' word triples this share is in both."""

_PERMUTATIONS = 128
_SEED = 42
# Sixteen bands of eight: of pairs that are 0.8 alike 19 in 20 meet in a band, of those that are 0.6
# alike one in four, which are then compared and let go.
_BANDS = 16
_WORDS = 3  # in a row
_WORDS_MAX = 4_000
_NUMBERS = re.compile(r"\d+")
_WORD = re.compile(r"\w+")

Signature = NDArray[np.uint32]


def text_of(example: Example) -> str:
    """What two examples are compared by."""
    return f"{example.question}\n{example.evidence}"


def signatures(texts: Sequence[str]) -> list[Signature]:
    """One each. Numbers count as equal: they are what differs from run to run."""
    triples = [sorted(set(_triples(text))) for text in texts]
    digests = RMinHash.digests_from_token_sets(triples, num_perm=_PERMUTATIONS, seed=_SEED)
    return [np.asarray(digest, dtype="<u4") for digest in digests]


def bands(signature: Signature) -> Iterator[int]:
    """Keys of 63 bits; texts that are nearly the same share one of them."""
    rows = _PERMUTATIONS // _BANDS
    for number in range(_BANDS):
        part = signature[number * rows : (number + 1) * rows]
        yield _hash(bytes([number]) + part.tobytes())


def _hash(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest()) >> 1


def alike(one: Signature, others: NDArray[np.uint32]) -> bool:
    """Whether any row of `others` is of a text that says nearly the same."""
    shares: NDArray[np.float64] = (others == one).mean(axis=1)
    return bool((shares >= SAME_FROM).any())


def _triples(text: str) -> Iterator[str]:
    words = _WORD.findall(_NUMBERS.sub("0", text.lower()))[:_WORDS_MAX]
    if len(words) < _WORDS:
        yield " ".join(words)
    for start in range(len(words) - _WORDS + 1):
        yield " ".join(words[start : start + _WORDS])
