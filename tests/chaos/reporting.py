"""Airflow's own side: failures that it reports by itself, each of another Dag."""

from __future__ import annotations

import asyncio
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field

import aiohttp

from bot.playground.workspace import LocalWorkspace, Message
from tests.chaos.fleet import Fleet
from tests.chaos.pauses import pause
from tests.chaos.reading import words
from tests.chaos.town import FAILURES

_NAME = re.compile(r"\breported_\d{5}\b")
_TRIES = 6
_PAUSE = 3.0
_PATIENCE = aiohttp.ClientTimeout(total=12.0)


@dataclass
class Reporter:
    """Sends each failure until it is acknowledged, at times twice. `taken` are the Dags whose
    failure was."""

    fleet: Fleet
    token: str
    chance: random.Random
    sent: int = 0
    taken: set[str] = field(default_factory=set)

    async def talk(self, rate: float, done: asyncio.Event) -> None:
        """`rate` failures a second on average until `done`, then waits for those under way."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with (
            aiohttp.ClientSession(headers=headers, timeout=_PATIENCE) as session,
            asyncio.TaskGroup() as sending,
        ):
            while not done.is_set():
                self.sent += 1
                dag = f"reported_{self.sent:05}"
                for _ in range(2 if self.chance.random() < 0.2 else 1):
                    sending.create_task(self._send(session, dag))
                await pause(min(self.chance.expovariate(rate), 3 / rate), done)

    async def _send(self, session: aiohttp.ClientSession, dag: str) -> None:
        body = {"dag_id": dag, "run_id": f"run_of_{dag}", "task_id": "load", "try_number": 1}
        for _ in range(_TRIES):
            door = self.chance.choice(self.fleet.doors)
            url = f"http://127.0.0.1:{door.port}/webhooks/failures"
            try:
                async with session.post(url, json=body) as reply:
                    if reply.status in (200, 202):
                        self.taken.add(dag)
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(_PAUSE)

    def told(self, ws: LocalWorkspace) -> dict[str, list[Message]]:
        """The bot's messages in which each of these Dags stands."""
        found: defaultdict[str, list[Message]] = defaultdict(list)
        for message in ws.messages(FAILURES):
            if message.bot_id:
                for dag in set(_NAME.findall(words(message))):
                    found[dag].append(message)
        return dict(found)

    def untold(self, ws: LocalWorkspace) -> list[str]:
        """Taken, and never told of."""
        told = self.told(ws)
        return sorted(self.taken - told.keys())
