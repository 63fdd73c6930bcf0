"""The bot's own processes: started from settings files as in production, killed and paused."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

_LOOK = 0.25  # seconds between two looks at a process
_BREATH = 0.5  # seconds before a process that ended by itself is started again
_STOP = 30.0  # what the bot promises, in all
_HOPELESS = 3  # ends in a row before it was ready


@dataclass
class Replica:
    """One process with a port, a folder and a log of its own.

    `ready` says whether /readyz did at the last look, `lost` how often it ended by itself, `falls`
    how often in a row before it was ready; `deaths` when the process of each id was killed or ended
    by itself, on the monotonic clock.
    """

    name: str
    role: str
    port: int
    folder: Path
    environ: Mapping[str, str]
    is_wanted: bool = True
    ready: bool = False
    lost: int = 0
    falls: int = 0
    starts: int = 0
    deaths: dict[int, float] = field(default_factory=dict, repr=False)
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @property
    def log(self) -> Path:
        return self.folder / "bot.log"

    @property
    def config(self) -> Path:
        return self.folder / "airflow-bot.yaml"

    @property
    def takes_in(self) -> bool:
        return self.role != "worker"

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def is_starting(self) -> bool:
        return self._starting.locked()

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    async def start(self) -> None:
        """Starts it where it does not run; one at a time, whoever wants it."""
        async with self._starting:
            if self.is_alive:
                return
            self.ready, self.is_wanted = False, True
            self.starts += 1
            with self.log.open("ab") as written:
                self.process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "bot", "serve", "--config", str(self.config)),
                    env={**self.environ, "PYTHONUNBUFFERED": "1"},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=written,
                    stderr=written,
                )

    async def kill(self) -> None:
        """kill -9; it stays down until it is started again."""
        self.is_wanted = self.ready = False
        self.signal(signal.SIGKILL)
        if self.process is not None:
            await self.process.wait()
        self.note_death()

    def note_death(self) -> None:
        """The first time counts."""
        if self.pid and not self.is_alive:
            self.deaths.setdefault(self.pid, time.monotonic())

    async def stop(self) -> float | None:
        """SIGTERM; seconds until it had ended, None where it had to be killed."""
        self.is_wanted = self.ready = False
        began = asyncio.get_running_loop().time()
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP):
                if self.process is not None:
                    await self.process.wait()
        except TimeoutError:
            await self.kill()
            return None
        return asyncio.get_running_loop().time() - began

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)


class Fleet:
    """All processes of the bot. Those that end by themselves are started again, and counted."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self.replicas = replicas
        self._watchers: list[asyncio.Task[None]] = []

    @classmethod
    @asynccontextmanager
    async def running(cls, replicas: Sequence[Replica], seconds: float) -> AsyncIterator[Fleet]:
        """Raises TimeoutError where they are not all ready within `seconds`."""
        fleet = cls(replicas)
        timeout = aiohttp.ClientTimeout(total=2.0)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                for replica in replicas:
                    await replica.start()
                    fleet._watchers.append(asyncio.create_task(fleet._watch(replica, session)))
                await fleet.until_ready(seconds)
                yield fleet
            finally:
                await fleet._end()

    @property
    def doors(self) -> list[Replica]:
        return [one for one in self.replicas if one.takes_in]

    @property
    def lost(self) -> int:
        """How often a process ended that nobody had killed."""
        return sum(one.lost for one in self.replicas)

    @property
    def deaths(self) -> dict[int, float]:
        """Of all processes there have been, by process id, on the monotonic clock."""
        return {pid: at for one in self.replicas for pid, at in one.deaths.items()}

    async def until_ready(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await until(self._is_ready_or_hopeless, seconds)
        late = [one for one in self.replicas if not one.ready]
        if late:
            tails = "\n".join(f"{one.name}: {tail(one.log)}" for one in late)
            raise TimeoutError(f"not ready within {seconds:g} s:\n{tails}")

    def _is_ready_or_hopeless(self) -> bool:
        return all(one.ready or one.falls >= _HOPELESS for one in self.replicas)

    async def _watch(self, replica: Replica, session: aiohttp.ClientSession) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            if not replica.is_alive:
                replica.ready = False
                replica.note_death()
                if replica.is_wanted and not replica.is_starting:
                    replica.lost += 1
                    replica.falls += 1
                    await asyncio.sleep(_BREATH)
                    await replica.start()
                continue
            try:
                async with session.get(f"http://127.0.0.1:{replica.port}/readyz") as answer:
                    replica.ready = answer.status == 200
                    replica.falls = 0 if replica.ready else replica.falls
            except (aiohttp.ClientError, TimeoutError):
                replica.ready = False

    async def _end(self) -> None:
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for replica in self.replicas:
            replica.signal(signal.SIGCONT)
            await replica.kill()


def replica_at(
    folder: Path, role: str, port: int, settings: Mapping[str, Any], secrets: Mapping[str, str]
) -> Replica:
    """A process to be started later; `folder` is made and keeps all that is its own."""
    folder.mkdir(parents=True)
    own = {
        **settings,
        "data_dir": str(folder / "data"),
        "web": {"port": port},
        "work": {"role": role, **settings.get("work", {})},
    }
    replica = Replica(folder.name, role, port, folder, {**_clean(os.environ), **secrets})
    replica.config.write_text(json.dumps(own, indent=2), encoding="utf-8")  # JSON is YAML too
    return replica


def _clean(inherited: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the developer's own settings reaches the bot."""
    foreign = ("AIRFLOW_BOT_", "SLACK_", "OPENAI_", "OTEL_")
    return {name: value for name, value in inherited.items() if not name.startswith(foreign)}


async def until(holds: Callable[[], bool], seconds: float) -> None:
    """Looks again and again. Raises TimeoutError after `seconds`."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 (what is looked at moves in other processes)
            await asyncio.sleep(_LOOK)


def tail(log: Path, characters: int = 1500) -> str:
    return log.read_text(errors="replace")[-characters:].strip() if log.exists() else "(no log)"
