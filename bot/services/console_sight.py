"""What somebody may read in the console: the rules of access, turned into what a database asks."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from bot.domain.access import EVERYTHING as ALL_RIGHTS
from bot.domain.access import Action, Allowed, Labels, Rights
from bot.domain.errors import AirflowError
from bot.domain.questions import Asker
from bot.questions.veil import Veil
from bot.services.archive_ports import Archive, Scope
from bot.services.console_ports import Person, Role
from bot.services.ports import Cluster
from bot.services.sights import BARE, Sight, Sights
from bot.services.turn_words import dag_of_place, place_of

log = structlog.get_logger(__name__)

_FRESH = 30.0  # seconds for which the Dags of somebody's rights are known
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Seen:
    """What one person may read. `logs` are the places whose logs they may, None for all. `veil`
    hides in texts what is hidden from them. `sight` is of the clusters."""

    scope: Scope
    sight: Sight
    logs: frozenset[str] | None = None
    veil: Veil = BARE

    def may_see(self, cluster: str, dag_id: str) -> bool:
        places = self.scope.places
        return places is None or place_of(cluster, dag_id) in places

    def is_of(self, workspace: str) -> bool:
        """Whether what belongs to that workspace is theirs to read at all."""
        return self.scope.workspace in (None, workspace)

    def may_read_logs(self, cluster: str, dag_id: str) -> bool:
        return self.logs is None or place_of(cluster, dag_id) in self.logs


@dataclass
class ConsoleSight:
    """Raises `StoreError`. Rights are asked for each time; which Dags they are about is known for
    half a minute, and a Dag that came up since is hidden until then."""

    sights: Sights
    clusters: Mapping[str, Cluster]
    archive: Archive
    clock: Callable[[], float] = time.monotonic
    _known: OrderedDict[Rights, tuple[float, frozenset[str], frozenset[str]]] = field(
        default_factory=OrderedDict
    )

    async def of(self, person: Person) -> Seen:
        directs = person.role.covers(Role.REVIEWER)
        if person.is_local:
            everything = self.sights.of_channel(ALL_RIGHTS)
            return Seen(Scope(directs=directs), everything)
        asker = Asker(person.user_id, person.workspace)
        sight = await self.sights.of_person(asker)
        scope = Scope(person.workspace, person.user_id, directs)
        rights = (await self.sights.access.entitled(asker, "", is_direct=True)).own
        if rights == ALL_RIGHTS:
            return Seen(scope, sight)
        shown, logs = await self._places(rights)
        return Seen(replace(scope, places=shown), sight, logs, await sight.veil())

    async def _places(self, rights: Rights) -> tuple[frozenset[str], frozenset[str]]:
        known = self._known.get(rights)
        if known is not None and self.clock() - known[0] < _FRESH:
            return known[1:]
        labels = await self._labels(rights)
        places = await self.archive.places()
        shown = frozenset(_allowed(places, rights, Action.READ, labels))
        logs = frozenset(_allowed(shown, rights, Action.LOGS, labels))
        self._known[rights] = (self.clock(), shown, logs)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return shown, logs

    async def _labels(self, rights: Rights) -> Mapping[str, Mapping[str, Labels]]:
        """By cluster, where a Dag's id alone does not tell; none of one that is silent."""
        found: dict[str, Mapping[str, Labels]] = {}
        for name, cluster in self.clusters.items():
            if not rights.needs_details(name):
                continue
            try:
                found[name] = await cluster.labels()
            except AirflowError as error:
                log.warning("console.labels_unknown", cluster=name, error=str(error))
                found[name] = {}
        return found


def _allowed(
    places: Iterable[str],
    rights: Rights,
    action: Action,
    labels: Mapping[str, Mapping[str, Labels]],
) -> Iterable[str]:
    for place in places:
        cluster, dag_id = dag_of_place(place)
        dag: Labels | None = Labels(cluster, dag_id)
        if rights.needs_details(cluster):
            # Whose tags nobody knows could be anybody's.
            dag = labels.get(cluster, {}).get(dag_id)
        if dag is not None and isinstance(rights.may(action, dag), Allowed):
            yield place
