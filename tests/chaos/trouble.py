"""Everything that goes wrong in a run besides kills: drawn at random, undone after a while."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.playground.workspace import DeliveryFaults, Fault, FaultKind, LocalWorkspace
from tests.chaos.fleet import Fleet
from tests.chaos.pauses import pause
from tests.chaos.plan import Plan
from tests.fakes import model_server
from tests.fakes.airflow_server import Faults as AirflowFaults
from tests.fakes.airflow_server import RecordedAirflow
from tests.fakes.model_server import ModelServer
from tests.postgres import PostgresDatabase

_OUTAGE_AFTER = (40.0, 90.0)
_LOOK = 1.0
_WAITED_FOR = 15  # looks for a call that could be spoilt
_READ_LAG = 8.0
POST, UPDATE, ANY = "chat.postMessage", "chat.update", "*"


@dataclass(frozen=True)
class Scene:
    """All that trouble can be made for. `database` is None for SQLite."""

    ws: LocalWorkspace
    airflow: RecordedAirflow
    model: ModelServer
    fleet: Fleet
    database: PostgresDatabase | None


Mishap = Callable[[], AbstractAsyncContextManager[None]]


class Trouble:
    """Makes trouble of one kind after the other; kinds may overlap, the same kind does not.

    `counts` says how often each was made.
    """

    def __init__(self, scene: Scene, plan: Plan, chance: random.Random) -> None:
        self.counts: Counter[str] = Counter()
        self._scene = scene
        self._plan = plan
        self._chance = chance
        self._busy: set[str] = set()
        self._under_way: set[asyncio.Task[None]] = set()
        self._done = asyncio.Event()

    async def make(self, done: asyncio.Event) -> None:
        """Goes on until `done`, each time after a pause."""
        self._done = done
        mishaps = self._mishaps()
        deck: list[tuple[str, Mishap, float]] = []
        while not done.is_set():
            await pause(self._chance.uniform(*self._plan.trouble), done)
            if not deck:
                # Dealt like cards, so that a short run meets every kind too.
                deck = [(name, mishap, self._chance.uniform(3, 8)) for name, mishap in mishaps]
                self._chance.shuffle(deck)
            name, mishap, seconds = deck.pop()
            group = name.partition(":")[0]
            if not done.is_set() and group not in self._busy:
                self._start(self._one(name, group, mishap, seconds))

    async def outage(self, done: asyncio.Event) -> None:
        """The database is away once, for longer than anybody waits for an answer."""
        await pause(self._chance.uniform(*_OUTAGE_AFTER), done)
        while not done.is_set() and "database" in self._busy:
            await pause(_LOOK, done)
        if not done.is_set() and self._plan.outage:
            await self._one("database: away for long", "database", self._down, self._plan.outage)

    async def finish(self) -> None:
        """Returns once everything is undone."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        self._scene.ws.faults.clear()
        self._scene.ws.dispatcher.release()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _one(self, name: str, group: str, mishap: Mishap, seconds: float) -> None:
        self._busy.add(group)
        try:
            async with mishap():
                self.counts[name] += 1
                await asyncio.sleep(seconds)
        finally:
            self._busy.discard(group)

    def _mishaps(self) -> list[tuple[str, Mishap]]:
        """Names are `<group>: <what>`; of a group one is made at a time."""
        found: list[tuple[str, Mishap]] = [
            *self._of_slack(),
            *self._of_deliveries(),
            ("airflow: slow", lambda: self._airflow(AirflowFaults(latency=1.5))),
            ("airflow: 503", lambda: self._airflow(AirflowFaults(status={"*": 503}))),
            ("airflow: down", lambda: self._airflow(AirflowFaults(drop={"*"}))),
            ("model: slow", lambda: self._model(model_server.after(4.0))),
            ("model: 500", lambda: self._model(model_server.status(500))),
            ("model: down", lambda: self._model(model_server.hang)),
            ("model: nonsense", lambda: self._model(model_server.html)),
            ("process: paused", self._paused),
        ]
        if self._scene.database is None:
            found.append(("database: locked", self._locked))
        else:
            found.append(("database: crashed", self._crashed))
            found.append(("database: down", self._down))
        return found

    # Slack

    def _of_slack(self) -> list[tuple[str, Mishap]]:
        kinds = FaultKind
        faults = (
            ("429 on posts", Fault(kinds.RATE_LIMITED, POST, 3, seconds=2)),
            ("429 on everything", Fault(kinds.RATE_LIMITED, ANY, 6, seconds=1)),
            ("500 on posts", Fault(kinds.SERVER_ERROR, POST, 3)),
            ("500 on everything", Fault(kinds.SERVER_ERROR, ANY, 8)),
            ("slow", Fault(kinds.SLOW, ANY, 8, seconds=3)),
            ("post cut", Fault(kinds.CUT, POST, 2)),
            ("update cut", Fault(kinds.CUT, UPDATE, 2)),
            ("post done, 500", Fault(kinds.DONE_ERROR, POST, 2)),
            ("post done, reply slow", Fault(kinds.DONE_SLOW, POST, 3, seconds=5)),
            ("post done, reply too late", Fault(kinds.DONE_SLOW, POST, 2, seconds=25)),
            ("post carried out after a cut", Fault(kinds.LATE, POST, 2, seconds=6)),
            ("post carried out long after a cut", Fault(kinds.LATE, POST, 2, seconds=10)),
            ("update carried out after a cut", Fault(kinds.LATE, UPDATE, 2, seconds=6)),
            ("post carried out after its caller left", Fault(kinds.SLOW, POST, 2, seconds=22)),
        )
        found: list[tuple[str, Mishap]] = [
            (f"slack: {what}", lambda fault=fault: self._call_fault(fault))  # type: ignore[misc]
            for what, fault in faults
        ]
        return [*found, ("slack: post cut while reading lags", self._cut_and_read_lag)]

    @asynccontextmanager
    async def _call_fault(self, fault: Fault) -> AsyncIterator[None]:
        faults = self._scene.ws.faults
        faults.add(fault)
        yield
        # A bot that was just killed makes no calls that could be spoilt.
        for _ in range(_WAITED_FOR):
            if not faults.calls or self._done.is_set():
                break
            await pause(_LOOK, self._done)
        faults.spare_calls()

    @asynccontextmanager
    async def _cut_and_read_lag(self) -> AsyncIterator[None]:
        faults = self._scene.ws.faults
        faults.read_lag = _READ_LAG
        async with self._call_fault(Fault(FaultKind.CUT, POST, 2)):
            yield
        await asyncio.sleep(_READ_LAG)
        faults.read_lag = 0.0

    # Deliveries

    def _of_deliveries(self) -> list[tuple[str, Mishap]]:
        faults = (
            ("twice", DeliveryFaults(duplicates=1)),
            ("under another id too", DeliveryFaults(twins=1, jitter=1.0)),
            ("out of order", DeliveryFaults(jitter=4.0)),
            ("late", DeliveryFaults(delay=self._plan.late, jitter=self._plan.late / 2)),
            ("late and twice", DeliveryFaults(duplicates=1, jitter=15.0)),
        )
        found: list[tuple[str, Mishap]] = [
            (f"deliveries: {what}", lambda fault=fault: self._delivery(fault))  # type: ignore[misc]
            for what, fault in faults
        ]
        found.append(("deliveries: held and turned round", self._held))
        if self._plan.door == "socket":
            found.append(("sockets: cut", lambda: self._sockets(cut=True)))
            found.append(("sockets: renewed", lambda: self._sockets(cut=False)))
        return found

    @asynccontextmanager
    async def _delivery(self, fault: DeliveryFaults) -> AsyncIterator[None]:
        self._scene.ws.faults.delivery = fault
        yield
        self._scene.ws.faults.delivery = DeliveryFaults()

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        async with self._delivery(DeliveryFaults(hold=True)):
            yield
        self._scene.ws.dispatcher.release(reverse=True)

    @asynccontextmanager
    async def _sockets(self, *, cut: bool) -> AsyncIterator[None]:
        sockets = self._scene.ws.sockets
        await (sockets.cut() if cut else sockets.refresh())
        yield

    # What the bot leans on

    @asynccontextmanager
    async def _airflow(self, faults: AirflowFaults) -> AsyncIterator[None]:
        self._scene.airflow.faults = faults
        yield
        self._scene.airflow.faults = AirflowFaults()

    @asynccontextmanager
    async def _model(self, behaviour: model_server.Behaviour) -> AsyncIterator[None]:
        self._scene.model.behaviour = behaviour
        yield
        self._scene.model.behaviour = model_server.grounded

    @asynccontextmanager
    async def _crashed(self) -> AsyncIterator[None]:
        if self._scene.database is not None:
            await asyncio.to_thread(self._scene.database.restart, crash=True)
        yield

    @asynccontextmanager
    async def _down(self) -> AsyncIterator[None]:
        database = self._scene.database
        if database is None:
            yield
            return
        await asyncio.to_thread(database.stop)
        try:
            yield
        finally:
            await asyncio.to_thread(database.start)

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        """Somebody else writes into the bot's file, as a backup or a curious person does."""
        file = self._scene.fleet.replicas[0].folder / "data" / "bot.db"
        connection = await asyncio.to_thread(_write_lock, file)
        try:
            yield
        finally:
            connection.close()

    # The processes

    @asynccontextmanager
    async def _paused(self) -> AsyncIterator[None]:
        """Stopped for longer than the others wait before they call it dead."""
        replica = self._chance.choice(list(self._scene.fleet.replicas))
        process = replica.process
        replica.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(self._plan.pause)
            yield
        finally:
            if process is not None and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGCONT)


def _write_lock(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=10, check_same_thread=False, isolation_level=None)
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("BEGIN IMMEDIATE")
    return connection
