"""Puts the use case together that answers questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.adapters.oncall.sources import LeveledOnCall
from bot.adapters.parameters_file import ParametersFile
from bot.adapters.runbook_folder import RunbookFolder
from bot.adapters.search.knowledge import RunbookKnowledge
from bot.bootstrap_people import People
from bot.domain.questions import Intent
from bot.questions.links import ClusterAddress
from bot.services.capacity import Outlooks
from bot.services.case_ports import ResolvedCases
from bot.services.diagnose import Diagnoser
from bot.services.incident_ports import Incidents
from bot.services.ports import Cluster, ConversationStore, Explainer, Meter
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.services.ask import AskService
    from bot.services.resolve import Resolver
    from bot.services.sights import Sights


@dataclass(frozen=True, slots=True)
class AskedOf:
    """Where answers come from."""

    clusters: Mapping[str, Cluster]
    runbooks: RunbookFolder
    knowledge: RunbookKnowledge
    explainer: Explainer
    on_call: LeveledOnCall
    sights: Sights
    addresses: Sequence[ClusterAddress]
    outlooks: Outlooks
    incidents: Incidents
    cases: ResolvedCases


def asking_of(
    settings: Settings,
    asked: AskedOf,
    resolver: Resolver,
    people: People,
    store: ConversationStore,
    meter: Meter,
    now: Callable[[], datetime],
) -> AskService:
    """`resolver` finds its way among all clusters, whoever asks."""
    from bot.services.ask import AskService
    from bot.services.incident_store import IncidentStore
    from bot.services.incidents import IncidentService
    from bot.services.known_cases import KnownCases
    from bot.services.oncall_report import OnCallService
    from bot.services.private_store import PrivateStore
    from bot.services.runbook_report import RunbookService

    url = settings.knowledge.runbook_url or ""
    incidents = IncidentService(asked.incidents, store, asked.sights.of, now)
    return AskService(
        clusters=asked.clusters,
        addresses=asked.addresses,
        resolver=resolver,
        diagnoser=Diagnoser(asked.runbooks.catalogue, ParametersFile(settings.data_dir).parameters),
        knowledge=asked.knowledge,
        explainer=asked.explainer,
        store=PrivateStore(IncidentStore(store, asked.incidents), people.preferences),
        now=now,
        seconds=settings.answers.deadline,
        meter=meter,
        sights=asked.sights,
        outlooks=asked.outlooks,
        troubles=incidents.troubles,
        known_cases=KnownCases(asked.cases, now, people.mine.profiles),
        reporters={
            Intent.RUNBOOK: RunbookService(asked.runbooks.catalogue, asked.knowledge, url).report,
            Intent.MINE: people.mine.report,
            Intent.INCIDENTS: incidents.failing,
            Intent.ALIKE: incidents.alike,
            Intent.ON_CALL: OnCallService(asked.on_call, now).report,
        },
    )
