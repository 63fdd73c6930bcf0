"""Engines, jobs and patience for the tests of durable work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update

from bot.domain.work import Job, Priority, Queue
from bot.services.no_meter import NoMeter
from bot.workflows.admin import WorkAdmin
from bot.workflows.config import EngineConfig, Handler
from bot.workflows.databases import open_engine
from bot.workflows.engine import Engine
from bot.workflows.views import WorkDetail
from bot.workflows.work_rows import work_table
from tests.waiting import until

POLL = 0.05


@dataclass(frozen=True, slots=True)
class Errand:
    """The body of the jobs in these tests. In processes of their own each step takes `seconds`, and
    the one that `sticks` does not end where it begins for the first time."""

    text: str = ""
    seconds: float = 0.0
    sticks: str = ""


class CountingMeter(NoMeter):
    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []

    def step(self, name: str, outcome: str, seconds: float) -> None:
        self.steps.append((name, outcome))


def errand(
    key: str,
    *,
    text: str = "",
    seconds: float = 0.0,
    sticks: str = "",
    kind: str = "errand",
    queue: Queue = Queue.QUESTIONS,
    share: str | None = None,
    priority: int = Priority.ASKED,
    delay: float = 0.0,
) -> Job:
    """Alone in its share, unless that is given."""
    body = Errand(text or key, seconds, sticks)
    return Job(key, kind, body, queue, share or f"share of {key}", priority, delay)


@asynccontextmanager
async def running(
    url: str,
    handlers: Mapping[str, Handler] | Handler,
    *,
    at_once: int = 16,
    works: bool = True,
    lease: float = 12.0,
    **more: Any,
) -> AsyncIterator[Engine]:
    """An open engine; closed at the end without any patience."""
    by_kind = handlers if isinstance(handlers, Mapping) else {"errand": handlers}
    config = EngineConfig(url, works=works, at_once=at_once, poll=POLL, lease=lease)
    engine = Engine(config, by_kind, [Errand], **more)
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close(0)


@asynccontextmanager
async def looking(url: str) -> AsyncIterator[WorkAdmin]:
    admin = WorkAdmin(url, [Errand])
    try:
        yield admin
    finally:
        await admin.close()


async def finished(url: str, *keys: str) -> Sequence[WorkDetail]:
    """How the work of these keys ended, waiting for it."""
    details: dict[str, WorkDetail] = {}
    async with looking(url) as admin:

        async def all_over() -> bool:
            for key in keys:
                detail = await admin.show(key)
                if detail is None or detail.work.finished is None:
                    return False
                details[key] = detail
            return True

        await until(all_over, f"the end of {', '.join(keys)}")
    return [details[key] for key in keys]


def claim(url: str, *keys: str, owner: str, attempts: int = 1) -> None:
    """As a process does that nobody hears of any more."""
    database = open_engine(url, connections=1)
    work = work_table(database.dialect.name)
    with database.begin() as connection:
        connection.execute(
            update(work)
            .where(work.c.workflow_uuid.in_(keys))
            .values(
                status="PENDING",
                executor_id=owner,
                owner_xid="theirs",
                recovery_attempts=attempts,
                started_at_epoch_ms=1,
            )
        )
    database.dispose()
