"""The running service: Slack, durable work and the web side, by the role of the process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
import uvicorn
from fastapi import APIRouter
from sqlalchemy import Connection

from bot import __version__
from bot.adapters.airflow.load import ClusterLoad
from bot.adapters.metrics import PrometheusMeter
from bot.adapters.sql.dead_letters import Said, SqlDeadLetters
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.failures import SqlReportedFailures
from bot.adapters.sql.inbox import SqlInbox
from bot.adapters.sql.ledger import SqlPostLedger
from bot.bootstrap import (
    Parts,
    addresses_of,
    kept_types,
    now,
    parts_of,
    redactor_of,
    revealed,
    slack_config,
)
from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import BotError, StoreError
from bot.domain.failures import BATCH, Failure
from bot.domain.work import Job, Queue, WorkStatus
from bot.services.at_work import trace_with
from bot.services.dead_letters import SORRY, DeadLetterService
from bot.services.failures import FailureService
from bot.services.tidy import TIDY, Tidier
from bot.settings import Role, Settings, SlackMode
from bot.slack.announcer import SlackAnnouncer
from bot.slack.app import Services, SlackSide, TakingIn, Working, build_slack
from bot.slack.sorry import FIRST_WORDS, PAGES, REMARK, REPORTED, SlackApologies
from bot.web.app import build_web
from bot.web.failures import FailureDoor, failure_routes
from bot.workflows.admin import WorkAdmin
from bot.workflows.config import EngineConfig, Handler, Schedule
from bot.workflows.databases import require_known
from bot.workflows.engine import Engine
from bot.workflows.single import claim_database
from bot.workflows.work_rows import work_rows

log = structlog.get_logger(__name__)

_TIDYING = "17 * * * *"
_BETWEEN_COUNTS = 5.0  # seconds
_BETWEEN_SWEEPS = 60.0
# Each message on its way holds one; the queue of posts lets fewer go at a time.
_POSTING_CONNECTIONS = 20


@dataclass(slots=True)
class Service:
    """What runs. `threads_ended` is False where some still wait for a database that is down: the
    interpreter would wait for them."""

    parts: Parts
    engine: Engine
    slack: SlackSide
    reported: SqlReportedFailures
    dead_letters: DeadLetterService
    meter: PrometheusMeter
    is_started: bool = False
    is_stopping: bool = False
    threads_ended: bool = True

    @property
    def takes(self) -> bool:
        return self.parts.settings.work.role is not Role.WORKER

    @property
    def mode(self) -> SlackMode:
        return self.parts.settings.slack.mode


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Service]:
    """The whole service while the block runs. After it nothing more is taken in, what is under way
    gets `work.shutdown` seconds to end, and the rest is handed back.

    Raises `BotError` where a part cannot start.
    """
    if settings.slack.mode is SlackMode.OFF:
        raise BotError("slack.mode is off: set the Slack tokens to serve, or use `airflow-bot ask`")
    async with AsyncExitStack() as stack:
        # Before the schema is looked at: a second process might change it under the first.
        stack.enter_context(closing(claim_database(settings.database_url)))
        require_known(settings.database_url)
        service = await stack.enter_async_context(_assembled(settings))
        stack.enter_context(_traced(service))
        await service.slack.open()
        # First in and last out: it tells that the process is starting, and that it is leaving.
        await stack.enter_async_context(_web(service))
        await stack.enter_async_context(_at_work(service))
        if service.takes and service.mode is SlackMode.SOCKET:
            await service.slack.connect()
        yield service
        service.is_stopping = True
        log.info("stopping")
        await service.slack.stop_taking()


@asynccontextmanager
async def _assembled(settings: Settings) -> AsyncIterator[Service]:
    """All parts, knowing one another; nothing is taken in or worked on yet."""
    admin = WorkAdmin(settings.database_url, kept_types(), redact=redactor_of(settings).redact)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(admin.close)
        loads: list[Callable[[], ClusterLoad]] = []
        meter = PrometheusMeter(
            __version__, depths=admin.depths, loads=lambda: [load() for load in loads]
        )
        parts = await stack.enter_async_context(parts_of(settings, meter=meter))
        loads.extend(cluster.load for cluster in parts.clusters.values())
        yield await _service(parts, meter, admin, stack)


async def _service(
    parts: Parts, meter: PrometheusMeter, admin: WorkAdmin, stack: AsyncExitStack
) -> Service:
    settings, role = parts.settings, parts.settings.work.role
    posting = create_engine(settings.database_url, connections=_POSTING_CONNECTIONS)
    stack.push_async_callback(posting.dispose)

    def enqueue(connection: Connection, *jobs: Job) -> None:
        engine.enqueue(connection, *jobs)

    async def start(job: Job) -> None:
        await engine.start(job)

    inbox = SqlInbox(parts.database, enqueue, now)
    ledger = SqlPostLedger(posting)
    reported = SqlReportedFailures(parts.database, enqueue)
    slack = build_slack(
        slack_config(settings),
        Services(
            redact=parts.redactor.redact,
            now=now,
            taking_in=None if role is Role.WORKER else TakingIn(inbox, inbox.engaged),
            working=None if role is Role.SERVE else Working(parts.asking, parts.store, ledger),
            meter=meter,
        ),
    )
    stack.push_async_callback(slack.close)
    keep = timedelta(days=settings.work.keep_days)
    places = {
        "work": lambda before: admin.tidy(now() - before),
        "inbox": inbox.tidy,
        "posts": ledger.tidy,
        "failures": reported.tidy,
    }
    dead_letters = _dead_letters(parts, admin, start)
    handlers: dict[str, Handler] = {
        **slack.handlers,
        TIDY: Tidier(places, keep, now).work,
        BATCH: _failures(parts, reported).tell,
        SORRY: dead_letters.tell,
    }
    engine = Engine(
        EngineConfig(
            settings.database_url,
            works=role is not Role.SERVE,
            at_once=settings.work.at_once,
            is_claimed=True,
        ),
        handlers,
        kept_types(),
        meter=meter,
        schedules=[Schedule(TIDY, _TIDYING, _tidying)],
        redact=parts.redactor.redact,
    )
    return Service(parts, engine, slack, reported, dead_letters, meter)


def _failures(parts: Parts, reported: SqlReportedFailures) -> FailureService:
    webhook = parts.settings.failure_webhook
    return FailureService(
        reported,
        SlackAnnouncer(webhook.channel or ""),
        diagnosed_per_minute=webhook.diagnosed_per_minute,
        redact=parts.redactor.redact,
    )


def _dead_letters(
    parts: Parts, admin: WorkAdmin, start: Callable[[Job], Awaitable[None]]
) -> DeadLetterService:
    settings = parts.settings
    url = settings.database_url
    letters = SqlDeadLetters(
        parts.database,
        failed=work_rows(url, WorkStatus.FAILED),
        known=work_rows(url),
        said=Said(PAGES, ending=REMARK, least=FIRST_WORDS),
        announced=REPORTED,
    )
    return DeadLetterService(
        letters,
        SlackApologies(settings.failure_webhook.channel or ""),
        read=admin.job,
        start=start,
        now=now,
        keep=timedelta(days=settings.work.keep_days),
        meter=parts.meter,
    )


def _tidying(at: datetime) -> Job:
    return Job(f"{TIDY}:{at:%Y-%m-%dT%H:%M}", TIDY, None, Queue.LATER, share=TIDY)


@contextmanager
def _traced(service: Service) -> Iterator[None]:
    endpoint = service.parts.settings.tracing.endpoint
    if endpoint is None:
        yield
        return
    from bot.adapters.tracing import OtlpTracer

    tracer = OtlpTracer(
        str(endpoint),
        version=__version__,
        redact=service.parts.redactor.redact,
        instance=service.engine.executor_id,
    )
    trace_with(tracer)
    try:
        yield
    finally:
        trace_with(None)
        tracer.close()


@asynccontextmanager
async def _at_work(service: Service) -> AsyncIterator[None]:
    """The engine does what was taken in, also by processes before this one."""
    works = service.parts.settings.work.role is not Role.SERVE
    if works:
        await service.parts.knowledge.warm()
    await service.engine.open()
    service.is_started = True
    beside = [
        asyncio.create_task(service.meter.loop_lag.run()),
        asyncio.create_task(_share_clusters(service)),
    ]
    if works:
        beside.append(asyncio.create_task(_sweep(service)))
    try:
        yield
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        seconds = service.parts.settings.work.shutdown
        service.threads_ended = await service.engine.close(seconds)


async def _share_clusters(service: Service) -> None:
    """A cluster bears so many calls at once from all replicas together."""
    while True:
        try:
            replicas = max(1, await service.engine.live_workers())
        except StoreError as error:
            log.warning("replicas_not_counted", error=str(error))
        else:
            for cluster in service.parts.clusters.values():
                cluster.set_replicas(replicas)
        await asyncio.sleep(_BETWEEN_COUNTS)


async def _sweep(service: Service) -> None:
    """Not a schedule of the engine, which keeps a row of each tick: lists of work would be full of
    them. That several processes do this is no harm: what they find has one key."""
    while True:
        await service.dead_letters.sweep()
        await asyncio.sleep(_BETWEEN_SWEEPS)


@asynccontextmanager
async def _web(service: Service) -> AsyncIterator[None]:
    """Health pages and figures; and the doors for Slack, where events come by HTTP, and Airflow."""
    by_http = service.takes and service.mode is SlackMode.HTTP
    web = build_web(
        partial(_ready, service),
        service.slack.app if by_http else None,
        version=__version__,
        metrics=service.meter,
        stopping=lambda: service.is_stopping,
        routers=_doors(service),
    )
    settings = service.parts.settings.web
    door = _listening(settings.host, settings.port)
    server = uvicorn.Server(
        uvicorn.Config(web, log_config=None, lifespan="off", timeout_graceful_shutdown=2)
    )
    # Signals are ours: uvicorn would end before the questions under way are answered.
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    listening = asyncio.create_task(server.serve(sockets=[door]))
    while not server.started:
        if listening.done():
            await listening
        await asyncio.sleep(0.05)
    try:
        yield
    finally:
        server.should_exit = True
        await listening


def _doors(service: Service) -> Sequence[APIRouter]:
    settings = service.parts.settings
    token = revealed(settings.failure_webhook.token)
    if not service.takes or not token:
        return ()
    door = FailureDoor(
        token=token,
        clusters=addresses_of(settings),
        take=partial(_take, service),
        default_cluster=settings.default_cluster,
        retries=settings.failure_webhook.retries,
        meter=service.meter,
    )
    return (failure_routes(door),)


async def _take(service: Service, failures: Sequence[Failure]) -> int:
    """Raises `StoreError` also while the engine starts: it holds up the event loop meanwhile, and
    would wait in vain for a write that is under way there."""
    if not service.is_started:
        raise StoreError("The bot is starting.")
    return await service.reported.add(failures)


async def _ready(service: Service) -> Sequence[Check]:
    if not service.is_started:  # nothing is tried out in the database, see `_take`
        return [Check("process", "start", CheckStatus.FAILED, "It is starting.")]
    checks = [await service.parts.store.ready(), await service.engine.ready()]
    if service.takes and service.mode is SlackMode.SOCKET:
        connected = await service.slack.is_connected()
        status = CheckStatus.OK if connected else CheckStatus.FAILED
        checks.append(Check("slack", "connection", status))
    return checks


def _listening(host: str, port: int) -> socket.socket:
    """A bound socket. Raises `BotError` where the address is taken or not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        raise BotError(
            f"{host}:{port} cannot be listened on ({error.strerror}). "
            "Stop what uses it, or set web.host and web.port to another address."
        ) from error
    return door
