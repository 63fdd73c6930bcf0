"""How long the work of killed processes stood still, as the database shows it; PostgreSQL only."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from dataclasses import dataclass, field

import psycopg

from tests.chaos.fleet import Fleet

TARGET = 60.0  # seconds
_EVERY = 2.0
_PATIENCE = 3  # seconds for a connection
_UNFINISHED = (
    "SELECT workflow_uuid, status, executor_id FROM dbos.workflow_status "
    "WHERE status IN ('PENDING', 'ENQUEUED', 'DELAYED')"
)


@dataclass(frozen=True)
class Still:
    """Work in the hands of a process that died at `since`, on the monotonic clock."""

    owner: str
    since: float


@dataclass
class Standstill:
    """From the death of its owner until another has work in hand or it is finished, in `seconds`;
    a look each few seconds, so it tells up to so much more. Time in which the database was away, or
    none of the processes that work was ready, does not count: nobody could take work over then.
    `still` stands yet."""

    fleet: Fleet
    dsn: str
    seconds: list[float] = field(default_factory=list)
    still: dict[str, Still] = field(default_factory=dict)
    _seen_at: float = field(default_factory=time.monotonic)
    _spared: list[tuple[float, float]] = field(default_factory=list)

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(_EVERY)
            with contextlib.suppress(psycopg.Error):
                await self.look()

    async def look(self) -> None:
        """Raises `psycopg.Error`."""
        async with await psycopg.AsyncConnection.connect(
            self.dsn, autocommit=True, connect_timeout=_PATIENCE
        ) as connection:
            rows = await (await connection.execute(_UNFINISHED)).fetchall()
        now = time.monotonic()
        if now - self._seen_at > 2 * _EVERY or not self._is_one_at_work():
            self._spared.append((self._seen_at, now))
        self._seen_at = now
        self.note({str(key): (str(status), owner or "") for key, status, owner in rows}, now)

    def note(self, unfinished: dict[str, tuple[str, str]], now: float) -> None:
        """`unfinished` is work by its key, with its status and owner."""
        for key, still in list(self.still.items()):
            status, owner = unfinished.get(key, ("", ""))
            in_hand = status == "PENDING" and owner != still.owner
            if not status or in_hand:
                self.seconds.append(self._lasted(still.since, now))
                del self.still[key]
        deaths = self.fleet.deaths
        for key, (status, owner) in unfinished.items():
            died = deaths.get(_pid_of(owner))
            if status == "PENDING" and died is not None:
                self.still.setdefault(key, Still(owner, died))

    def _is_one_at_work(self) -> bool:
        return any(one.ready and one.role != "serve" for one in self.fleet.replicas)

    def _lasted(self, since: float, now: float) -> float:
        away = sum(max(0.0, min(end, now) - max(begin, since)) for begin, end in self._spared)
        return now - since - away

    @property
    def line(self) -> str:
        found = sorted(self.seconds)
        if not found:
            return f"nothing did; {len(self.still)} left"
        p50, p99 = (found[min(len(found) - 1, int(len(found) * part))] for part in (0.5, 0.99))
        late = sum(math.ceil(one - _EVERY) > TARGET for one in found)
        return (
            f"{p50:.1f} / {p99:.1f} / {found[-1]:.1f} s of {len(found)}, "
            f"{late} longer than {TARGET:g} s, {len(self.still)} left"
        )


def _pid_of(owner: str) -> int:
    """Owners are called host:pid:number."""
    number = owner.split(":")[-2] if owner.count(":") >= 2 else ""
    return int(number) if number.isdecimal() else 0
