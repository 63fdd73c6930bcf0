"""A whole Slack side over an engine in memory: it can die and be started again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncApp

from bot.domain.questions import ThreadKey
from bot.domain.work import Job
from bot.services.dag_names import DagNames, no_names
from bot.services.home import HomeService
from bot.services.link_cards import LinkCards
from bot.services.mine import MineService
from bot.services.sight import everything
from bot.services.talk import PageOfPost
from bot.slack.app import Services, TakingIn, Working, build_slack
from bot.slack.config import SlackConfig
from bot.slack.desk import Answers
from bot.slack.pace import Pace
from bot.slack.side import Handler, SlackSide
from tests.fakes.cluster import FakeCluster
from tests.fakes.people import FakeProfiles, MemoryPreferences, MemoryThreads
from tests.fakes.talk import FakeTalkRecords
from tests.fakes.work import FakeMeter
from tests.services.guarded import MemoryPolicies
from tests.slack.doubles import NOW, MemoryRecords
from tests.slack.engine import MemoryEngine, MemoryWork, Power, PoweredLedger


class PoweredMeter(FakeMeter):
    """A meter in a machine that may go down after any call to Slack."""

    def __init__(self, power: Power) -> None:
        super().__init__()
        self._power = power

    def slack_call(self, method: str, outcome: str) -> None:
        super().slack_call(method, outcome)
        self._power.point(f"{method}: {outcome}")


@dataclass
class RunningBot:
    """`slack` is the process that runs now; what is beside it outlives that."""

    config: SlackConfig
    answers: Answers
    records: MemoryRecords
    engine: MemoryEngine = field(default_factory=MemoryEngine)
    names: DagNames = field(default_factory=no_names)
    clusters: Mapping[str, FakeCluster] = field(default_factory=dict)
    preferences: MemoryPreferences = field(default_factory=MemoryPreferences)
    profiles: FakeProfiles = field(default_factory=FakeProfiles)
    links: LinkCards | None = None
    policies: MemoryPolicies = field(default_factory=MemoryPolicies)

    def __post_init__(self) -> None:
        self.meter = PoweredMeter(self.engine.power)
        self.ledger = PoweredLedger(self.engine.power)
        self.engine.alive = self.start
        self.engine.wait = self.ledger.sleep
        self.talk = FakeTalkRecords(self.records.turns, self._pages, self.engine.deliveries)
        self.records.is_gone, self.records.rated = self.talk.is_gone, self.talk.rate
        self._slack: SlackSide | None = None

    @property
    def slack(self) -> SlackSide:
        assert self._slack is not None, "the bot was not started"
        return self._slack

    @property
    def app(self) -> AsyncApp:
        return self.slack.app

    @property
    def home(self) -> HomeService:
        seen = everything(self.clusters)
        mine = MineService(seen, self.profiles, self.preferences, lambda: NOW, fresh=0.0)
        threads = MemoryThreads(self.records.turns)
        return HomeService(
            mine, self.preferences, threads, seen, lambda: NOW, policies=self.policies
        )

    @property
    def services(self) -> Services:
        return Services(
            redact=lambda text: text.replace("hunter2", "****"),
            now=lambda: NOW,
            taking_in=TakingIn(
                self.engine,
                self._engaged,
                self.talk.keeps_out,
                self.names,
                self.preferences.preferences,
            ),
            working=Working(
                self.answers,
                self.records,
                self.ledger,
                self._read,
                self.talk,
                MemoryWork(self.engine),
                home=self.home,
                links=self.links,
                privacy=self.preferences,
            ),
            meter=self.meter,
            sleep=self.ledger.sleep,
            pace=Pace(self.ledger.kept.clock),
        )

    def _pages(self) -> list[PageOfPost]:
        return [PageOfPost(key, row.ts) for key, row in self.ledger.kept.rows.items()]

    async def _engaged(self, thread: ThreadKey) -> bool:
        return await self.engine.engaged(thread) or self.records.has_thread(thread)

    async def _read(self, key: str) -> Job | None:
        return self.engine.job(key) if key in self.engine.jobs else None

    async def start(self) -> Mapping[str, Handler]:
        """A new process: nothing that the one before had in memory is left."""
        await self.stop()
        self.build()
        await self.slack.open()
        self.engine.handlers = self.slack.handlers
        return self.slack.handlers

    def build(self) -> None:
        """Puts a process together that has not spoken to Slack yet."""
        self._slack = build_slack(self.config, self.services)

    async def idle(self) -> None:
        """Returns once nothing is under way."""
        await self.engine.idle()

    async def stop(self) -> None:
        if self._slack is not None:
            await self._slack.close()
