"""An operator who calls questions off while they are under way."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.asks import Ask, Kind
from tests.chaos.fleet import Replica
from tests.chaos.pauses import pause
from tests.chaos.tally import Tally

_AT_MOST = 45.0  # seconds for one command
_NEWEST = 3


@dataclass
class Operator:
    """Uses `airflow-bot work cancel` with the settings of the first of `replicas`. `counts` says
    how often it did, and how often that was in time."""

    tally: Tally
    replicas: Sequence[Replica]
    chance: random.Random
    counts: Counter[str]

    async def work(self, gap: tuple[float, float], done: asyncio.Event) -> None:
        """Goes on until `done`, with a pause between `gap` seconds before each."""
        while not done.is_set():
            await pause(self.chance.uniform(*gap), done)
            # As large a share of what is random, whether there is something to call off or not.
            place = self.chance.random()
            under_way = [ask for ask in self.tally.asks if _is_under_way(ask)][-_NEWEST:]
            if under_way and not done.is_set():
                await self._cancel(under_way[int(place * len(under_way))])

    async def _cancel(self, ask: Ask) -> None:
        ask.cancelled = True
        replica = self.replicas[0]
        cancelling = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "work", "cancel", ask.work_key),
            *("--config", str(replica.config)),
            env=dict(replica.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(_AT_MOST):
                said, _ = await cancelling.communicate()
        except TimeoutError:
            cancelling.kill()
            said, _ = await cancelling.communicate()
        in_time = b"is called off" in said
        self.counts["work cancel: " + ("called off" if in_time else "not done")] += 1
        with (replica.folder / "cancel.log").open("ab") as log:
            log.write(said)


def _is_under_way(ask: Ask) -> bool:
    """But for remarks: they may have been for others, so nobody is told where they are called off,
    and nothing would show that they were not lost."""
    is_open = ask.acked is not None and not ask.answers and not ask.cancelled
    return is_open and ask.kind is not Kind.FOLLOW_UP
