"""A bot under access rules in the local workspace, over Dags that name one another everywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.bootstrap import kept_types
from bot.domain.access import Rules
from bot.domain.alerts import Patience
from bot.domain.answers import Reply
from bot.domain.checks import Check
from bot.domain.conversations import Turn
from bot.domain.failures import BATCH
from bot.domain.home import OpenEscalation
from bot.domain.questions import Asker
from bot.playground.workspace import InstalledApp, LocalWorkspace, World
from bot.playground.workspace.values import Person
from bot.playground.workspace.world import (
    AUTHOR,
    ONCALL,
    PLATFORM,
    SUPPORT_CHANNEL,
)
from bot.questions.links import ClusterAddress
from bot.services.alert_routes import Router
from bot.services.announced import Audience
from bot.services.channel_managers import ChannelManagers
from bot.services.dag_names import DagNames
from bot.services.failures import FailureService
from bot.services.home import HomeService
from bot.services.link_cards import LinkCards
from bot.services.onlookers import Onlookers
from bot.services.open_escalations import Permalink
from bot.services.readers import ReadersByRules
from bot.slack.alert_desk import Alerting
from bot.slack.app import Services
from bot.slack.belonging import SlackBelonging
from bot.slack.config import SlackConfig
from bot.slack.manifest import manifest
from bot.slack.settings_desk import SettingsDesk
from bot.slack.side import Handler
from bot.slack.surfaces import all_surfaces
from bot.workflows.serializer import TypedJson
from tests.fakes.failures import FakeReportedFailures
from tests.fakes.people import MemoryThreads
from tests.services.bench import NOW
from tests.services.guarded import Guarded
from tests.slack.alerting import AlertEngine, CommittedAlerts, alert_database
from tests.slack.doubles import MemoryRecords
from tests.slack.escalating import CallingBot, Threads

GUEST = Person("U0GUEST001", "guest", "Guest", "Of another company", is_guest=True)
HOST = "https://airflow.example.com"


@dataclass
class KeptThreads(Threads):
    """The port `ConversationStore` over the records of a desk."""

    async def add_turn(self, turn: Turn) -> Sequence[str]:
        self.records.add(turn)
        return ()

    async def set_reply(self, turn_id: str, reply: Reply, reply_ts: str | None) -> Sequence[str]:
        known = self.records.turns.get(turn_id)
        if known is not None:
            ts = reply_ts or known.reply_ts
            self.records.turns[turn_id] = replace(known, reply=reply, reply_ts=ts)
        return ()

    async def doctor(self) -> Sequence[Check]:
        return ()


@dataclass
class GuardedBot(CallingBot):
    """Everything that speaks in Slack, as it is put together for use."""

    guarded: Guarded = field(kw_only=True)
    database: AsyncEngine = field(kw_only=True)
    engine: AlertEngine = field(default_factory=AlertEngine)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.alerts = CommittedAlerts(self.database, self.engine, Patience())
        self.guarded.service.call_through(self.escalator)
        self.engine.json = TypedJson(kept_types())
        self.reported = FakeReportedFailures(self.engine.put, self.engine.now)

    @property
    def home(self) -> HomeService:
        sights = self.guarded.sights
        threads = MemoryThreads(self.records.turns)
        home = HomeService(
            self.guarded.mine, self.preferences, threads, sights.seen_by, lambda: NOW
        )
        home.sight, home.escalations = sights.of_person, self._open
        return home

    async def _open(
        self, asker: Asker, workspace: str, permalink: Permalink
    ) -> Sequence[OpenEscalation]:
        return [OpenEscalation(one.subject.title, "open") for one in await self.escalations.list()]

    @property
    def _settings(self) -> SettingsDesk:
        guarded = self.guarded
        managers = ChannelManagers(guarded.access, guarded.access._directory, (ONCALL.id,))
        clusters, sight = tuple(guarded.clusters), guarded.sights.of_person
        return SettingsDesk(
            guarded.policies, managers, guarded.access, clusters, lambda: NOW, sight=sight
        )

    @property
    def services(self) -> Services:
        services, sights = super().services, self.guarded.sights
        assert services.working is not None
        assert services.taking_in is not None
        names = DagNames(tuple(self.guarded.clusters), sights.seen_by)
        return replace(
            services,
            taking_in=replace(services.taking_in, names=names, settings=self._settings),
            working=replace(
                services.working,
                rights=Onlookers(sights),
                settings=self._settings,
                links=LinkCards(sights.seen_by, addresses()),
                readers=ReadersByRules(sights),
                alerting=Alerting(
                    self.alerts,
                    self.guarded.service,
                    KeptThreads(self.records),
                    self.guarded.clusters,
                    sights,
                    self.engine.now,
                ),
            ),
        )

    async def start(self) -> Mapping[str, Handler]:
        await super().start()
        router = Router(self.guarded.clusters, (), SUPPORT_CHANNEL, self._audience)
        failures = FailureService(self.reported, router, self.alerts)
        handlers = {**self.slack.handlers, BATCH: failures.tell}
        self.engine.handlers = handlers
        return handlers

    def _audience(self, channel: str) -> Audience:
        return Audience(self.guarded.sights, channel, self.slack.workspace, self.engine.now)


def addresses() -> tuple[ClusterAddress, ...]:
    return (ClusterAddress("prod", (HOST,)),)


@asynccontextmanager
async def guarding(rules: Rules) -> AsyncIterator[tuple[LocalWorkspace, GuardedBot]]:
    made = manifest(all_surfaces(), unfurl_domains=["airflow.example.com"])
    world = World(app=InstalledApp.from_manifest(made), people=(AUTHOR, ONCALL, PLATFORM, GUEST))
    async with LocalWorkspace.started(world) as ws, alert_database() as database:
        config = SlackConfig(
            ws.bot_token, ws.app_token, ws.signing_secret, ws.base_url, progress_every=0.0
        )
        records = MemoryRecords()
        guarded = Guarded(
            rules,
            directory=SlackBelonging(config),
            store=KeptThreads(records),
            addresses=addresses(),
        )
        bot = GuardedBot(config, guarded.service, records, guarded=guarded, database=database)
        await bot.start()
        await bot.slack.connect()
        await ws.wait_for_app()
        try:
            yield ws, bot
        finally:
            await bot.engine.stop()
            await bot.stop()
