"""Looks at the room of every cluster, and foresees where it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.diagnosis.forecast import Point, foresee
from bot.domain.capacity import (
    BETWEEN,
    CapacityLook,
    ClusterOutlook,
    Gauge,
    GaugeKind,
    Outlook,
    Sample,
)
from bot.domain.errors import StoreError
from bot.domain.work import Retry
from bot.services.capacity_ports import (
    CapacitySource,
    CapacityStore,
    History,
    LastOutlooks,
)
from bot.services.ports import Steps

log = structlog.get_logger(__name__)

_LOOK = Retry(attempts=3, pause=2.0, seconds=90.0)
_SECONDS = 30.0  # for one cluster's replies
_STALE = timedelta(minutes=20)  # after which a look says nothing about now
# A heart that beats later each time is not on its way to some limit; it is well or it is not.
_FORESEEN = frozenset({GaugeKind.POOL, GaugeKind.SLOTS, GaugeKind.QUEUE})

Outlooks = Callable[[str], Awaitable[ClusterOutlook | None]]
"""The last look at a cluster by name; None where there is none that still holds."""


@dataclass(frozen=True, slots=True)
class CapacityService:
    """The handler of jobs of kind `CAPACITY`. `tells`: there is a channel to tell warnings in.
    `now` gives aware UTC times."""

    sources: Sequence[CapacitySource]
    store: CapacityStore
    tells: bool
    now: Callable[[], datetime]

    async def look(self, body: CapacityLook, steps: Steps) -> None:
        """One look at every cluster; done again it changes nothing."""
        await steps.run("look", partial(self._look, body), _LOOK)

    async def _look(self, body: CapacityLook) -> int:
        """How many warnings are to be told. All clusters are looked at before one that could not
        be kept has the look tried again. Looks that piled up while nobody was at work come to
        nothing: what is measured now was not so at their time."""
        if self.now() - body.at > BETWEEN:
            log.warning("capacity.look_too_late", due=body.at.isoformat())
            return 0
        looks = (self._at(source, body) for source in self.sources)
        found = await asyncio.gather(*looks, return_exceptions=True)
        failed = [one for one in found if isinstance(one, BaseException)]
        if failed:
            raise failed[0]
        return sum(one for one in found if isinstance(one, int))

    async def _at(self, source: CapacitySource, body: CapacityLook) -> int:
        measured = await source.capacity(_SECONDS)
        sample = Sample(source.name, body.at, measured.gauges, measured.gaps)
        history = await self.store.history(source.name, body.at)
        outlook = await asyncio.to_thread(outlook_of, sample, history)
        told = await self.store.keep(sample, outlook, tells=self.tells)
        log.info(
            "capacity.looked",
            cluster=source.name,
            gauges=len(sample.gauges),
            gaps=len(sample.gaps),
            told=told,
        )
        return told


def outlook_of(sample: Sample, history: History) -> ClusterOutlook:
    """How each gauge goes on after what was measured before."""
    found = tuple(_outlook(gauge, sample, history) for gauge in sample.gauges)
    return ClusterOutlook(sample.cluster, sample.at, found, sample.gaps)


def _outlook(gauge: Gauge, sample: Sample, history: History) -> Outlook:
    if gauge.kind not in _FORESEEN or gauge.is_full:
        return Outlook(gauge, sample.at)
    points = [*history.get(gauge.key, ()), Point(sample.at, gauge.used, gauge.limit)]
    return Outlook(gauge, sample.at, foresee(points, gauge.limit, sample.at))


def last_outlooks(store: LastOutlooks, now: Callable[[], datetime]) -> Outlooks:
    """Of the looks that still say something about `now`, an aware UTC time."""

    async def outlook(cluster: str) -> ClusterOutlook | None:
        try:
            found = await store.outlook(cluster)
        except StoreError as error:
            log.warning("capacity.not_read", cluster=cluster, error=str(error))
            return None
        if found is None or found.at is None:
            return None
        at = now()
        return found if at - found.at <= _STALE else None

    return outlook
