"""A stage on which work is given up: real engine, real database, real Slack side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.dead_letters import Said, SqlDeadLetters
from bot.adapters.sql.inbox import SqlInbox
from bot.adapters.sql.ledger import SqlPostLedger
from bot.domain.conversations import Turn
from bot.domain.dead_letters import DeadLetter, Unfinished
from bot.domain.failures import BATCH, FailureBatch
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.domain.work import WorkStatus
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.services.dead_letters import SORRY, UNFINISHED, DeadLetterService
from bot.services.ports import DurableSteps
from bot.slack.app import Services, Working, build_slack
from bot.slack.arrivals import Asked, Place, Way
from bot.slack.config import SlackConfig
from bot.slack.jobs import delivery_of, job_of
from bot.slack.kept import TYPES
from bot.slack.posts import ANSWER, EDITION
from bot.slack.side import SlackSide
from bot.slack.sorry import (
    EDIT,
    EDITED,
    FIRST_WORDS,
    REMARK,
    REPORTED,
    WHISPERS,
    SlackApologies,
)
from bot.workflows.admin import WorkAdmin
from bot.workflows.config import EngineConfig, Handler
from bot.workflows.databases import is_sqlite
from bot.workflows.engine import Engine
from bot.workflows.views import Work
from bot.workflows.work_rows import work_rows
from tests.fakes.talk import FakeTalkRecords
from tests.slack.doubles import ScriptedAnswers
from tests.slack.engine import MemoryEngine, MemoryWork
from tests.waiting import until

KEPT = (*TYPES, DeadLetter, FailureBatch, Turn, Unfinished)
ASK = "why did orders_daily fail?"


@dataclass(frozen=True, slots=True)
class AskedAloud:
    """As a later version might hand in a question."""

    question: Question
    loudness: int = 11


@dataclass
class Bot:
    """A process that works on what is in the database, and can look for dead letters."""

    engine: Engine
    inbox: SqlInbox
    letters: DeadLetterService
    admin: WorkAdmin

    async def ask(self, ws: LocalWorkspace, way: Way = Way.MENTION) -> tuple[Message, str]:
        """The message in which the question is asked, and the key of the work on it."""
        message, asked = await question_in(ws, way)
        assert await self.inbox.take(job_of(asked), delivery_of(asked, "", Origin.SLACK))
        return message, asked.key

    async def ended(self, key: str, status: WorkStatus) -> None:
        async def has_ended() -> bool:
            detail = await self.admin.show(key)
            return detail is not None and detail.work.status is status

        await until(has_ended, f"{key} being {status}")

    async def swept(self) -> int:
        """How many dead letters were found; returns once they were told of."""
        before = await self._sorries()
        found = await self.letters.sweep()

        async def all_told() -> bool:
            now = await self._sorries()
            done = [status for key, status in now.items() if key not in before]
            return len(done) == found and set(done) <= {WorkStatus.DONE}

        await until(all_told, "all apologies")
        return found

    async def settled(self) -> None:
        """Returns once all unfinished answers that were found have been seen to."""

        async def all_done() -> bool:
            jobs = await self.jobs_of(UNFINISHED)
            return all(one.status is WorkStatus.DONE for one in jobs)

        await until(all_done, "all unfinished answers being seen to")

    async def jobs_of(self, kind: str) -> list[Work]:
        return [one for one in await self.admin.list() if one.kind == kind]

    async def _sorries(self) -> dict[str, WorkStatus]:
        return {one.key: one.status for one in await self.jobs_of(SORRY)}


@dataclass(frozen=True, slots=True)
class Stage:
    """What outlives the processes."""

    config: SlackConfig
    answers: ScriptedAnswers
    url: str
    database: AsyncEngine


@asynccontextmanager
async def working(stage: Stage, keep: timedelta = timedelta(days=14)) -> AsyncIterator[Bot]:
    url, database, answers = stage.url, stage.database, stage.answers
    ledger = SqlPostLedger(database)
    admin = WorkAdmin(url, KEPT)
    talk, work = FakeTalkRecords(answers.records.turns), MemoryWork(MemoryEngine())
    at_work = Working(answers, answers.records, ledger, admin.job, talk, work)
    services = Services(str, _now, working=at_work)
    slack: SlackSide = build_slack(stage.config, services)
    letters = DeadLetterService(
        SqlDeadLetters(
            database,
            failed=work_rows(url, WorkStatus.FAILED),
            known=work_rows(url),
            said=Said(WHISPERS, REMARK, FIRST_WORDS, ANSWER, EDIT, EDITED, EDITION),
            announced=REPORTED,
        ),
        SlackApologies(SUPPORT_CHANNEL),
        read=admin.job,
        start=lambda job: engine.start(job),
        now=_now,
        keep=keep,
        has_model=stage.config.has_model,
    )
    handlers: dict[str, Handler] = {**slack.handlers, SORRY: letters.tell, BATCH: _break}
    engine = Engine(EngineConfig(url, poll=0.05), handlers, KEPT)
    await slack.open()
    await engine.open()
    try:
        yield Bot(engine, SqlInbox(database, engine.enqueue), letters, admin)
    finally:
        await engine.close(0)
        await slack.close()
        await admin.close()


async def _break(batch: FailureBatch, steps: DurableSteps) -> None:
    raise RuntimeError("a bug")


def _now() -> datetime:
    return datetime.now(UTC)


async def question_in(ws: LocalWorkspace, way: Way = Way.MENTION) -> tuple[Message, Asked]:
    message = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, ASK)
    thread = ThreadKey(ws.team_id, SUPPORT_CHANNEL, message.ts)
    key = f"{ws.team_id}:{SUPPORT_CHANNEL}:{message.ts}"
    question = Question(
        key, Origin.SLACK, Asker(AUTHOR.id, ws.team_id), thread, message.ts, ASK, _now()
    )
    question = replace(question, is_addressed=way is not Way.FOLLOW_UP)
    place = Place(SUPPORT_CHANNEL, AUTHOR.id, message.ts, message.ts)
    return message, Asked(question, place, way)


async def poisoned(ws: LocalWorkspace, stage: Stage, way: Way = Way.MENTION) -> tuple[Message, str]:
    """A question that a later version took in, and that was given up by one that cannot read it."""
    message, asked = await question_in(ws, way)
    job = replace(job_of(asked), body=AskedAloud(asked.question))
    delivery = delivery_of(asked, "", Origin.SLACK)
    async with taking_in(stage, AskedAloud) as later:
        assert await SqlInbox(stage.database, later.enqueue).take(job, delivery)
    await fail(stage, job.key, "ERROR")
    return message, job.key


@asynccontextmanager
async def taking_in(stage: Stage, *more: type) -> AsyncIterator[Engine]:
    """A process that does no work; it knows `more` types than the one that works."""
    engine = Engine(EngineConfig(stage.url, works=False), {}, [*KEPT, *more])
    await engine.open()
    yield engine
    await engine.close(0)


async def fail(stage: Stage, key: str, status: str) -> None:
    work = "workflow_status" if is_sqlite(stage.url) else "dbos.workflow_status"
    ended = text(f"UPDATE {work} SET status = :status WHERE workflow_uuid = :key")
    async with stage.database.begin() as connection:
        await connection.execute(ended, {"status": status, "key": key})


def said_in(ws: LocalWorkspace, message: Message) -> list[Message]:
    return [one for one in ws.replies(message) if one.bot_id and one.ephemeral_to is None]
