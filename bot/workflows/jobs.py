"""The work under way in this process: each job with its handler, until done or called off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import structlog

from bot.domain.errors import BotError
from bot.domain.work import Job, Priority
from bot.services.at_work import working_on
from bot.services.ports import Meter
from bot.workflows.config import Handler
from bot.workflows.errors import StepFailed, as_bot_error
from bot.workflows.steps import EngineSteps

_UNWINDING = 3.0  # seconds for work that was called off to end

_log = structlog.get_logger(__name__)


class Jobs:
    """`handlers` by the kind of work they do; `poll` is seconds between looks at other work."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        meter: Meter,
        redact: Callable[[str], str],
        poll: float,
    ) -> None:
        self._handlers = dict(handlers)
        self._meter = meter
        self._redact = redact
        self._poll = poll
        self._running: set[asyncio.Task[Any]] = set()
        self._waiting: set[asyncio.Task[Any]] = set()  # for other work, and for nothing else
        self._changed = asyncio.Event()
        self._is_closed = False

    @property
    def are_running(self) -> bool:
        return bool(self._running)

    async def work(self, job: Job) -> Any:
        """What the handler returns. Raises nothing but errors that can be kept."""
        task = asyncio.current_task()
        assert task is not None
        if self._is_closed:
            raise asyncio.CancelledError  # claimed at the last moment; handed back with the rest
        reported = job.priority >= Priority.REPORTED
        with (
            working_on(job.key, f"job {job.kind}", part_of=job.part_of, gives_way=reported),
            self._among(self._running, task),
        ):
            try:
                return await self._handle(job, task)
            except BotError as error:
                _log.warning("work_failed", kind=job.kind, error=type(error).__name__)
                raise
            except asyncio.CancelledError as error:
                if task.cancelling():
                    raise
                raise StepFailed("The work was cut off from within.") from error
            except Exception as error:  # the door of a job: what is kept must be readable again
                _log.exception("work_broke", kind=job.kind)
                raise as_bot_error(error, self._redact) from error

    async def finish(self, seconds: float) -> None:
        """Lets work end for up to `seconds`, then calls it off.

        Work that only waits for other work is called off with the last of the others: nothing
        more is taken on, so it would wait in vain.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._running - self._waiting:
                    self._changed.clear()
                    await self._changed.wait()
        self._is_closed = True
        called_off = set(self._running)
        for task in called_off:
            task.cancel()
        if called_off:
            await asyncio.wait(called_off, timeout=_UNWINDING)

    async def _handle(self, job: Job, task: asyncio.Task[Any]) -> Any:
        handler = self._handlers.get(job.kind)
        if handler is None:
            raise StepFailed(f"Nobody does work of the kind {job.kind}. Is the bot up to date?")
        waiting = partial(self._among, self._waiting, task)
        steps = EngineSteps(job, self._meter, self._redact, waiting, self._poll)
        return await handler(job.body, steps)

    @contextmanager
    def _among(self, tasks: set[asyncio.Task[Any]], task: asyncio.Task[Any]) -> Iterator[None]:
        tasks.add(task)
        self._changed.set()
        try:
            yield
        finally:
            tasks.discard(task)
            self._changed.set()
