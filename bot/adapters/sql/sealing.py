"""Seals what a database is not to give away: whoever copies it has nothing without the key."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.domain.errors import StoreError


class Seal:
    """`keys` as Fernet makes them: the first one seals, every one opens."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises `ValueError` for a text that is no key."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def close(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises `StoreError` where none of the keys fits."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise StoreError(
                "A token of Slack's was kept under another key. Put the key back into "
                "slack.encryption_key beside the new one, or install the app again."
            ) from None
