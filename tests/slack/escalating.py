"""A bot that calls humans in the local workspace, with a clock that tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from bot.domain.answers import Reply
from bot.domain.checks import Check
from bot.domain.conversations import Rating, Turn
from bot.domain.escalation_pager import PAGER
from bot.domain.escalation_policy import Policy
from bot.domain.escalation_work import DUE, TOLD
from bot.domain.escalations import Escalation
from bot.domain.oncall import (
    OnCallNow,
    Page,
    PageOutcome,
    PageSeen,
    PageState,
    PageStatus,
    Responder,
)
from bot.domain.questions import Intent, Question, ThreadKey
from bot.domain.work import Job
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import ONCALL, ONCALL_CHANNEL, PLATFORM
from bot.services.escalate import Escalator, WatchedRatings
from bot.services.escalation_calls import Caller
from bot.services.escalation_pages import Pages
from bot.services.escalation_ports import NoEscalationMeter
from bot.services.home import HomeService
from bot.services.on_call_port import OnCall
from bot.services.open_escalations import OpenEscalations
from bot.services.ports import ConversationStore, DurableSteps, ReplyChannel
from bot.slack.app import Services
from bot.slack.config import SlackConfig
from bot.slack.escalation_bridge import is_bridged
from bot.slack.escalation_calling import Calling
from bot.slack.escalation_unreacted import UNREACTED
from tests.fakes.escalations import FakeEscalations
from tests.fakes.people import MemoryThreads
from tests.slack.doubles import MemoryRecords, ScriptedAnswers
from tests.slack.driver import words
from tests.slack.engine import MemoryEngine
from tests.slack.replies import UNKNOWN
from tests.slack.running import RunningBot

LEVELS = (
    (Responder("On-call engineer", ONCALL.id),),
    (Responder("Platform engineer", PLATFORM.id),),
)


@dataclass
class Threads:
    """The turns and ratings of a desk, as a store of conversations gives them."""

    records: MemoryRecords

    async def turn(self, turn_id: str) -> Turn | None:
        return await self.records.turn(turn_id)

    async def turns(self, thread: ThreadKey) -> Sequence[Turn]:
        return [one for one in self.records.turns.values() if one.question.thread == thread]

    async def rate(self, rating: Rating) -> None:
        await self.records.rate(rating)

    async def ratings(self, turn_id: str) -> Sequence[Rating]:
        return [one for one in self.records.ratings.values() if one.turn_id == turn_id]


@dataclass
class FakeOnCall:
    """`outcomes` are given one after the other, the last one for ever."""

    people: Sequence[tuple[Responder, ...]] = LEVELS
    outcomes: list[PageOutcome] = field(
        default_factory=lambda: [PageOutcome(PageStatus.NAMED, "rota")]
    )
    pages: list[Page] = field(default_factory=list)
    told: list[tuple[int, PageState]] = field(default_factory=list)
    in_pager: PageSeen = field(default_factory=lambda: PageSeen(PageState.UNKNOWN))

    @property
    def levels(self) -> int:
        return len(self.people)

    async def on_call(self, level: int, at: datetime) -> OnCallNow:
        return OnCallNow(level, self.people[level - 1], "rota")

    async def page(self, page: Page) -> PageOutcome:
        self.pages.append(page)
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    async def tell(
        self, level: int, key: str, state: PageState, by: Responder | None = None
    ) -> PageOutcome:
        self.told.append((level, state))
        return PageOutcome(PageStatus.NAMED, "rota")

    async def hand(
        self, level: int, key: str, to: Responder, by: Responder | None = None
    ) -> PageOutcome:
        return PageOutcome(PageStatus.NAMED, "rota")

    async def seen(self, level: int, key: str) -> PageSeen:
        return self.in_pager

    async def doctor(self) -> Sequence[Check]:
        return ()


class TimedEngine(MemoryEngine):
    """What time brings waits until a test lets the time pass."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = timedelta()
        self._start_at = datetime.now(UTC)
        self._later: list[tuple[datetime, Job]] = []

    def now(self) -> datetime:
        return self._start_at + self.passed

    def put(self, job: Job) -> None:
        if job.kind in (DUE, TOLD, UNREACTED, PAGER) and job.delay > 0:
            self._later.append((self.now() + timedelta(seconds=job.delay), job))
        else:
            super().put(job)

    async def pass_time(self, minutes: float) -> None:
        """Moves the clock, stopping wherever something is due."""
        until = self.now() + timedelta(minutes=minutes)
        while True:
            await self.idle()
            due = [one for one in self._later if one[0] <= until]
            if not due:
                self.passed = until - self._start_at
                return
            first = min(due, key=lambda one: one[0])
            self._later.remove(first)
            self.passed = max(self.passed, first[0] - self._start_at)
            super().put(replace(first[1], delay=0.0))


@dataclass
class CallingAnswers(ScriptedAnswers):
    """Calls a human as the use case does: asked for in words, or where an answer does not help."""

    escalator: Escalator | None = None

    async def handle(
        self, question: Question, channel: ReplyChannel, steps: DurableSteps
    ) -> Turn | None:
        turn = await super().handle(question, channel, steps)
        if turn is not None and self.escalator is not None:
            await self.escalator.answered(turn, steps)
        return turn


@dataclass
class CallingBot(RunningBot):
    """Over `engine` and `on_call`; everything else is made of these. `is_discreet`: what a command
    asks is answered to its asker alone."""

    engine: TimedEngine = field(default_factory=TimedEngine)
    on_call: OnCall = field(default_factory=FakeOnCall)
    policy: Policy = field(default_factory=lambda: Policy(levels=2))
    is_discreet: bool = False
    sees_time_pass: bool = False  # also where Slack's own times are what counts

    def __post_init__(self) -> None:
        super().__post_init__()
        engine, meter = self.engine, NoEscalationMeter()
        store = cast(ConversationStore, Threads(self.records))
        self.escalations = FakeEscalations(engine.put, self.policy, engine.now)
        self.escalator = Escalator(
            self.escalations,
            store,
            policy=self.policy,
            thresholds=lambda cause: "2 occurrences in 1h" if cause == "oom_killed" else "",
            now=engine.now,
            caller=Caller({"orders-team": PLATFORM.id}),
            privacy=self.preferences,
            recent=MemoryThreads(self.records.turns),
        )
        pages = Pages(self.on_call, self.escalations, meter, engine.now)
        self.calling = Calling(ONCALL_CHANNEL, self.escalations, self.escalator, pages)

    @property
    def services(self) -> Services:
        services = super().services
        assert services.working is not None
        records = WatchedRatings(cast(ConversationStore, Threads(self.records)), self.escalator)
        working = replace(
            services.working, calling=self.calling, records=records, whispers=self._whispers
        )
        taking_in = services.taking_in and replace(
            services.taking_in,
            engaged=self._heard,
            bridged=self.escalations.bridged,
            heard=self.talk.work_in,
        )
        now = self.engine.now if self.sees_time_pass else services.now
        return replace(services, working=working, taking_in=taking_in, now=now)

    @property
    def home(self) -> HomeService:
        home = super().home
        home.escalations = OpenEscalations(self.escalations, self.policy).of
        return home

    async def _whispers(self, question: Question) -> bool:
        return self.is_discreet

    async def _heard(self, thread: ThreadKey) -> bool:
        return await self._engaged(thread) or await is_bridged(self.escalations, thread)

    @property
    def calling_answers(self) -> CallingAnswers:
        assert isinstance(self.answers, CallingAnswers)
        return self.answers

    @property
    def fake_on_call(self) -> FakeOnCall:
        assert isinstance(self.on_call, FakeOnCall)
        return self.on_call

    async def only(self) -> Escalation:
        (escalation,) = await self.escalations.list()
        return escalation


def place_of(message: Message) -> str:
    """The end of its address."""
    return f"/archives/{message.channel}/p{message.ts.replace('.', '')}"


def card_of(ws: LocalWorkspace) -> Message:
    """The one card in the channel of those on call."""
    (card,) = cards_of(ws)
    return card


def cards_of(ws: LocalWorkspace) -> list[Message]:
    return [one for one in ws.messages(ONCALL_CHANNEL) if one.bot_id and not one.thread_ts]


def status_of(ws: LocalWorkspace, asked: Message) -> str:
    """What the asker's thread says of the escalation, in words and notes."""
    statuses = [one for one in ws.replies(asked) if "Escalation " in words(one)]
    assert len(statuses) == 1, [one.text for one in ws.replies(asked)]
    return words(statuses[0])


def action(message: Message, name: str) -> str:
    """The whole id of the element whose id begins with `name`."""
    for block in message.blocks or ():
        for element in block.get("elements", ()):
            found = str(element.get("action_id", ""))
            if found == name or found.startswith(f"{name}:"):
                return found
    raise AssertionError(f"no {name} on {message.text}")


def offers(message: Message) -> set[str]:
    return {
        str(element["action_id"]).partition(":")[0].removeprefix("escalation_")
        for block in message.blocks or ()
        if block["type"] == "actions"
        for element in block["elements"]
        if str(element["action_id"]).startswith("escalation_")
    }


@asynccontextmanager
async def running(
    ws: LocalWorkspace,
    config: SlackConfig,
    records: MemoryRecords,
    on_call: OnCall | None = None,
    policy: Policy | None = None,
    made: type[CallingBot] = CallingBot,
) -> AsyncIterator[CallingBot]:
    """Answers with an unknown verdict, unless a human is asked for."""
    answers = CallingAnswers(records)
    config = replace(config, bridges=True)
    policy = policy or Policy(levels=2)
    bot = made(config, answers, records, on_call=on_call or FakeOnCall(), policy=policy)
    answers.escalator = bot.escalator

    async def script(question: Question, channel: ReplyChannel) -> Reply | None:
        if "human" in question.text or question.intent is Intent.ESCALATE:
            return await bot.escalator.asked(question, "REF123")
        return UNKNOWN

    answers.script = script
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()
    yield bot
    await bot.engine.stop()
    await bot.stop()
