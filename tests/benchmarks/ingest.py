"""Prints how fast signed mentions are taken in, beside a bare Bolt app that keeps them in memory.

    python -m tests.benchmarks.ingest [--quick] [--rounds 5]

Compared in alternating rounds on the same machine, the others stopped meanwhile: Bolt alone, the
bot on a SQLite file (one process that does everything), and a bot that only takes in on
PostgreSQL. Hardly anything is answered: one question is worked on at a time, and Airflow does not
answer, so that the SQLite process has little to do beside taking in. Targets: throughput at least
0.4 of bare Bolt's, p99 of the acknowledgement at most 3 times.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import signal
import statistics
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.playground.workspace import LocalWorkspace
from tests.benchmarks.load import Acks, Mentions, flood, steady
from tests.benchmarks.processor import processor_seconds
from tests.chaos.fleet import Fleet, until
from tests.chaos.plan import Plan
from tests.chaos.stage import (
    database_of,
    migrated,
    recordings,
    replicas_of,
    secrets_of,
    settings_of,
)
from tests.chaos.town import town
from tests.fakes.airflow_server import RecordedAirflow
from tests.ports import free_port

BARE = "bare Bolt"
CONNECTIONS = 16
_SETTLING = 120.0  # seconds
_LOOK = 5.0
_IDLE = 1.75  # processor seconds between two looks: work that waits looks for its end all the time


@dataclass(frozen=True)
class Server:
    name: str
    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/slack/events"


@dataclass(frozen=True)
class Sizes:
    """`flood` and `steady` are events in one round, `rate` is a second."""

    rounds: int = 5
    flood: int = 2_000
    steady: int = 600
    rate: float = 60.0
    warming: int = 300


@dataclass(frozen=True)
class Round:
    """`processor` is what the process used for one event of the flood, in milliseconds."""

    flood: Acks
    steady: Acks
    processor: float

    @property
    def figures(self) -> tuple[float, ...]:
        """Events a second; p50 and p99 in milliseconds, of the flood and of the steady rate; the
        processor's."""
        at = [one.quantile(share) for one in (self.flood, self.steady) for share in (0.5, 0.99)]
        return (self.flood.rate, *at, self.processor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=Sizes().rounds)
    options = parser.parse_args()
    sizes = Sizes(rounds=options.rounds)
    if options.quick:
        sizes = Sizes(rounds=2, flood=400, steady=120, warming=200)
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        asyncio.run(measure(sizes, Path(folder)))


async def measure(sizes: Sizes, folder: Path) -> None:
    async with AsyncExitStack() as stack:
        ws = await stack.enter_async_context(LocalWorkspace.started(town()))
        airflow = stack.enter_context(RecordedAirflow(recordings()))
        servers = await stack.enter_async_context(_servers(ws, airflow, folder))
        mentions = Mentions(ws, [f"why did {one['dag_id']} fail?" for one in recordings()])
        for server in servers:
            await flood(server.url, mentions.signed(CONNECTIONS), CONNECTIONS)
        airflow.faults.hold["*"] = threading.Event()
        for server in servers:
            await flood(server.url, mentions.signed(sizes.warming), CONNECTIONS)
            await _at_rest(server)
        rounds: dict[str, list[Round]] = {server.name: [] for server in servers}
        for number in range(sizes.rounds):
            # Turned round each time, so that no one always comes after the same other.
            for server in servers if number % 2 == 0 else reversed(servers):
                rounds[server.name].append(await _round(server, servers, mentions, sizes))
        _print(rounds, sizes)


async def _round(
    server: Server, servers: Sequence[Server], mentions: Mentions, sizes: Sizes
) -> Round:
    for other in servers:
        _signal(other, signal.SIGCONT if other is server else signal.SIGSTOP)
    await asyncio.sleep(0.5)
    try:
        requests = mentions.signed(sizes.flood)
        before = processor_seconds(server.pid)
        flooded = await flood(server.url, requests, CONNECTIONS)
        used = processor_seconds(server.pid) - before
        steadily = await steady(server.url, mentions.signed(sizes.steady), sizes.rate)
    finally:
        for other in servers:
            _signal(other, signal.SIGCONT)
    return Round(flooded, steadily, 1e3 * used / sizes.flood)


async def _at_rest(server: Server) -> None:
    """Returns once the questions that were begun have come to wait for Slack."""
    async with asyncio.timeout(_SETTLING):
        used, before = math.inf, processor_seconds(server.pid)
        while used > _IDLE:
            await asyncio.sleep(_LOOK)
            now = processor_seconds(server.pid)
            used, before = now - before, now


def _signal(server: Server, number: signal.Signals) -> None:
    os.kill(server.pid, number)


# The servers


@asynccontextmanager
async def _servers(
    ws: LocalWorkspace, airflow: RecordedAirflow, folder: Path
) -> AsyncIterator[list[Server]]:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(_bare(ws))]
        plans = (
            ("SQLite, one process", Plan(door="http")),
            ("PostgreSQL, takes in only", Plan(database="postgresql", door="http", replicas=2)),
        )
        for name, plan in plans:
            database = stack.enter_context(database_of(plan))
            # What is measured is the taking in, so hardly anything is worked on beside it.
            settings = settings_of(plan, database, airflow, None) | {"work": {"at_once": 1}}
            secrets = secrets_of(ws, settings)
            replicas = replicas_of(plan, folder / plan.database, settings, secrets)
            await migrated(replicas[0])
            taking_in = [one for one in replicas if one.takes_in]
            await stack.enter_async_context(Fleet.running(taking_in, 60.0))
            servers.append(Server(name, taking_in[0].port, taking_in[0].pid))
        yield servers


@asynccontextmanager
async def _bare(ws: LocalWorkspace) -> AsyncIterator[Server]:
    port = free_port()
    secrets = {
        "SLACK_API_URL": ws.base_url,
        "BOT_TOKEN": ws.bot_token,
        "SIGNING_SECRET": ws.signing_secret,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.bare_bolt", str(port)), env=secrets
    )
    try:
        await _listens(port)
        yield Server(BARE, port, process.pid)
    finally:
        process.kill()
        await process.wait()


async def _listens(port: int) -> None:
    answered = False

    async def ask() -> None:
        nonlocal answered
        async with aiohttp.ClientSession() as session:
            while not answered:
                await asyncio.sleep(0.1)
                try:
                    async with session.get(f"http://127.0.0.1:{port}/readyz") as reply:
                        answered = reply.status == 200
                except aiohttp.ClientError:
                    continue

    asking = asyncio.create_task(ask())
    try:
        await until(lambda: answered, 30.0)
    finally:
        asking.cancel()


# What came of it


def _print(rounds: dict[str, list[Round]], sizes: Sizes) -> None:
    print(
        f"{sizes.rounds} rounds; medians of the rounds. Flood: {sizes.flood} events over "
        f"{CONNECTIONS} connections. Steady: {sizes.rate:g} events a second."
    )
    heads = (
        "events/s",
        "flood p50",
        "flood p99",
        "steady p50",
        "steady p99",
        "processor",
        "refused",
    )
    print(f"{'':<28}" + "".join(f"{head:>12}" for head in heads))
    medians = {name: _medians([one.figures for one in done]) for name, done in rounds.items()}
    for name, done in rounds.items():
        rate, *waits = medians[name]
        refused = sum(one.flood.refused + one.steady.refused for one in done)
        cells = [f"{rate:.0f}", *(f"{wait:.1f} ms" for wait in waits), str(refused)]
        print(f"{name:<28}" + "".join(f"{cell:>12}" for cell in cells))
    for name, done in rounds.items():
        if name != BARE:
            _print_ratios(name, done, rounds[BARE])


def _print_ratios(name: str, done: Sequence[Round], bare: Sequence[Round]) -> None:
    """Each round against the bare app's of the same round; the spread says how noisy it was."""
    ratios = [
        [ours / theirs for ours, theirs in zip(one.figures, other.figures, strict=True)]
        for one, other in zip(done, bare, strict=True)
    ]
    columns = list(zip(*ratios, strict=True))
    shown = [f"{statistics.median(c):.2f} ({min(c):.2f}-{max(c):.2f})" for c in columns]
    print(f"\n{name}, ratio to {BARE}: median (least-most)")
    print(f"  throughput      {shown[0]}   target at least 0.4")
    print(f"  ack p50, flood  {shown[1]}")
    print(f"  ack p99, flood  {shown[2]}   target at most 3")
    print(f"  ack p50, steady {shown[3]}")
    print(f"  ack p99, steady {shown[4]}   target at most 3")
    print(f"  processor time  {shown[5]}")


def _medians(rounds: Sequence[tuple[float, ...]]) -> list[float]:
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


if __name__ == "__main__":
    main()
