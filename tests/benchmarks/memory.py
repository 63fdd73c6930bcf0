"""Prints how much memory the bot takes while tens of thousands of events go through it.

    python -m tests.benchmarks.memory [--database sqlite] [--events 50000] [--quick]

Events are what the workspace delivers and the bot acknowledges: for each question the mention and
its twin (a `message`), the bot's own messages and their changes, and people's chatter that is not
for it. Of the questions seven in ten are diagnosed, with all of Airflow's calls; the rest are
status, how-to and small talk. All questions are answered before memory is looked at. The target
is a line that does not rise.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.playground.workspace.hub import Notice
from bot.playground.workspace.journal import Delivery
from tests.benchmarks.processor import memory_mb, processors_used
from tests.chaos.fleet import until
from tests.chaos.people import People
from tests.chaos.plan import Plan
from tests.chaos.stage import recordings, staged
from tests.chaos.tally import Tally
from tests.chaos.trouble import Scene

CHANNELS = 200  # so that no channel's pace holds anything up
UNDER_WAY = 24
LOOKS = 10
CHATTER = 0.5  # remarks for each question


@dataclass
class Events:
    """What the bot has acknowledged, by name."""

    names: Counter[str] = field(default_factory=Counter)

    def hear(self, notice: Notice) -> None:
        if isinstance(notice, Delivery) and not notice.reason:
            self.names[notice.name] += 1

    @property
    def count(self) -> int:
        return self.names.total()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    replicas = 1 if options.database == "sqlite" else 2
    plan = Plan(database=options.database, door="http", replicas=replicas)
    events = 2_000 if options.quick else options.events
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        asyncio.run(measure(plan, events, Path(folder) / "bot"))


async def measure(plan: Plan, wanted: int, folder: Path) -> None:
    async with staged(plan, folder, channels=CHANNELS) as scene:
        tally, events = Tally(scene.ws), Events()
        scene.ws.hub.listen(events.hear)
        dags = [str(one["dag_id"]) for one in recordings()]
        people = People(scene.ws, tally, dags, random.Random(1))
        names = [replica.name for replica in scene.fleet.replicas]
        print(f"{plan.database}; MB of resident memory")
        print(f"{'events':>8}{'answers':>9}{'s':>7}" + "".join(f"{name:>12}" for name in names))
        rows: list[tuple[int, list[float]]] = []
        began = time.monotonic()
        for look in range(LOOKS + 1):
            await _more(scene, people, tally, events, wanted * look // LOOKS)
            used = [memory_mb(replica.pid) for replica in scene.fleet.replicas]
            rows.append((events.count, used))
            cells = "".join(f"{mb:>12.1f}" for mb in used)
            seconds = time.monotonic() - began
            print(f"{events.count:>8}{_answered(tally):>9}{seconds:>7.0f}{cells}", flush=True)
        _print_slopes(names, rows)
        print(f"events: {', '.join(f'{name} {n}' for name, n in events.names.most_common())}")
        print(f"processor: {processors_used(scene.fleet.replicas)}")


async def _more(scene: Scene, people: People, tally: Tally, events: Events, wanted: int) -> None:
    """Goes on until so many events were acknowledged and every question was answered."""
    chance = random.Random(wanted)
    while events.count < wanted:
        await people.mention()
        if chance.random() < CHATTER:
            await people.chat()
        await until(lambda: _open(tally) < UNDER_WAY, 120.0)
        # What the other side remembers is none of the bot's memory.
        scene.airflow.seen.clear()
        scene.model.requests.clear()
    await until(lambda: not _open(tally), 120.0)


def _open(tally: Tally) -> int:
    return len(tally.asks) - _answered(tally)


def _answered(tally: Tally) -> int:
    return sum(bool(ask.answers) for ask in tally.asks)


def _print_slopes(names: Sequence[str], rows: Sequence[tuple[int, list[float]]]) -> None:
    """A line through all looks but the first two, when caches were still filling."""
    counts = [count for count, _ in rows[2:]]
    for at, name in enumerate(names):
        line = statistics.linear_regression(counts, [used[at] for _, used in rows[2:]])
        print(f"{name}: {line.slope * 10_000:+.2f} MB each 10,000 events   target flat")


if __name__ == "__main__":
    main()
