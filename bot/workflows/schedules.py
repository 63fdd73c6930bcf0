"""What comes up by itself: written down, and done, by whoever knows it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from dbos import DBOS, DBOSClient

from bot.domain.errors import StoreError
from bot.domain.work import Job, Queue
from bot.workflows.config import Schedule
from bot.workflows.queues import options_of
from bot.workflows.strangers import Strangers

Due = Callable[[datetime, str], Coroutine[Any, Any, None]]
Ask = Callable[[Callable[[], None]], Awaitable[None]]

_log = structlog.get_logger(__name__)


class Schedules:
    """Schedules of other replicas, of another version or with other settings, are left to them.
    One that nobody knew for as long as `strangers` have patience is deleted; who knows it after all
    writes it down again at its start. `ask` calls in a thread and raises `StoreError`."""

    def __init__(
        self, schedules: Sequence[Schedule], client: DBOSClient, strangers: Strangers, ask: Ask
    ) -> None:
        self._schedules = {each.name: each for each in schedules}
        self._client = client
        self._strangers = strangers
        self._ask = ask

    async def due(self, at: datetime, name: str) -> None:
        """Does DBOS' work of a tick, within it."""
        schedule = self._schedules.get(name)
        if schedule is None:
            await self._leave(at, name)
            return
        job = schedule.job(at)
        await DBOS.enqueue_workflow_with_options_async(options_of(job), job)

    def apply(self, due: Due, *, is_alone: bool) -> None:
        """Writes down when `due` is called for what. Where this process `is_alone`, others than its
        own are past; else they may be a newer replica's, which would not write them down again."""
        if is_alone:
            for known in DBOS.list_schedules():
                if known["schedule_name"] not in self._schedules:
                    DBOS.delete_schedule(known["schedule_name"])
        DBOS.apply_schedules(
            [
                {
                    "schedule_name": each.name,
                    "workflow_fn": due,
                    "schedule": each.cron,
                    "context": each.name,
                }
                for each in self._schedules.values()
            ]
        )

    async def _leave(self, at: datetime, name: str) -> None:
        _log.warning("schedule_not_known", schedule=name, due=at.isoformat())
        key = DBOS.workflow_id or ""
        tick: Job = Job(key, "due", None, Queue.LATER, share=key)
        try:
            is_left = await self._strangers.leave(tick)
            if not is_left:
                await self._ask(partial(self._client.delete_schedule, name))
        except StoreError as error:
            is_left = True
            _log.warning("schedule_not_left", schedule=name, error=str(error))
        if is_left:
            # Nothing is kept of this: the tick is up for everybody, or looked for as lost work.
            raise asyncio.CancelledError
        _log.warning("schedule_forgotten", schedule=name)
