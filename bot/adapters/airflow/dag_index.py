"""The ids of all Dags of one cluster: gently read, kept, and refreshed behind the asker's back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bot.adapters.airflow.api import PAGE, Api
from bot.adapters.airflow.asking import Asking, Listing
from bot.adapters.airflow.lanes import Rank
from bot.adapters.airflow.parse_runs import dag_ids, dag_labels
from bot.domain.access import Labels
from bot.domain.errors import AirflowUnavailable

AT_ONCE = 1_000  # Dags that an asker waits for; the rest follows in the background
PAGE_PAUSE = 0.1  # seconds between two pages in the background
PUBLISHED_EVERY = 2_000  # Dags after which a first, long reading is shown to askers
WHOLE_AGAIN = 12  # refreshes that only compare the count, before all pages are read again

_PATTERN_SIGNS = "%|\\~"  # mean something to Airflow's pattern filters; no id holds them


class DagIndex:
    """Gives the ids at once where it has any, however old, and sees to newer ones meanwhile.

    A large cluster needs hundreds of calls for its list: they go out one by one, after
    everything else. A refresh first asks for the count alone and stops there if it is the same.
    The sequence given out is the same object until its content changes.
    """

    def __init__(
        self,
        api: Api,
        ask: Callable[[], Asking],
        fresh_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._api = api
        self._ask = ask
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._ids: tuple[str, ...] = ()
        self._read: dict[str, Labels] = {}
        self._labels: Mapping[str, Labels] = {}
        self._total = 0
        self._checked_at: float | None = None
        self._checks = 0
        self._refresh: asyncio.Task[None] | None = None

    @property
    def is_whole(self) -> bool:
        """All Dags have been read at least once."""
        return self._checked_at is not None and len(self._ids) >= self._total

    async def ids(self) -> Sequence[str]:
        """All ids known by now. Raises `AirflowUnavailable` where none ever came."""
        if self._checked_at is None:
            await self._read_first()
        if not self.is_whole or self._clock() - (self._checked_at or 0.0) > self._fresh_seconds:
            self._refresh_later()
        return self._ids

    async def labels(self) -> Mapping[str, Labels]:
        """Tags and owners of the Dags in `ids`; the same object while the list is."""
        await self.ids()
        return self._labels

    async def search(self, words: str, limit: int) -> Sequence[str]:
        """Ids that contain `words`, in any case; asks Airflow while the list is not whole."""
        if self.is_whole:
            wanted = words.casefold()
            return [one for one in self._ids if wanted in one.casefold()][:limit]
        asking = self._ask()
        pattern = "".join(sign for sign in words if sign not in _PATTERN_SIGNS)
        found = await asking.listing(
            lambda offset: self._api.dags(offset=offset, limit=limit, pattern=pattern),
            dag_ids,
            cap=limit,
        )
        asking.raise_if_silent()
        return found.rows[:limit]

    def close(self) -> None:
        if self._refresh and not self._refresh.done() and not _is_orphaned(self._refresh):
            self._refresh.cancel()

    async def _read_first(self) -> None:
        asking = self._ask()
        found = await self._pages(asking, 0, AT_ONCE)
        if not found.rows and found.refusal:
            asking.raise_if_silent()
            raise AirflowUnavailable(f"the list of Dags cannot be had: {found.refusal.detail}")
        self._keep(found.rows, found.total)

    def _refresh_later(self) -> None:
        if self._refresh is None or self._refresh.done() or _is_orphaned(self._refresh):
            self._refresh = asyncio.get_running_loop().create_task(self._read_on())

    async def _read_on(self) -> None:
        """The pages that are missing, or all anew where the count has changed or is old."""
        first = not self.is_whole
        if not first and await self._is_unchanged():
            return
        rows = self._ids if first else ()
        while True:
            page = await self._pages(self._ask(), len(rows), len(rows) + PAGE)
            if page.refusal:
                self._checked_at = self._clock()
                return
            rows = (*rows, *page.rows)
            if not page.rows or len(rows) >= page.total:
                break
            if first and len(rows) % PUBLISHED_EVERY < PAGE:
                self._keep(rows, page.total)
            await asyncio.sleep(PAGE_PAUSE)
        self._checks = 0
        self._keep(rows, len(rows))

    async def _is_unchanged(self) -> bool:
        """One small call tells whether the count is the same; so it stays where none can be had."""
        asking = self._ask()
        one = await asking.listing(
            lambda offset: self._api.dags(offset=offset, limit=1),
            dag_ids,
            cap=1,
            rank=Rank.BACKGROUND,
        )
        self._checks += 1
        unchanged = one.total == self._total and self._checks < WHOLE_AGAIN
        if one.refusal or unchanged:
            self._checked_at = self._clock()
            return True
        return False

    async def _pages(self, asking: Asking, start: int, cap: int) -> Listing[str]:
        page = partial(self._api.dags, limit=PAGE)
        return await asking.listing(
            lambda offset: page(offset=offset),
            self._noted,
            cap=cap,
            start=start,
            rank=Rank.BACKGROUND,
        )

    def _noted(self, body: object) -> tuple[str, ...]:
        self._read |= dag_labels(body)
        return dag_ids(body)

    def _keep(self, rows: Sequence[str], total: int) -> None:
        ids = tuple(dict.fromkeys(rows))
        labels = {one: self._read[one] for one in ids if one in self._read}
        self._read = dict(labels)
        self._labels = self._labels if labels == self._labels else labels
        self._ids = self._ids if ids == self._ids else ids
        self._total = total - (len(rows) - len(ids))
        self._checked_at = self._clock()


def _is_orphaned(task: asyncio.Task[None]) -> bool:
    """Its event loop ended before it did, as after `asyncio.run`."""
    return task.get_loop().is_closed()
