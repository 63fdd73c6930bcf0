"""Figures that are looked up when they are asked for: queues, clusters, the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

import structlog
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.adapters.airflow.breaker import BreakerState
from bot.adapters.airflow.load import ClusterLoad
from bot.adapters.loop_lag import LoopLag
from bot.domain.work import QueueDepth

log = structlog.get_logger(__name__)

FRESH_SECONDS = 5.0  # within which depths are not counted again

Depths = Callable[[], Awaitable[Sequence[QueueDepth]]]
Loads = Callable[[], Iterable[ClusterLoad]]


class DepthWatch:
    """Queue depths, had afresh where there is time for it; never more than one look at once."""

    def __init__(self, depths: Depths, clock: Callable[[], float], patience: float) -> None:
        self._depths = depths
        self._clock = clock
        self._patience = patience
        self._look: asyncio.Task[Sequence[QueueDepth]] | None = None
        self._seen: Sequence[QueueDepth] | None = None
        self._seen_at = 0.0

    @property
    def seen(self) -> Sequence[QueueDepth] | None:
        """As of the last `refresh`; None where that did not succeed."""
        return self._seen

    async def refresh(self) -> None:
        """Within `patience` seconds. A look that takes longer goes on, for the next to find."""
        if self._seen is not None and self._clock() - self._seen_at < FRESH_SECONDS:
            return
        if self._look is None:
            self._look = asyncio.ensure_future(self._looked())
        look = self._look  # others may be waiting for the same one
        await asyncio.wait({look}, timeout=self._patience)
        if not look.done():
            self._seen = None
            return
        if self._look is look:
            self._look = None
        if look.cancelled() or look.exception() is not None:
            error = None if look.cancelled() else look.exception()
            log.warning("queue_depths_unknown", error=type(error).__name__)
            self._seen = None
            return
        self._seen, self._seen_at = look.result(), self._clock()

    async def _looked(self) -> Sequence[QueueDepth]:
        return tuple(await self._depths())


class Scraped(Collector):
    """Collects at once from what is at hand."""

    def __init__(self, depths: DepthWatch | None, loads: Loads, lag: LoopLag) -> None:
        self._depths = depths
        self._loads = loads
        self._lag = lag

    def describe(self) -> Iterator[Metric]:
        """Registering must not collect yet."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "airflow_bot_event_loop_lag_seconds",
            "The longest time in the last minute that the event loop was late",
            value=self._lag.worst(),
        )
        if self._depths:
            yield from _queues(self._depths.seen)
        yield from _clusters(tuple(self._loads()))


def _queues(seen: Sequence[QueueDepth] | None) -> Iterator[Metric]:
    depth = GaugeMetricFamily(
        "airflow_bot_queue_depth", "Pieces of work by queue and status", labels=["queue", "status"]
    )
    oldest = GaugeMetricFamily(
        "airflow_bot_queue_oldest_seconds",
        "Age of what has been in this status longest",
        labels=["queue", "status"],
    )
    for one in seen or ():
        depth.add_metric([one.queue, one.status.value], one.count)
        oldest.add_metric([one.queue, one.status.value], one.oldest)
    yield from (depth, oldest)
    yield GaugeMetricFamily(
        "airflow_bot_queue_depth_unknown",
        "1 where the database did not tell in time how full the queues are",
        value=float(seen is None),
    )


def _clusters(loads: Sequence[ClusterLoad]) -> Iterator[Metric]:
    breaker = GaugeMetricFamily(
        "airflow_bot_cluster_breaker",
        "1 at the state that the breaker of a cluster is in",
        labels=["cluster", "state"],
    )
    calls = GaugeMetricFamily(
        "airflow_bot_cluster_calls",
        "Calls to a cluster now: under way, given up of these, waiting for their turn",
        labels=["cluster", "state"],
    )
    gathers = GaugeMetricFamily(
        "airflow_bot_cluster_gathers", "Questions to a cluster now", labels=["cluster", "state"]
    )
    allowed = GaugeMetricFamily(
        "airflow_bot_cluster_calls_allowed",
        "This process's share of the calls at once",
        labels=["cluster"],
    )
    for load in loads:
        for state in BreakerState:
            breaker.add_metric([load.cluster, state.value], float(load.breaker is state))
        calls.add_metric([load.cluster, "under_way"], load.in_flight)
        calls.add_metric([load.cluster, "given_up"], load.abandoned)
        calls.add_metric([load.cluster, "waiting"], load.waiting)
        gathers.add_metric([load.cluster, "under_way"], load.gathering)
        gathers.add_metric([load.cluster, "waiting"], load.gathers_waiting)
        allowed.add_metric([load.cluster], load.share)
    yield from (breaker, calls, gathers, allowed)
