"""Short names for pieces of work, the same in every process and at every try."""

from __future__ import annotations

import hashlib

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is misread aloud
_LENGTH = 6
_BITS = 5  # one letter of 32


def reference_of(key: str) -> str:
    """What user and log call the work of this key: six letters that can be read aloud.

    Out of the key's SHA-256, so whoever takes the work up again says the same. Of 2³⁰ names two
    keys of a day may share one; the log has the key beside it.
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest())
    letters = (number >> _BITS * place for place in range(_LENGTH))
    return "".join(_ALPHABET[letter % len(_ALPHABET)] for letter in letters)
