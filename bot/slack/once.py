"""Remembers what was taken on, so that Slack's second delivery of it is not a second question."""

from __future__ import annotations

from collections import OrderedDict


class Once:
    """The newest `capacity` keys of this process."""

    def __init__(self, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._keys: OrderedDict[str, None] = OrderedDict()

    def claim(self, key: str) -> bool:
        """True for the first who asks with this key."""
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > self._capacity:
            self._keys.popitem(last=False)
        return True

    def release(self, key: str) -> None:
        """The work was not taken on after all: the next delivery may try."""
        self._keys.pop(key, None)
