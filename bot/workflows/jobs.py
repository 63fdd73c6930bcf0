"""The work under way in this process: each job with its handler, until done or called off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any

import structlog

from bot.domain.errors import BotError, StoreError
from bot.domain.work import Job, Priority
from bot.services.at_work import working_on
from bot.services.ports import Meter
from bot.workflows.config import Handler
from bot.workflows.errors import Interrupted, StepFailed, StepsChanged, as_bot_error
from bot.workflows.places import Place, Places
from bot.workflows.serializer import Unreadable
from bot.workflows.steps import EngineSteps
from bot.workflows.strangers import Strangers

_UNWINDING = 2.0  # seconds for work that was called off to end
_LOOKING_OFTEN = 8  # so many that wait for other work
_OTHER_STEPS = (
    "The work was begun by a version of the bot that had other steps, and cannot be gone on with."
)

_log = structlog.get_logger(__name__)


class Jobs:
    """`handlers` by the kind of work they do; `poll` is seconds between looks at other work;
    `silence` says why the database does not answer, or nothing where it does."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        meter: Meter,
        redact: Callable[[str], str],
        poll: float,
        places: Places,
        strangers: Strangers,
        silence: Callable[[], Awaitable[str]],
    ) -> None:
        self._handlers = dict(handlers)
        self._silence = silence
        self._places = places
        self._strangers = strangers
        self._meter = meter
        self._redact = redact
        self._poll = poll
        self._running: set[asyncio.Task[Any]] = set()
        self._waiting: set[asyncio.Task[Any]] = set()  # for other work, and for nothing else
        self._changed = asyncio.Event()
        self._is_closed = False

    async def work(self, job: Job) -> Any:
        """What the handler returns. Raises nothing but errors that can be kept."""
        task = asyncio.current_task()
        assert task is not None
        reported = job.priority >= Priority.REPORTED
        with (
            working_on(job.key, f"job {job.kind}", part_of=job.part_of, gives_way=reported),
            self._among(self._running, task),
        ):
            try:
                async with self._place_for(job, task) as place:
                    return await self._handle(job, task, place)
            except Interrupted as error:
                # Nothing is kept of this: whoever looks for lost work has it done again.
                _log.warning("work_interrupted", kind=job.kind, reason=str(error))
                raise asyncio.CancelledError from error
            except StepsChanged as error:
                _log.error("work_from_other_steps", kind=job.kind)
                raise StepFailed(_OTHER_STEPS) from error
            except BotError as error:
                _log.warning("work_failed", kind=job.kind, error=type(error).__name__)
                raise
            except asyncio.CancelledError as error:
                if task.cancelling() or self._is_closed:
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

    @asynccontextmanager
    async def _place_for(self, job: Job, task: asyncio.Task[Any]) -> AsyncIterator[Place]:
        async with AsyncExitStack() as stack:
            with self._among(self._waiting, task):
                place = await stack.enter_async_context(
                    self._places.one_for(job.key, job.queue.value)
                )
            if self._is_closed:
                raise asyncio.CancelledError  # claimed at the last moment; goes back with the rest
            yield place

    async def _handle(self, job: Job, task: asyncio.Task[Any], place: Place) -> Any:
        handler = self._handlers.get(job.kind)
        if handler is None:
            await self._leave(job)
            raise StepFailed(f"Nobody does work of the kind {job.kind}. Is the bot up to date?")
        if isinstance(job.body, Unreadable):
            await self._leave(job)
            raise StepFailed(job.body.reason)
        waiting = partial(self._waiting_at, place, task)
        steps = EngineSteps(job, self._meter, self._redact, waiting, self._silence)
        return await handler(job.body, steps)

    async def _leave(self, job: Job) -> None:
        """Returns where nobody else will do it either."""
        try:
            if await self._strangers.leave(job):
                raise Interrupted("left to a newer replica")
        except StoreError as error:
            raise Interrupted(str(error)) from error

    @asynccontextmanager
    async def _waiting_at(self, place: Place, task: asyncio.Task[Any]) -> AsyncIterator[float]:
        """Gives the seconds between looks: the more work waits, the longer, as each is a query."""
        with self._among(self._waiting, task):
            async with place.left():
                yield self._poll * (1 + len(self._waiting) // _LOOKING_OFTEN)

    @contextmanager
    def _among(self, tasks: set[asyncio.Task[Any]], task: asyncio.Task[Any]) -> Iterator[None]:
        tasks.add(task)
        self._changed.set()
        try:
            yield
        finally:
            tasks.discard(task)
            self._changed.set()
