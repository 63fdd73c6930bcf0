"""Work given up on is counted by its kind, and by whether anybody could be told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alerts import LOOK, Look, look_job
from bot.domain.dead_letters import DeadLetter, Unfinished
from bot.domain.failures import Failure
from bot.domain.targets import Target
from bot.domain.work import Job, Queue
from bot.services.dead_letters import UNFINISHED, DeadLetterService
from bot.services.ports import DurableSteps
from tests.fakes.work import FakeMeter, ReplaySteps

FAILURE = Failure(
    Target("prod", "orders", "r1", "load"), "failed", datetime(2026, 1, 1, tzinfo=UTC)
)
LETTER = DeadLetter("T1:C1:17.5", None)
LEFT = Unfinished("T1:C1:17.5:remark", "T1:C1:17.5", revision=4, tries=1)


class Found:
    """The port `DeadLetters`, of which one answer is unfinished."""

    async def unanswered(self, since: datetime, limit: int) -> Sequence[DeadLetter]:
        return ()

    async def unfinished(self, since: datetime, limit: int) -> Sequence[Unfinished]:
        return (LEFT,)

    async def untold(self, since: datetime) -> Mapping[str, int]:
        return {}


class Voice:
    """Apologises where there is somebody to apologise to."""

    def __init__(self, *, heard: bool) -> None:
        self._heard = heard

    async def say(self, letter: DeadLetter, work: Job | None, steps: DurableSteps) -> bool:
        return self._heard


@pytest.mark.parametrize(
    ("kind", "heard", "counted"),
    [
        ("arrival", True, ("arrival", "told")),
        ("arrival", False, ("arrival", "not_told")),
        (None, True, ("unreadable", "told")),
    ],
)
async def test_a_dead_letter_is_counted_by_kind_and_by_whether_it_was_told(
    kind: str | None, heard: bool, counted: tuple[str, str]
) -> None:
    meter = FakeMeter()
    job = Job(LETTER.key, kind, None, Queue.QUESTIONS, "C1") if kind else None

    async def read(key: str) -> Job | None:
        return job

    async def start(job: Job) -> None:
        raise AssertionError("nothing is handed in here")

    service = DeadLetterService(
        Found(),
        Voice(heard=heard),
        read=read,
        start=start,
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        keep=timedelta(days=14),
        meter=meter,
    )
    await service.tell(LETTER, ReplaySteps())
    assert meter.dead_letters == [counted]


@pytest.mark.parametrize("has_model", [True, False])
async def test_an_unfinished_answer_is_handed_in_uncounted_where_a_model_was_to_add_to_it(
    has_model: bool,
) -> None:
    meter = FakeMeter()
    started: list[Job] = []

    async def read(key: str) -> Job | None:
        raise AssertionError("nothing is told here")

    async def start(job: Job) -> None:
        started.append(job)

    service = DeadLetterService(
        Found(),
        Voice(heard=True),
        read=read,
        start=start,
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        keep=timedelta(days=14),
        meter=meter,
        has_model=has_model,
    )
    assert await service.sweep() == 0
    key = "unfinished:T1:C1:17.5:4+"
    job = Job(key, UNFINISHED, LEFT, Queue.LATER, share=key, part_of=LEFT.key)
    assert started == ([job] if has_model else [])
    assert meter.dead_letters == []


async def test_of_a_dead_letter_is_also_settled_what_its_work_had_begun() -> None:
    look = Look("C1", FAILURE, datetime(2026, 1, 1, tzinfo=UTC))
    settled: list[object] = []

    async def read(key: str) -> Job | None:
        return look_job(look, 0.0)

    async def start(job: Job) -> None:
        raise AssertionError("nothing is handed in here")

    async def give_up(body: object) -> None:
        settled.append(body)

    service = DeadLetterService(
        Found(),
        Voice(heard=False),
        read=read,
        start=start,
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        keep=timedelta(days=14),
        settle={LOOK: give_up},
    )
    await service.tell(DeadLetter(look_job(look, 0.0).key, None), ReplaySteps())
    assert settled == [look]
