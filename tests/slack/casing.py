"""A bot that calls humans and keeps what they find out, over a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.audit import SqlAuditLog
from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.talk import SqlTalkRecords
from bot.domain.access import Rules
from bot.domain.answers import Reply
from bot.domain.questions import Question
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.values import View
from bot.playground.workspace.world import ONCALL
from bot.services.access import Access
from bot.services.case_deciders import CaseDeciders
from bot.services.casework import Casework
from bot.services.channel_managers import ChannelManagers
from bot.services.ports import ReplyChannel
from bot.slack.app import Services
from bot.slack.belonging import SlackBelonging
from bot.slack.case_desk import Casing
from bot.slack.config import SlackConfig
from tests.slack.asking import mention
from tests.slack.doubles import MemoryRecords
from tests.slack.escalating import CallingAnswers, CallingBot, action, card_of
from tests.slack.replies import UNKNOWN


@dataclass
class CasingBot(CallingBot):
    """`condensed` is what the model makes of remarks, "" without one."""

    database: AsyncEngine = field(kw_only=True)
    condensed: str = ""
    heard: list[Sequence[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.calling = replace(self.calling, drafts_cases=True)
        self.cases = SqlResolvedCases(self.database, clock=self.engine.now)
        self.audit = SqlAuditLog(self.database)
        self.talk = SqlTalkRecords(self.database)  # type: ignore[assignment]

    @property
    def services(self) -> Services:
        services = super().services
        assert services.working is not None
        directory = SlackBelonging(self.config, services.meter, services.clock)
        access = Access(Rules(), {}, now=self.engine.now, audit=self.audit, directory=directory)
        managers = ChannelManagers(access, directory, ())
        casing = Casing(
            Casework(self.cases, lambda: (), self.engine.now, timedelta(days=30)),
            CaseDeciders(managers, self.on_call, self.engine.now),
            access,
            self.escalations,
            self._condense,
        )
        working = replace(services.working, casing=casing)
        taking_in = services.taking_in and replace(services.taking_in, cases=self.cases.get)
        return replace(services, working=working, taking_in=taking_in)

    async def _condense(self, problem: str, said: Sequence[str]) -> str:
        self.heard.append(said)
        return self.condensed


@asynccontextmanager
async def casing(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords, url: str
) -> AsyncIterator[CasingBot]:
    database = create_engine(url)
    answers = CallingAnswers(records)
    bot = CasingBot(replace(config, bridges=True), answers, records, database=database)
    answers.escalator = bot.escalator

    async def script(question: Question, channel: ReplyChannel) -> Reply | None:
        return UNKNOWN

    answers.script = script
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()
    yield bot
    await bot.engine.stop()
    await bot.stop()
    await database.dispose()


async def called(ws: LocalWorkspace, bot: CasingBot) -> Message:
    """Somebody asks, and those on call are called; their card."""
    question = await mention(ws, "why did it fail? I tried the magic word")
    await ws.wait_for_reply(question)
    await bot.engine.pass_time(0)
    return card_of(ws)


async def form_of(ws: LocalWorkspace, bot: CasingBot, name: str, user: str) -> View:
    card = card_of(ws)
    await ws.press(card, action(card, f"escalation_{name}"), user)
    await bot.idle()
    return ws.modals(user)[-1]


async def resolve(
    ws: LocalWorkspace,
    bot: CasingBot,
    fixed_by: str = "Restarted worker-3 and raised its disk to 50 GB.",
    user: str = ONCALL.id,
    name: str = "resolve",
) -> None:
    form = await form_of(ws, bot, name, user)
    said = {
        "was_wrong": {"was_wrong": "The disk of worker-3 was full."},
        "fixed_by": {"fixed_by": fixed_by},
        "bot_was": {"bot_was": "no"},
    }
    await ws.submit(form, said)
    await bot.idle()
