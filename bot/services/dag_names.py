"""Names of Dags for somebody who is typing one: fast, from the lists that the clusters keep."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.errors import AirflowError
from bot.domain.questions import Asker
from bot.services.ports import Cluster
from bot.services.sight import SeenBy, everything

_MOST = 100


@dataclass(frozen=True, slots=True)
class NamesFound:
    """(cluster, Dag id) of each, those of one cluster together, best first. `total` fit in all;
    `silent` are the clusters that did not answer in time."""

    names: tuple[tuple[str, str], ...]
    total: int
    silent: tuple[str, ...] = ()


@dataclass(slots=True)
class DagNames:
    """`seconds` is for the whole answer: whoever types waits no longer than three."""

    cluster_names: Sequence[str]
    seen: SeenBy
    seconds: float = 2.0
    _lower: dict[str, tuple[Sequence[str], list[tuple[str, str]]]] = field(default_factory=dict)

    async def find(
        self, asker: Asker, words: str, cluster: str = "", limit: int = _MOST
    ) -> NamesFound:
        """Dags whose id has all the words in it, in any order; every Dag for no words."""
        clusters = await self.seen(asker, "")
        where = [cluster] if cluster in clusters else list(clusters)
        looked = await asyncio.gather(*(self._of(clusters[name], words) for name in where))
        answered = {name: ids for name, ids in zip(where, looked, strict=True) if ids is not None}
        silent = tuple(name for name in where if name not in answered)
        shares = _shares([len(ids) for ids in answered.values()], limit)
        names = tuple(
            (name, dag_id)
            for (name, ids), share in zip(answered.items(), shares, strict=True)
            for dag_id in ids[:share]
        )
        return NamesFound(names, sum(map(len, answered.values())), silent)

    async def tasks(self, asker: Asker, words: str, cluster: str, dag_id: str) -> tuple[str, ...]:
        """Tasks of a Dag whose id has all the words in it, in any order; none of one that the
        asker may not see, or of a cluster that does not answer in time."""
        clusters = await self.seen(asker, "")
        where = clusters.get(cluster)
        if where is None:
            return ()
        try:
            async with asyncio.timeout(self.seconds):
                ids = await where.task_ids(dag_id)
        except (AirflowError, TimeoutError):
            return ()
        fitting = _fitting([(one.lower(), one) for one in sorted(ids)], words)
        return tuple(fitting[:_MOST])

    async def _of(self, cluster: Cluster, words: str) -> list[str] | None:
        """None where the cluster does not answer in time."""
        try:
            async with asyncio.timeout(self.seconds):
                fitting = _fitting(self._known(cluster.name, await cluster.dag_ids()), words)
                if fitting or not words.strip():
                    return fitting
                # Of a large cluster the list may not be complete yet: Airflow itself is asked.
                return sorted(await cluster.search_dags(words.split()[0], limit=_MOST))
        except (AirflowError, TimeoutError):
            return None

    def _known(self, name: str, ids: Sequence[str]) -> list[tuple[str, str]]:
        """The ids with their lower-case spelling, which is made once for each list."""
        known = self._lower.get(name)
        # Held on to: another's list could come to lie where this one was.
        if known is None or known[0] is not ids:
            known = (ids, [(dag_id.lower(), dag_id) for dag_id in sorted(ids)])
            self._lower[name] = known
        return known[1]


def no_names() -> DagNames:
    """For where no cluster is known."""
    return DagNames((), everything({}))


def _fitting(ids: Sequence[tuple[str, str]], words: str) -> list[str]:
    parts = words.lower().split()
    if not parts:
        return [dag_id for _, dag_id in ids]
    fitting = [(low, dag_id) for low, dag_id in ids if all(part in low for part in parts)]
    first = parts[0]
    # The very name, then what begins with it, then the rest; each in alphabetical order.
    fitting.sort(key=lambda one: (one[0] != first, not one[0].startswith(first)))
    return [dag_id for _, dag_id in fitting]


def _shares(sizes: Sequence[int], limit: int) -> list[int]:
    """How many of each are shown: an equal share, what one does not need goes to the others."""
    shares = [0] * len(sizes)
    left = limit
    for rank, at in enumerate(sorted(range(len(sizes)), key=lambda at: sizes[at])):
        shares[at] = min(sizes[at], left // (len(sizes) - rank))
        left -= shares[at]
    return shares
