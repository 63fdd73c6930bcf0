"""How much room one cluster has, out of four calls where it has up to a hundred pools."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from bot.adapters.airflow.api import PAGE, Api
from bot.adapters.airflow.asking import Asking
from bot.adapters.airflow.outcome import Refusal, Reply
from bot.adapters.airflow.parse_cluster import health, pools
from bot.adapters.airflow.parse_tasks import task_instances
from bot.adapters.airflow.pieces import PIECES
from bot.adapters.airflow.values import mapping, whole
from bot.domain.capacity import Gauge, GaugeKind, Sample
from bot.domain.errors import AirflowError
from bot.domain.evidence import ComponentHealth, Gap, GapReason, Pool

POOLS_MAX = 500
_HEARD_WITHIN = 60.0  # seconds; Airflow itself calls a scheduler dead after 30
_API = "API server"


@dataclass(frozen=True, slots=True)
class Limits:
    """What Airflow does not tell: how many tasks the executor runs at once, None where nobody
    said; and the seconds after which it gives a queued task up."""

    slots: int | None = None
    queued: float = 600.0


async def capacity_sample(
    api: Api, asking: Asking, name: str, at: datetime, limits: Limits
) -> Sample:
    """Never raises: a cluster that is silent has a gauge that says so."""
    look = _Look(api, asking, at, limits)
    found = await asyncio.gather(look.health(), look.pools(), look.queue(), look.running())
    try:
        asking.raise_if_silent()
    except AirflowError as error:
        silent = Gauge(GaugeKind.ANSWER, _API, 1.0, 1.0)
        return Sample(name, at, (silent,), (Gap(_API, GapReason.UNAVAILABLE, str(error)),))
    gauges = [gauge for group in found for gauge in group]
    answering = Gauge(GaugeKind.ANSWER, _API, 0.0, 1.0)
    return Sample(name, at, (answering, *gauges), tuple(look.gaps))


class _Look:
    def __init__(self, api: Api, asking: Asking, at: datetime, limits: Limits) -> None:
        self._api = api
        self._asking = asking
        self._at = at
        self._limits = limits
        self.gaps: list[Gap] = []

    async def health(self) -> Sequence[Gauge]:
        outcome = await self._asking.ask(self._api.health)
        if isinstance(outcome, Refusal):
            self._miss("health", outcome)
            return ()
        return list(_heartbeats(health(outcome.body), self._at))

    async def pools(self) -> Sequence[Gauge]:
        found = await self._asking.listing(
            lambda offset: self._api.pools(offset=offset), pools, cap=POOLS_MAX
        )
        if found.refusal:
            self._miss("pools", found.refusal)
        elif not found.is_whole:
            detail = f"only the first {len(found.rows)} of {found.total} were read"
            self.gaps.append(Gap("pools", GapReason.TOO_LARGE, detail))
        return [_pool(one) for one in found.rows]

    async def queue(self) -> Sequence[Gauge]:
        """Those that were made first come first; Airflow does not sort by the time of queueing."""
        queued = partial(
            self._api.task_instances, "~", "~", state=["queued"], order_by=["id"], limit=PAGE
        )
        outcome = await self._asking.ask(queued)
        if isinstance(outcome, Refusal):
            self._miss("task_instances", outcome)
            return ()
        rows = task_instances(outcome.body, str)
        since = [one.queued_at for one in rows if one.queued_at is not None]
        oldest = max((self._at - min(since)).total_seconds(), 0.0) if since else 0.0
        waiting = whole(mapping(outcome.body).get("total_entries")) or len(rows)
        return [Gauge(GaugeKind.QUEUE, "executor", oldest, self._limits.queued, waiting)]

    async def running(self) -> Sequence[Gauge]:
        running = partial(self._api.task_instances, "~", "~", state=["running"], limit=1)
        outcome = await self._asking.ask(running)
        if not isinstance(outcome, Reply):
            self._miss("task_instances", outcome)
            return ()
        count: Any = whole(mapping(outcome.body).get("total_entries")) or 0
        limit = self._limits.slots
        if limit is None:
            remedy = "Set slots for this cluster, as many as its executor runs tasks at once."
            detail = "Airflow does not tell how many there are"
            self.gaps.append(Gap("executor slots", GapReason.UNSUPPORTED, detail, remedy))
        return [Gauge(GaugeKind.SLOTS, "executor", float(count), limit)]

    def _miss(self, name: str, refusal: Refusal) -> None:
        kind = PIECES[name]
        remedy = kind.remedy if refusal.status == 403 else refusal.remedy
        gap = Gap(kind.name, refusal.reason, refusal.detail, remedy)
        if gap not in self.gaps:
            self.gaps.append(gap)


def _pool(pool: Pool) -> Gauge:
    """A pool of -1 slots has no end. Slots of deferred tasks are occupied where the pool counts
    them: Airflow has worked that in."""
    limit = float(pool.slots) if pool.slots >= 0 else None
    return Gauge(GaugeKind.POOL, pool.name, float(pool.occupied), limit, pool.scheduled)


def _heartbeats(components: Sequence[ComponentHealth], at: datetime) -> Iterator[Gauge]:
    """A component without a status is not deployed."""
    for one in components:
        if one.status is None:
            continue
        is_well = one.status == "healthy"
        age = 0.0
        if one.latest_heartbeat is not None:
            age = max(0.0, (at - one.latest_heartbeat).total_seconds())
        # What Airflow calls well is well: its clock and ours may be apart.
        used = min(age, _HEARD_WITHIN - 1) if is_well else max(age, _HEARD_WITHIN)
        yield Gauge(GaugeKind.HEARTBEAT, one.name.replace("_", " "), used, _HEARD_WITHIN)
