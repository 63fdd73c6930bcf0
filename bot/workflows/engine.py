"""Work that outlives the process: taken in within the caller's transaction, done by DBOS."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, TypeVar

import structlog
from dbos import DBOS, DBOSConfig
from dbos import error as dbos_errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import StoreError
from bot.domain.work import Job
from bot.services.no_meter import NoMeter
from bot.services.ports import Meter
from bot.workflows.config import EngineConfig, Handler, Schedule
from bot.workflows.databases import (
    APPLICATION,
    SQLITE_EXECUTOR,
    VERSION,
    client_of,
    is_sqlite,
    migrate_engine,
    open_engine,
    store_error,
    sync_url,
    verify_engine,
)
from bot.workflows.enqueueing import Enqueuer
from bot.workflows.jobs import Jobs
from bot.workflows.moving import hand_on, put_off
from bot.workflows.places import Places
from bot.workflows.queues import WORKFLOW, places, register_queues
from bot.workflows.quiet import route_dbos_logs
from bot.workflows.repair import Repair
from bot.workflows.schedules import Schedules
from bot.workflows.serializer import TypedJson
from bot.workflows.single import OnlyOne, claim_database
from bot.workflows.strangers import PATIENCE, Strangers
from bot.workflows.takeover import Takeover, live_workers

R = TypeVar("R")

# Poisonous work, which kills every process that takes it on, is given up after so many. It is
# suspected before and done alone, so that little else comes to so many.
_DEATHS = 10
_CONNECTIONS = 8
# Seconds at the end for DBOS' threads, for handing back and for the sign of life.
_STOPPING = 2.5
_HANDING_BACK = 2.0
_GIVING_UP = 1.0
_PINGING = 3.0

_log = structlog.get_logger(__name__)


class Engine:
    """One at work in a process, since DBOS is one. `types` are those that jobs and steps carry, see
    `TypedJson`; `redact` takes secrets out of what foreign errors say before it is kept."""

    _at_work: ClassVar[Engine | None] = None

    def __init__(
        self,
        config: EngineConfig,
        handlers: Mapping[str, Handler],
        types: Sequence[type],
        *,
        meter: Meter | None = None,
        schedules: Sequence[Schedule] = (),
        redact: Callable[[str], str] = str,
    ) -> None:
        self._config = config
        self._on_sqlite = is_sqlite(config.url)
        self._serializer = TypedJson(types)
        self._database = open_engine(config.url, connections=_CONNECTIONS)
        self._client = client_of(self._database, self._serializer)
        self._enqueuer = Enqueuer(self._serializer, self._database)
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="engine")
        self._places = Places(places(config.at_once))
        # On a file nobody else is there.
        strangers = Strangers(self._put_off, 0.0 if self._on_sqlite else PATIENCE)
        self._jobs = Jobs(
            handlers,
            meter or NoMeter(),
            redact,
            config.poll,
            self._places,
            strangers,
            self._silence,
        )
        self._schedules = Schedules(schedules, self._client, strangers, self._in_thread)
        self._executor_id = SQLITE_EXECUTOR if self._on_sqlite else _own_name()
        self._repair = Repair(
            self._client, self._places, self._executor_id, config.lease, self._in_thread
        )
        self._takeover: Takeover | None = None
        self._lock: OnlyOne | None = None
        self._dbos: DBOS | None = None
        self._pinging: asyncio.Future[None] | None = None
        self._is_open = False

    @property
    def executor_id(self) -> str:
        """The name of this process in the database."""
        return self._executor_id

    async def open(self) -> None:
        """From here on work may be taken in and, where this process works, is worked on.

        Raises `StoreError` where the database is down or not migrated, and where another process
        has the SQLite file.
        """
        try:
            await self._in_thread(self._prepare)
            if self._config.works:
                self._launch()
                await self._in_thread(self._schedule)
        except BaseException:
            await self.close(0)
            raise
        self._is_open = True

    async def close(self, seconds: float) -> bool:
        """Takes on no more, lets what is under way end for up to `seconds`, hands back the rest.

        Takes up to some 8 seconds more. False where threads are left that wait for a database
        that is down: the interpreter would wait for them at its end, so end by `os._exit`.
        """
        self._is_open = False
        self._repair.stop()
        ended = await self._stop_working(self._dbos, seconds) if self._dbos else True
        if self._takeover is not None:
            # Its thread may hang on a database that does not answer, and ends with the process.
            closing = asyncio.ensure_future(self._in_thread(self._takeover.close))
            await asyncio.wait([closing], timeout=_GIVING_UP)
        self._database.dispose()
        # Those that hang on a database which does not answer end by themselves, or never.
        self._threads.shutdown(wait=False)
        if self._lock is not None:
            self._lock.close()
        return ended

    def enqueue(self, connection: Connection, *jobs: Job) -> None:
        """Within the caller's transaction; through `run_sync` on an async connection.

        Several at once cost little more than one. A key that is taken already changes nothing.
        """
        self._enqueuer.enqueue(connection, jobs)

    async def start(self, job: Job) -> None:
        """In a transaction of its own; once under its key. Raises `StoreError`."""
        await self._in_thread(partial(self._enqueuer.start, job))

    async def ready(self) -> Check:
        """Whether work that is taken in now gets done."""
        check = partial(Check, "database", "durable work")
        if not self._is_open:
            return check(CheckStatus.FAILED, "The process is starting or shutting down.")
        silence = await self._silence()
        if silence:
            return check(CheckStatus.FAILED, silence, "See whether the database runs.")
        if self._takeover is not None and not self._takeover.is_held:
            return check(CheckStatus.FAILED, "This replica's sign of life is being renewed.")
        return check(CheckStatus.OK)

    async def live_workers(self) -> int:
        """How many processes work, by their signs of life. Raises `StoreError`."""
        if self._on_sqlite:
            return int(self._dbos is not None)
        return await self._in_thread(partial(live_workers, self._database))

    def _prepare(self) -> None:
        if not self._config.is_claimed:
            self._lock = claim_database(self._config.url)
        if self._on_sqlite:
            migrate_engine(self._config.url)
        verify_engine(self._database)
        if not self._config.works:
            return
        register_queues(self._client, self._config.at_once, self._config.poll)
        if not self._on_sqlite:
            takeover = Takeover(self._config.url, self._executor_id, self._config.lease)
            takeover.open()
            self._takeover = takeover
            return
        with self._database.begin() as connection:
            hand_on(connection, [self._executor_id])

    async def _silence(self) -> str:
        """Why the database does not answer; empty where it does."""
        # One look at a time: those at a database that hangs would take up all threads.
        if self._pinging is None or self._pinging.done():
            self._pinging = asyncio.ensure_future(self._in_thread(self._ping))
        await asyncio.wait([self._pinging], timeout=_PINGING)
        if not self._pinging.done():
            return f"The database did not answer within {_PINGING:g} s."
        error = self._pinging.exception()
        return str(error) if error is not None else ""

    def _ping(self) -> None:
        with self._database.connect() as connection:
            connection.execute(text("SELECT 1"))

    def _launch(self) -> None:
        """Within the running loop: DBOS adopts it, and work shares it with everything else."""

        async def work(job: Job) -> Any:
            return await self._jobs.work(job)

        async def due(at: datetime, name: str) -> None:
            await self._schedules.due(at, name)

        if Engine._at_work is not None:
            raise RuntimeError("Another engine is at work in this process; close it first.")
        Engine._at_work = self
        route_dbos_logs()
        self._dbos = DBOS(config=self._dbos_config())
        self._dbos._active_workflows_set = self._places
        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=_DEATHS)(work)
        self._due_workflow = DBOS.workflow(name="due")(due)
        try:
            DBOS.launch()
        except dbos_errors.DBOSException as error:
            raise StoreError(f"{error} Run airflow-bot migrate.") from error
        if self._takeover is not None:
            self._takeover.watch(True)
        self._repair.start()

    def _dbos_config(self) -> DBOSConfig:
        return {
            "name": APPLICATION,
            "system_database_url": sync_url(self._config.url).render_as_string(False),
            "system_database_engine": self._database,
            "application_version": VERSION,
            "executor_id": self._executor_id,
            "serializer": self._serializer,
            "log_level": "WARNING",
            "run_migrations": False,
            # Nothing here waits for notifications; without them a connection is spared.
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.2,
        }

    def _schedule(self) -> None:
        is_alone = self._on_sqlite or live_workers(self._database) == 1
        self._schedules.apply(self._due_workflow, is_alone=is_alone)

    async def _stop_working(self, dbos: DBOS, seconds: float) -> bool:
        if self._takeover is not None:
            self._takeover.watch(False)
        # It claims nothing more from here on.
        for event in dbos.background_thread_stop_events:
            event.set()
        await self._jobs.finish(seconds)
        loop = asyncio.get_running_loop()
        # Beside the loop, which DBOS' threads may be waiting for.
        stopping = loop.run_in_executor(self._threads, partial(DBOS.destroy, destroy_registry=True))
        ended, _ = await asyncio.wait([stopping], timeout=_STOPPING)
        self._dbos = None
        if ended:
            Engine._at_work = None
        # DBOS had made its own threads the loop's, and has ended them.
        loop.set_default_executor(ThreadPoolExecutor())
        try:
            await asyncio.wait_for(self._in_thread(self._hand_back), _HANDING_BACK)
        except (StoreError, TimeoutError) as error:
            _log.warning("work_not_handed_back", error=type(error).__name__)
            return False
        return bool(ended)

    async def _put_off(self, key: str, seconds: float) -> None:
        def call() -> None:
            with self._database.begin() as connection:
                put_off(connection, key, self._executor_id, seconds)

        await self._in_thread(call)

    def _hand_back(self) -> None:
        """Our own unfinished work goes back into its queues, for whoever is there."""
        by_queue = defaultdict(list)
        for each in self._client.list_workflows(
            status="PENDING", executor_id=self._executor_id, load_input=False, load_output=False
        ):
            by_queue[each.queue_name].append(each.workflow_id)
        for queue, keys in by_queue.items():
            self._client.resume_workflows(keys, queue_name=queue)
            _log.info("work_handed_back", queue=queue, count=len(keys))

    async def _in_thread(self, call: Callable[[], R]) -> R:
        """Not in the loop's own threads, which become DBOS'. Raises `StoreError`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except SQLAlchemyError as error:
            raise store_error("Durable work", error) from error


def _own_name() -> str:
    """Unlike any other process', now or ever, and telling people where it ran."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
