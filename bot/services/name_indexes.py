"""Indexes over lists of Dag ids, made once for each list that is in use."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from bot.questions.names import NameIndex

_KEPT = 32


class NameIndexes:
    """Keeps the indexes of the lists used last.

    A list is known by being the same object, and is held on to: another one could come to lie
    where it was, and its names would be found for somebody who may not see them.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._known: OrderedDict[int, tuple[Sequence[str], NameIndex]] = OrderedDict()

    async def of(self, ids: Sequence[str]) -> NameIndex:
        known = self._known.get(id(ids))
        if known is not None:
            self._known.move_to_end(id(ids))
            return known[1]
        # Seconds of work for tens of thousands of ids: not on the event loop.
        index = await asyncio.to_thread(NameIndex, ids)
        self._known[id(ids)] = (ids, index)
        while len(self._known) > self._kept:
            self._known.popitem(last=False)
        return index
