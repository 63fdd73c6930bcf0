"""The port `DurableSteps` over DBOS: what a step returned or raised is kept before work goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from time import monotonic
from typing import Any, TypeVar, cast

import structlog
from dbos import DBOS
from dbos import error as dbos_errors
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from bot.domain.errors import BotError, StoreError
from bot.domain.work import ONCE, Job, Retry, again, failed_before
from bot.services.at_work import span
from bot.services.ports import DurableSteps, Meter
from bot.workflows.errors import Interrupted, StepFailed, StepsChanged, as_bot_error
from bot.workflows.outcome import Outcome
from bot.workflows.queues import options_of

T = TypeVar("T")

_log = structlog.get_logger(__name__)


# Tries of any step while the database is away: half an hour. What the step is about has nothing to
# do with it, nothing else can be done meanwhile, and each may be begun more than once anyway, where
# a process dies.
_IN_AN_OUTAGE = 180
_OF_A_STORE = 12  # where the database is there, and yet something was not to be had of it
_IS_AWAY = (OperationalError, InterfaceError, NoFreeConnection)
_LOOKING_AGAIN = 10.0  # seconds between two of them at most
_DOUBLINGS = 30  # of a pause; by then the longest has long been reached


class EngineSteps(DurableSteps):
    """The steps of one `job`. `waiting` is entered while it does nothing but wait for another, and
    gives the seconds between looks at that. `silence` says why the database does not answer, or
    nothing where it does."""

    def __init__(
        self,
        job: Job,
        meter: Meter,
        redact: Callable[[str], str],
        waiting: Callable[[], AbstractAsyncContextManager[float]],
        silence: Callable[[], Awaitable[str]],
    ) -> None:
        self._job = job
        self._meter = meter
        self._redact = redact
        self._waiting = waiting
        self._silence = silence

    async def run(self, name: str, work: Callable[[], Awaitable[T]], retry: Retry = ONCE) -> T:
        tries = _Tries(name, work, retry, self._meter, self._redact, self._silence)
        with _keeping():
            outcome = await DBOS.run_step_async(
                {
                    "name": name,
                    "retries_allowed": True,
                    "max_attempts": tries.at_most,
                    # The pauses are kept by the tries: DBOS knows no longest one, and its own
                    # grow until they are no numbers any more.
                    "interval_seconds": 0.0,
                    "backoff_rate": 1.0,
                    "preemptible": True,
                },
                tries.next,
            )
        if outcome.error is not None:
            raise cast(BotError, outcome.error)
        return cast(T, outcome.value)

    async def call(self, job: Job) -> Any:
        if job.queue is self._job.queue:
            # It holds a place there itself, which the other may be waiting for.
            raise ValueError(f"Work in {job.queue} cannot wait for other work in {job.queue}.")
        # Handed in again, it would read back what came of the first time.
        job = replace(job, key=again(job.key, failed_before(self._job.key)))
        with _keeping():
            handle = await DBOS.enqueue_workflow_with_options_async(*self._options(job))
        try:
            async with self._waiting() as pause:
                with _keeping():
                    return await handle.get_result(polling_interval_sec=pause)
        except BotError:
            raise
        except Exception as error:  # DBOS' own: the work was cancelled, or given up
            raise as_bot_error(error) from error

    async def start(self, job: Job) -> None:
        with _keeping():
            await DBOS.enqueue_workflow_with_options_async(*self._options(job))

    def _options(self, job: Job) -> tuple[Any, Job]:
        if not job.part_of:
            job = replace(job, part_of=self._job.part_of or self._job.key)
        return options_of(job), job


class _InVain(Exception):
    """A try that another one follows. DBOS keeps what each raised until the last of them, and an
    error with all that led to it takes tens of kilobytes."""


class _Tries:
    """One after the other until DBOS is content: each that may be followed by another raises."""

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[Any]],
        retry: Retry,
        meter: Meter,
        redact: Callable[[str], str],
        silence: Callable[[], Awaitable[str]],
    ) -> None:
        self._name = name
        self._work = work
        self._retry = retry
        self._meter = meter
        self._redact = redact
        self._silence = silence
        self._begun = 0
        self._without_database = 0  # of those begun
        self._is_outage = False
        self._in_outages = max(retry.attempts, _IN_AN_OUTAGE)

    @property
    def at_most(self) -> int:
        return max(self._retry.attempts, _OF_A_STORE) + self._in_outages

    async def next(self) -> Outcome:
        if self._begun > 0:
            await asyncio.sleep(self._pause())
        self._begun += 1
        outcome = await self._outcome()
        if isinstance(outcome, str):
            raise _InVain(outcome)
        return outcome

    async def _outcome(self) -> Outcome | str:
        """The name of what went wrong, where it is to be tried again."""
        started = monotonic()
        try:
            with span(f"step {self._name}", tries=self._begun):
                value = await self._one()
        except Exception as caught:  # the door of a step: what is kept must be readable again
            error = as_bot_error(caught, self._redact)
            if error.final or not await self._goes_on(error):
                self._meter.step(self._name, "failed", monotonic() - started)
                return Outcome(error=error, tries=self._begun)
            self._meter.step(self._name, "retried", monotonic() - started)
            name = type(caught).__name__
            _log.warning("step_retried", step=self._name, tries=self._begun, error=name)
            return name
        self._meter.step(self._name, "done", monotonic() - started)
        return Outcome(value, tries=self._begun)

    async def _goes_on(self, error: BotError) -> bool:
        """Tries without a database count apart: the step has its own when that is back."""
        is_away = await self._is_away(error)
        self._is_outage = is_away or isinstance(error, StoreError)
        if is_away:
            self._without_database += 1
            return self._without_database < self._in_outages
        allowed = self._retry.attempts
        if self._is_outage:
            allowed = max(allowed, _OF_A_STORE)
        return self._begun - self._without_database < allowed

    async def _is_away(self, error: BotError) -> bool:
        if isinstance(error, StoreError):
            return isinstance(error.__cause__, _IS_AWAY)
        # Whoever waits for a database that hangs hears nothing of it.
        is_late = isinstance(error, StepFailed) and isinstance(error.__cause__, TimeoutError)
        return is_late and bool(await self._silence())

    async def _one(self) -> Any:
        try:
            async with asyncio.timeout(self._retry.seconds) as deadline:
                return await self._work()
        except TimeoutError as error:
            if not deadline.expired():
                raise
            allowed = f"{self._retry.seconds:g} s"
            raise StepFailed(f"{self._name} was not done within {allowed}.") from error
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            # Somebody else's cancelling that came through: this work is not called off.
            raise StepFailed(f"{self._name} was cut off from within.") from error

    def _pause(self) -> float:
        doublings = min(self._begun - 1, _DOUBLINGS)
        pause = min(self._retry.pause * 2.0**doublings, self._retry.longest)
        return min(pause, _LOOKING_AGAIN) if self._is_outage else pause


@contextmanager
def _keeping() -> Iterator[None]:
    """Around what DBOS does. The work of steps has its errors written down, and raises none here
    but those of the project."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise Interrupted(type(error).__name__) from error
    except dbos_errors.DBOSUnexpectedStepError as error:
        raise StepsChanged(str(error)) from error


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
