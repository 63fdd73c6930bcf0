"""Which channels hear of a failure: by the rules for owners, and by what each channel may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from bot.domain.access import Labels
from bot.domain.alerts import Route
from bot.domain.errors import AirflowError
from bot.domain.failures import Failure
from bot.services.alert_ports import AlertMeter, NoAlertMeter, Placed
from bot.services.announced import Audience
from bot.services.guarded_cluster import labels_of
from bot.services.ports import Cluster

log = structlog.get_logger(__name__)

_SINGLE_DAGS = 100


@dataclass(frozen=True, slots=True)
class Routed:
    """Where failures go; of those `held` it is not known yet whose they are."""

    placed: tuple[Placed, ...] = ()
    held: tuple[Failure, ...] = ()


class _TooMany(AirflowError):
    """So many Dags are not asked for one by one."""


@dataclass(slots=True)
class _KnownLabels:
    """Tags and owners, as far as they are needed for one round. A cluster that did not answer once
    is not asked again, and all of them together bear `left` questions about single Dags."""

    clusters: Mapping[str, Cluster]
    left: int = _SINGLE_DAGS
    silent: dict[str, AirflowError] = field(default_factory=dict)
    found: dict[tuple[str, str], Labels] = field(default_factory=dict)

    async def of(self, name: str, dag_id: str) -> Labels:
        """Raises `AirflowError` where it cannot be known now."""
        if (name, dag_id) not in self.found:
            if name in self.silent:
                raise self.silent[name]
            try:
                self.found[name, dag_id] = await self._asked(name, dag_id)
            except _TooMany:
                raise
            except AirflowError as error:
                self.silent[name] = error
                raise
        return self.found[name, dag_id]

    async def _asked(self, name: str, dag_id: str) -> Labels:
        """Out of the list that is kept anyway; a Dag that is newer is asked for by itself."""
        cluster = self.clusters.get(name)
        if cluster is None:
            return Labels(name, dag_id)
        known = (await cluster.labels()).get(dag_id)
        if known is not None:
            return known
        if self.left <= 0:
            raise _TooMany(f"Too many Dags that are not in the list of {name} yet.")
        self.left -= 1
        return labels_of(name, await cluster.dag(dag_id)) or Labels(name, dag_id)


@dataclass(frozen=True, slots=True)
class Router:
    """Each route that takes a failure counts; what none takes goes to the channel `default`.

    A channel that may not see the Dag hears nothing of it: in its place the default channel does,
    where that may.
    """

    clusters: Mapping[str, Cluster]
    routes: Sequence[Route]
    default: str
    audience: Callable[[str], Audience]
    meter: AlertMeter = field(default_factory=NoAlertMeter)

    @property
    def channels(self) -> Sequence[str]:
        """Every channel that anything may be told in."""
        named = (channel for route in self.routes for channel in route.channels)
        return tuple(dict.fromkeys((self.default, *named)))

    async def route(self, failures: Sequence[Failure], *, is_last: bool = False) -> Routed:
        """Held is what needs to know of a Dag what its cluster does not tell now; where that
        `is_last` tried, it goes by its name alone. Raises `StoreError`."""
        wanted: dict[str, list[Failure]] = {}
        held = []
        known = _KnownLabels(self.clusters)
        for failure in failures:
            channels = await self._channels_of(failure, known, is_last=is_last)
            if channels is None:
                held.append(failure)
            for channel in channels or ():
                wanted.setdefault(channel, []).append(failure)
        placed, refused = await self._seen(wanted)
        if refused:
            again, hidden = await self._seen({self.default: list(refused.values())})
            placed += again
            log.warning("failures.hidden", count=len(hidden))
            self.meter.failures("hidden", len(hidden))
        self.meter.failures("routed", len(placed))
        self.meter.failures("held", len(held))
        return Routed(tuple(dict.fromkeys(placed)), tuple(held))

    async def _channels_of(
        self, failure: Failure, known: _KnownLabels, *, is_last: bool
    ) -> Sequence[str] | None:
        """None where it cannot be known now."""
        target = failure.target
        labels = Labels(target.cluster, target.dag_id or "")
        if any(route.needs_details for route in self.routes):
            try:
                labels = await known.of(target.cluster, target.dag_id or "")
            except AirflowError as error:
                log.warning("failures.owner_unknown", cluster=target.cluster, error=str(error))
                if not is_last:
                    return None
        fitting = [route for route in self.routes if route.takes(labels)]
        channels = [channel for route in fitting for channel in route.channels]
        return tuple(dict.fromkeys(channels or [self.default]))

    async def _seen(
        self, wanted: Mapping[str, Sequence[Failure]]
    ) -> tuple[list[Placed], dict[str, Failure]]:
        """Where everybody may see it; and what is left out somewhere, by key."""
        placed, refused = [], dict[str, Failure]()
        for channel, failures in wanted.items():
            audience = self.audience(channel)
            quiet = await audience.quiet_until()
            seen = set(await audience.shown(failures))
            placed += [Placed(one, channel, quiet) for one in failures if one in seen]
            refused |= {one.key: one for one in failures if one not in seen}
        return placed, refused
