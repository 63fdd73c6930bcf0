"""How the things stand that links point at, as far as everybody in their channel may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.domain.errors import AirflowError
from bot.domain.evidence import DagRun, TaskInstance
from bot.domain.link_cards import LinkCard
from bot.domain.questions import Asker
from bot.domain.targets import Target
from bot.questions.links import ClusterAddress, target_of_url
from bot.services.ports import Cluster
from bot.services.sight import SeenBy

_MOST = 3  # links of one message
_RUNS = 25
_FAILED = frozenset({"failed", "upstream_failed"})


@dataclass(frozen=True, slots=True)
class LinkCards:
    """`seconds` is for all links of a message: a preview that comes late is of no use."""

    seen: SeenBy
    addresses: Sequence[ClusterAddress]
    seconds: float = 5.0

    async def of(self, asker: Asker, channel: str, urls: Sequence[str]) -> Mapping[str, LinkCard]:
        """By address; nothing for what is no page of a known cluster, is hidden from the channel,
        is not there, or is not answered for in time."""
        known = {url: target_of_url(url, self.addresses) for url in dict.fromkeys(urls)}
        wanted = [(url, one) for url, one in known.items() if one and one.cluster and one.dag_id]
        found: dict[str, LinkCard] = {}
        if not wanted:
            return found
        clusters = await self.seen(asker, channel)
        # What was found in time is shown.
        with suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await asyncio.gather(
                    *(_look(clusters, url, target, found) for url, target in wanted[:_MOST])
                )
        return found


async def _look(
    clusters: Mapping[str, Cluster], url: str, target: Target, found: dict[str, LinkCard]
) -> None:
    cluster = clusters.get(target.cluster)
    try:
        card = await _card(cluster, target) if cluster is not None else None
    except AirflowError:
        return
    if card is not None:
        found[url] = card


async def _card(cluster: Cluster, target: Target) -> LinkCard | None:
    dag_id = target.dag_id or ""
    details = await cluster.dag(dag_id)
    if details is None:
        return None
    card = LinkCard(target, owners=details.owners, is_paused=bool(details.is_paused))
    seen = await cluster.runs(dag_id, limit=_RUNS if target.run_id else 1)
    wanted = [run for run in seen.runs if target.run_id in (None, run.run_id)]
    run = next(iter(wanted), None)
    if target.run_id is None:
        return _of_run(replace(card, of_latest_run=True), run) if run else card
    tasks = (await cluster.task_instances(dag_id, target.run_id)).task_instances
    if target.task_id is not None:
        task = next((one for one in tasks if _is_meant(one, target)), None)
        return _of_task(card, task) if task is not None else None
    if run is None and not tasks:
        return None
    failed = tuple(dict.fromkeys(one.task_id for one in tasks if one.state in _FAILED))
    return _of_run(replace(card, failed=failed), run)


def _is_meant(task: TaskInstance, target: Target) -> bool:
    index = task.map_index if task.map_index >= 0 else None
    return task.task_id == target.task_id and target.map_index in (None, index)


def _of_task(card: LinkCard, task: TaskInstance) -> LinkCard:
    return replace(
        card,
        state=task.state,
        ended=task.end,
        duration=task.duration,
        try_number=task.try_number,
    )


def _of_run(card: LinkCard, run: DagRun | None) -> LinkCard:
    if run is None:
        return replace(card, state="failed" if card.failed else None)
    return replace(card, state=run.state, ended=run.end, duration=run.duration)
