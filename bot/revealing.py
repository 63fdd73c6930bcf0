"""The words of a secret, where whoever needs them is put together."""

from __future__ import annotations


def revealed(secret: object) -> str:
    reveal = getattr(secret, "get_secret_value", None)
    return str(reveal()) if reveal else ""
