"""Tells of failures that Airflow reported: a few Dags are diagnosed, a storm becomes a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import structlog

from bot.domain.failures import (
    DagName,
    FailedDag,
    Failure,
    FailureBatch,
    FailuresTold,
    batch_job,
)
from bot.domain.questions import Asker, Intent, Origin, Question, ThreadKey
from bot.domain.work import FOR_A_DAY, Job
from bot.services.announced import Audience
from bot.services.failure_words import lead_of, list_of, question_about
from bot.services.ports import Announcer, BatchTaken, DurableSteps, ReportedFailures

log = structlog.get_logger(__name__)

# What a list names at most; it says how many more there were. Slack takes 3,000 characters.
NAMED = 40
NAMED_CHARACTERS = 2_000


class FailureService:
    """The handler of jobs of kind `failures`. Holds no state: all of it is with `reported`."""

    def __init__(
        self,
        reported: ReportedFailures,
        announcer: Announcer,
        *,
        diagnosed_per_minute: int = 6,
        redact: Callable[[str], str] = str,
        audience: Audience | None = None,
    ) -> None:
        """Without an `audience` everything is told, at any time."""
        self._reported = reported
        self._audience = audience
        self._announcer = announcer
        self._per_minute = diagnosed_per_minute
        self._redact = redact

    async def tell(self, batch: FailureBatch, steps: DurableSteps) -> None:
        """Hands the diagnoses and the list of one batch on, each to work of its own."""
        number = batch.number
        told = await steps.run("collect", partial(self._collect, number), FOR_A_DAY)
        if told.wait:
            await steps.start(_later(batch, told))
            return
        for failed in told.diagnosed:
            lead = self._redact(lead_of(failed))
            await steps.start(self._announcer.diagnosis(self._question(failed), lead))
        if told.has_list:
            text = self._redact(list_of(told))
            await steps.start(self._announcer.message(f"failures:{number}:list", text))

    async def _collect(self, number: int) -> FailuresTold:
        # The batch stays open meanwhile: what comes in the quiet hours is told together.
        quiet = await self._audience.quiet_until() if self._audience else None
        if self._audience and quiet:
            wait = (quiet - self._audience.now()).total_seconds()
            return FailuresTold(wait=max(wait, 1.0), until=quiet)
        taken = await self._reported.take(number)
        if self._audience:
            taken = replace(taken, failures=await self._audience.shown(taken.failures))
        told = told_of(taken, self._per_minute)
        listed = len(told.listed) + len(told.known) + told.unnamed
        await self._reported.settle(number, [one.name for one in told.diagnosed], listed)
        log.info(
            "failures.collected",
            failures=len(taken.failures),
            diagnosed=len(told.diagnosed),
            listed=listed,
        )
        return told

    def _question(self, failed: FailedDag) -> Question:
        """What a person would have asked. Where its thread is, the announcer knows."""
        target = failed.first.target
        if target.task_id is None:
            target = replace(target, try_number=None)  # it counts how often the run was cleared
        return Question(
            id=failed.first.key,
            origin=Origin.WEBHOOK,
            asker=Asker(""),
            thread=ThreadKey("", "", ""),
            message_ts="",
            text=self._redact(question_about(target)),
            asked_at=failed.first.reported_at,
            intent=Intent.DIAGNOSE,
            chosen=target,
        )


def _later(batch: FailureBatch, told: FailuresTold) -> Job:
    """Looks at it again when the quiet hours are over."""
    job, until = batch_job(batch.number, told.wait), told.until
    return replace(job, key=f"{job.key}:{until:%Y-%m-%dT%H:%M:%S%z}")


def told_of(taken: BatchTaken, per_minute: int) -> FailuresTold:
    """Which Dags of a batch are diagnosed, in the order of arrival, and which are listed."""
    dags = _by_dag(taken.failures)
    known = [one for one in dags if one.name in taken.known]
    fresh = [one for one in dags if one.name not in taken.known]
    left = max(0, per_minute - taken.spent)
    rest = [*fresh[left:], *known]
    named = rest[: _readable(rest)]
    unnamed = rest[len(named) :]
    times = [failure.reported_at for failure in taken.failures]
    return FailuresTold(
        diagnosed=tuple(fresh[:left]),
        listed=tuple(one for one in named if one.name not in taken.known),
        known=tuple(one for one in named if one.name in taken.known),
        unnamed=len(unnamed),
        unnamed_tasks=sum(one.tasks for one in unnamed),
        since=min(times, default=None),
        until=max(times, default=None),
    )


def _readable(dags: Sequence[FailedDag]) -> int:
    """How many of them a list has room for."""
    room = NAMED_CHARACTERS
    for count, failed in enumerate(dags[:NAMED]):
        room -= len(failed.name.dag_id) + len(failed.name.cluster)
        if room < 0:
            return count
    return min(len(dags), NAMED)


def _by_dag(failures: Sequence[Failure]) -> list[FailedDag]:
    """In the order in which the Dags first failed."""
    dags: dict[DagName, list[Failure]] = {}
    for failure in failures:
        name = DagName(failure.target.cluster, failure.target.dag_id or "")
        dags.setdefault(name, []).append(failure)
    return [_failed_dag(name, failed) for name, failed in dags.items()]


def _failed_dag(name: DagName, failures: Sequence[Failure]) -> FailedDag:
    # A report of a whole run says no more than those of its tasks, where there are any.
    of_tasks = [failure for failure in failures if failure.target.task_id]
    return FailedDag(
        name=name,
        first=(of_tasks or failures)[0],
        tasks=len({_place(failure) for failure in of_tasks}),
        runs=len({failure.target.run_id for failure in failures}),
    )


def _place(failure: Failure) -> tuple[str | None, str | None, int | None]:
    """The task instance, whichever its try."""
    target = failure.target
    return target.run_id, target.task_id, target.map_index
