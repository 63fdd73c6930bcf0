"""Work that is this process' own by the database, and that nobody here does, has itself done again.

It comes about where a claim was kept and its confirmation lost, and where the database failed in
the middle of keeping what work came to. Nobody takes over from a process that lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from dbos import DBOSClient
from dbos._utils import INTERNAL_QUEUE_NAME

from bot.domain.errors import StoreError
from bot.workflows.places import Places

Ask = Callable[[Callable[[], frozenset[str]]], Awaitable[frozenset[str]]]

_log = structlog.get_logger(__name__)


class Repair:
    """Looks every `pause` seconds. What is missing twice in a row is lost: the first time it may
    be on its way from the database. `ask` calls in a thread and raises `StoreError`."""

    def __init__(
        self, client: DBOSClient, places: Places, executor_id: str, pause: float, ask: Ask
    ) -> None:
        self._client = client
        self._places = places
        self._executor_id = executor_id
        self._pause = pause
        self._ask = ask
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="repair")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        missing: frozenset[str] = frozenset()
        while True:
            await asyncio.sleep(self._pause)
            try:
                missing = await self._ask(partial(self._look, missing))
            except StoreError as error:
                missing = frozenset()
                _log.warning("lost_work_not_looked_for", error=str(error))
            except Exception:  # the task's door: nobody else would look again
                missing = frozenset()
                _log.exception("lost_work_not_looked_for")

    def _look(self, missing_before: frozenset[str]) -> frozenset[str]:
        """What was found missing for the first time."""
        ours = self._client.list_workflows(
            status="PENDING", executor_id=self._executor_id, load_input=False, load_output=False
        )
        # After the database was asked: what is done by now is in neither.
        missing = {each.workflow_id for each in ours}.difference(self._places.activeList())
        for key in sorted(missing & missing_before):
            # Private, see the contract test. Fenced: what nobody here does by now may still be
            # claimed by another, and is not touched then.
            if self._client._sys_db.reenqueue_for_recovery(
                key, [self._executor_id], INTERNAL_QUEUE_NAME
            ):
                _log.warning("lost_work_goes_on", work=key)
        return frozenset(missing - missing_before)
