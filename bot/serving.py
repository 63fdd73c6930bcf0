"""The running service: Slack, durable work and the web side, by the role of the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from fastapi import APIRouter
from slack_bolt.async_app import AsyncApp
from starlette.types import ASGIApp

from bot import __version__
from bot.adapters.airflow.load import ClusterLoad
from bot.adapters.metrics import PrometheusMeter
from bot.assembly import Service, put_together
from bot.bootstrap import kept_types, parts_of, redactor_of
from bot.bootstrap_clusters import addresses_of
from bot.consoling import Running, console_of
from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import BotError, StoreError
from bot.domain.failures import Failure, Success
from bot.domain.work import QueueDepth
from bot.revealing import revealed
from bot.services.at_work import trace_with
from bot.services.repeated import repeated
from bot.services.standing import Standing
from bot.settings import Role, Settings, SlackMode
from bot.slack.belonging import SlackBelonging
from bot.slack.manifest import INSTALL, REDIRECT
from bot.slack.oauth import InstallFlow
from bot.web.app import build_web
from bot.web.failures import FailureDoor, failure_routes
from bot.web.install import install_pages
from bot.web.server import served
from bot.workflows.admin import WorkAdmin
from bot.workflows.databases import require_known
from bot.workflows.single import claim_database

log = structlog.get_logger(__name__)

_BETWEEN_COUNTS = 5.0  # seconds
_BETWEEN_SWEEPS = 60.0
_BETWEEN_LOOKS = 300.0
_STARTING = "The bot is starting."


@dataclass(slots=True)
class _Process:
    """What there is from the first moment on, so that the doors can open before the rest has
    started. `service` is behind them once it is put together."""

    settings: Settings
    standing: Standing
    service: Service | None = None
    loads: list[Callable[[], ClusterLoad]] = field(default_factory=list)
    admin: WorkAdmin = field(init=False)
    meter: PrometheusMeter = field(init=False)

    def __post_init__(self) -> None:
        url, redact = self.settings.database_url, redactor_of(self.settings).redact
        self.admin = WorkAdmin(url, kept_types(), redact=redact)
        self.meter = PrometheusMeter(
            __version__, depths=self._depths, loads=lambda: [load() for load in self.loads]
        )

    @property
    def takes(self) -> bool:
        return self.settings.work.role is not Role.WORKER

    @property
    def works(self) -> bool:
        return self.settings.work.role is not Role.SERVE

    @property
    def mode(self) -> SlackMode:
        return self.settings.slack.mode

    @property
    def open_service(self) -> Service | None:
        """None while the engine starts: it holds up the event loop meanwhile, and whoever came to
        the database would wait in vain for a write that is under way there."""
        return self.service if self.service is not None and self.service.is_open else None

    async def _depths(self) -> Sequence[QueueDepth]:
        if self.open_service is None:
            raise StoreError(_STARTING)
        return await self.admin.depths()


@asynccontextmanager
async def serving(settings: Settings, standing: Standing | None = None) -> AsyncIterator[Service]:
    """The whole service while the block runs. After it nothing more is taken in, what is under way
    gets `work.shutdown` seconds to end, and the rest is handed back.

    The health pages are there from the beginning, and tell by `standing` how far the start is; the
    other doors turn everybody away until it is over. It can be cancelled at any point. Raises
    `BotError` where a part cannot start.
    """
    if settings.slack.mode is SlackMode.OFF:
        raise BotError("slack.mode is off: set the Slack tokens to serve, or use `airflow-bot ask`")
    standing = standing or Standing()
    async with AsyncExitStack() as stack:
        # Before the schema is looked at: a second process might change it under the first.
        stack.enter_context(closing(claim_database(settings.database_url)))
        standing.waits_for = "the database"
        process = _Process(settings, standing)
        stack.push_async_callback(process.admin.close)
        # First in and last out: it tells that the process is starting, and that it is leaving.
        web = served(_web(process), settings.web.host, settings.web.port)
        await stack.enter_async_context(web)
        await asyncio.to_thread(require_known, settings.database_url)
        service = await stack.enter_async_context(_assembled(process))
        stack.enter_context(_traced(service))
        standing.waits_for = "Slack"
        await service.slack.open()
        await stack.enter_async_context(_at_work(process, service))
        if process.takes and process.mode is SlackMode.SOCKET:
            standing.waits_for = "Socket Mode"
            await service.slack.connect()
        standing.waits_for = ""
        yield service
        standing.is_stopping = True
        log.info("stopping")
        await service.slack.stop_taking()


@asynccontextmanager
async def _assembled(process: _Process) -> AsyncIterator[Service]:
    """All parts, knowing one another; nothing is taken in or worked on yet."""
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(
            parts_of(
                process.settings,
                meter=process.meter,
                directory=partial(SlackBelonging, meter=process.meter),
            )
        )
        process.loads.extend(cluster.load for cluster in parts.clusters.values())
        process.service = put_together(parts, process.meter, process.admin, stack)
        yield process.service


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
async def _at_work(process: _Process, service: Service) -> AsyncIterator[None]:
    """The engine does what was taken in, also by processes before this one."""
    if process.works:
        process.standing.waits_for = "the index of runbooks"
        await service.parts.knowledge.warm()
    process.standing.waits_for = "durable work in the database"
    await service.engine.open()
    service.is_open = True
    service.beside = [asyncio.create_task(each) for each in _beside(process, service)]
    try:
        yield
    finally:
        for task in service.beside:
            task.cancel()
        await asyncio.gather(*service.beside, return_exceptions=True)
        service.threads_ended = await service.engine.close(process.settings.work.shutdown)
        service.is_open = False


def _beside(process: _Process, service: Service) -> Iterator[Coroutine[Any, Any, None]]:
    """What goes on for as long as the process, beside the work."""
    yield service.meter.loop_lag.run()
    yield repeated(partial(_share_clusters, service), _BETWEEN_COUNTS)
    if process.takes:
        yield repeated(service.slack.catch_up, _BETWEEN_LOOKS)
    if process.works:
        # Not a schedule of the engine, which keeps a row of each tick: lists of work would be full
        # of them. That several processes do this is no harm: what they find has one key.
        yield repeated(service.dead_letters.sweep, _BETWEEN_SWEEPS)


async def _share_clusters(service: Service) -> None:
    """A cluster bears so many calls at once from all replicas together."""
    replicas = max(1, await service.engine.live_workers())
    for cluster in service.parts.clusters.values():
        cluster.set_replicas(replicas)


def _web(process: _Process) -> ASGIApp:
    """Health pages and figures; and the doors for Slack, where events come by HTTP, and Airflow."""

    def slack() -> AsyncApp | None:
        service = process.open_service
        return service.slack.app if service is not None else None

    def running() -> Running | None:
        service = process.open_service
        return (service.parts, service.slack) if service is not None else None

    return build_web(
        partial(_ready, process),
        slack if process.takes and process.mode is SlackMode.HTTP else None,
        version=__version__,
        metrics=process.meter,
        standing=process.standing,
        routers=_doors(process),
        console=console_of(process.settings, running),
    )


def _doors(process: _Process) -> Sequence[APIRouter]:
    return (*_install_pages(process), *_failure_door(process)) if process.takes else ()


def _install_pages(process: _Process) -> Iterator[APIRouter]:
    settings = process.settings
    if not settings.slack.is_for_several:
        return

    def flow() -> InstallFlow | None:
        service = process.open_service
        return service.install if service is not None else None

    yield install_pages(flow, INSTALL, REDIRECT)


def _failure_door(process: _Process) -> Iterator[APIRouter]:
    settings = process.settings
    token = revealed(settings.failure_webhook.token)
    if not token:
        return
    door = FailureDoor(
        token=token,
        clusters=addresses_of(settings),
        take=partial(_take, process),
        succeed=partial(_succeed, process),
        default_cluster=settings.default_cluster,
        retries=settings.failure_webhook.retries,
        meter=process.meter,
    )
    yield failure_routes(door)


async def _take(process: _Process, failures: Sequence[Failure]) -> int:
    """Raises `StoreError` also while the engine starts."""
    service = process.open_service
    if service is None:
        raise StoreError(_STARTING)
    return await service.reported.add(failures)


async def _succeed(process: _Process, successes: Sequence[Success]) -> int:
    """Raises like `_take`."""
    service = process.open_service
    if service is None:
        raise StoreError(_STARTING)
    return await service.alerts.succeed(successes)


async def _ready(process: _Process) -> Sequence[Check]:
    service = process.open_service
    if service is None:
        return [Check("process", "start", CheckStatus.FAILED, _STARTING)]
    checks = [await service.parts.store.ready(), await service.engine.ready()]
    if any(task.done() for task in service.beside):
        checks.append(Check("process", "background tasks", CheckStatus.FAILED))
    if process.takes and process.mode is SlackMode.SOCKET:
        connected = await service.slack.is_connected()
        status = CheckStatus.OK if connected else CheckStatus.FAILED
        checks.append(Check("slack", "connection", status))
    return checks
