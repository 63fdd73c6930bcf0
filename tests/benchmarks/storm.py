"""Prints how long people wait for answers while Airflow reports failures by the thousand.

    python -m tests.benchmarks.storm [--database sqlite] [--quick]

Somebody asks every few seconds, at first in peace, then while 1,000 failures a minute are reported
for five minutes. Targets: no backlog afterwards, and no question waits more than 2 s longer.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.benchmarks.processor import processors_used
from tests.chaos.asks import Ask
from tests.chaos.fleet import Replica, until
from tests.chaos.people import People
from tests.chaos.plan import Plan
from tests.chaos.stage import WEBHOOK_TOKEN, recordings, staged
from tests.chaos.tally import Tally
from tests.chaos.town import FAILURES
from tests.chaos.trouble import Scene

QUESTION_EVERY = 3.0
LOOK_EVERY = 10.0
_DEPTH = re.compile(r'^airflow_bot_queue_depth\{queue="(\w+)",status="(\w+)"\} ([0-9.e+]+)$', re.M)
_OPEN = ("waiting", "running")
_TIMED = ("later", "watches")
"""What waits there waits for its time: looks into Airflow, reminders a day later."""


@dataclass(frozen=True)
class Sizes:
    """Seconds, but for failures a minute."""

    peace: float = 90.0
    storm: float = 300.0
    a_minute: int = 1_000
    longest_rest: float = 180.0


@dataclass
class Reports:
    """What became of the failures that were reported."""

    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    sizes = Sizes(peace=20.0, storm=60.0) if options.quick else Sizes()
    replicas = 1 if options.database == "sqlite" else 2
    plan = Plan(database=options.database, door="http", replicas=replicas)
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        asyncio.run(measure(plan, sizes, Path(folder) / "bot"))


async def measure(plan: Plan, sizes: Sizes, folder: Path) -> None:
    async with staged(plan, folder) as scene:
        tally = Tally(scene.ws)
        dags = [str(one["dag_id"]) for one in recordings()]
        people = People(scene.ws, tally, dags, random.Random(1))
        await _questions(people, 10.0)  # warms everything up
        in_peace = await _asked_during(people, tally, sizes.peace)
        print(f"{plan.database}, {', '.join(plan.roles)}; {sizes.a_minute} failures a minute")
        reports = Reports()
        storming = asyncio.create_task(_storm(scene, sizes, reports, dags))
        watching = asyncio.create_task(_watch(scene, sizes.storm))
        in_storm = await _asked_during(people, tally, sizes.storm)
        await asyncio.gather(storming, watching)
        await _print(scene, sizes, in_peace, in_storm, reports)


async def _questions(people: People, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await people.mention()
        await asyncio.sleep(QUESTION_EVERY)


async def _asked_during(people: People, tally: Tally, seconds: float) -> list[float]:
    """Seconds that each question of this time waited; all are waited for."""
    first = len(tally.asks)
    await _questions(people, seconds)
    asked: Sequence[Ask] = tally.asks[first:]
    await until(lambda: all(ask.answers for ask in asked), 120.0)
    return [ask.answers[0].at - ask.said_at for ask in asked]


async def _storm(scene: Scene, sizes: Sizes, reports: Reports, dags: Sequence[str]) -> None:
    url = f"http://127.0.0.1:{scene.fleet.doors[0].port}/webhooks/failures"
    headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    chance, began = random.Random(2), time.monotonic()
    sending = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for number in range(int(sizes.storm * sizes.a_minute / 60)):
            await asyncio.sleep(max(0.0, began + number * 60 / sizes.a_minute - time.monotonic()))
            body = {
                "dag_id": chance.choice(dags) if number % 4 else f"unknown_{number % 400}",
                "run_id": f"scheduled__{number}",
                "task_id": "load",
                "try_number": 1,
            }
            sending.append(asyncio.create_task(_report(session, url, body, reports)))
        await asyncio.gather(*sending)


async def _report(
    session: aiohttp.ClientSession, url: str, body: dict[str, object], reports: Reports
) -> None:
    began = time.perf_counter()
    async with session.post(url, json=body) as reply:
        await reply.read()
        reports.statuses[reply.status] += 1
    reports.waits.append(time.perf_counter() - began)


async def _depths(replicas: Sequence[Replica]) -> dict[str, int]:
    """Open work by queue. All processes see the same queues; the fullest view counts."""
    found: Counter[str] = Counter()
    async with aiohttp.ClientSession() as session:
        for replica in replicas:
            async with session.get(f"http://127.0.0.1:{replica.port}/metrics") as reply:
                text = await reply.text()
            seen: Counter[str] = Counter()
            for queue, status, count in _DEPTH.findall(text):
                seen[queue] += int(float(count)) * (status in _OPEN)
            found |= seen
    return {queue: count for queue, count in found.items() if count}


async def _watch(scene: Scene, seconds: float) -> None:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        await asyncio.sleep(LOOK_EVERY)
        depths = await _depths(scene.fleet.replicas)
        print(f"  after {time.monotonic() - began:4.0f} s open work: {_worded(depths)}", flush=True)


async def _rest(scene: Scene, seconds: float) -> tuple[dict[str, int], float]:
    """Open work once there is none, or after `seconds`; and how long that took."""
    began = time.monotonic()
    for _ in range(int(seconds)):
        left = await _depths(scene.fleet.replicas)
        if not left.keys() - _TIMED:
            break
        await asyncio.sleep(1.0)
    return left, time.monotonic() - began


async def _print(
    scene: Scene,
    sizes: Sizes,
    in_peace: Sequence[float],
    in_storm: Sequence[float],
    reports: Reports,
) -> None:
    left, rest = await _rest(scene, sizes.longest_rest)
    waits = sorted(reports.waits)
    told = [m for m in scene.ws.messages(FAILURES) if m.bot_id]
    print(f"reported {len(waits)}, answered {dict(reports.statuses)}")
    print(f"report acknowledged after p50 {_at(waits, 0.5):.3f} s, p99 {_at(waits, 0.99):.3f} s")
    print(f"messages about them: {len(told)}")
    for name, found in (("in peace", in_peace), ("in the storm", in_storm)):
        ordered = sorted(found)
        cells = (f"{_at(ordered, share):.2f}" for share in (0.5, 0.95, 1.0))
        print(f"questions {name:<13} {len(found):4} waited p50/p95/most {' / '.join(cells)} s")
    for name, share in (("p50", 0.5), ("p95", 0.95), ("most", 1.0)):
        extra = _at(sorted(in_storm), share) - _at(sorted(in_peace), share)
        print(f"extra wait {name:<5} {extra:+.2f} s   target at most 2 s")
    timed = {queue: left.pop(queue, 0) for queue in _TIMED}
    print(f"open work {rest:.0f} s after the storm: {_worded(left)}   target none")
    print(f"waiting for their time: {_worded(timed)}")
    print(f"processor: {processors_used(scene.fleet.replicas)}")


def _worded(depths: dict[str, int]) -> str:
    return ", ".join(f"{queue} {count}" for queue, count in sorted(depths.items())) or "none"


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


if __name__ == "__main__":
    main()
