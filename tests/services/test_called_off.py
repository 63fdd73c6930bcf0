"""Only of work that was cancelled is anybody told that it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.domain.work import WorkStatus
from bot.services.called_off import CalledOffService
from bot.services.ports import DurableSteps
from tests.fakes.work import ReplaySteps


class Told:
    """Who was told, where the work is in these states, one at each look and the last for good."""

    def __init__(self, *states: WorkStatus | None) -> None:
        self._states: Iterator[WorkStatus | None] = iter(states)
        self._last = states[-1]
        self.bodies: list[object] = []

    async def status(self, key: str) -> WorkStatus | None:
        assert key == "work"
        return next(self._states, self._last)

    async def follow_up(self, body: object, steps: DurableSteps) -> None:
        self.bodies.append(body)

    async def work(self, key: str | None = "work") -> list[object]:
        service = CalledOffService(self.follow_up, lambda body: key, self.status)
        await service.work("body", ReplaySteps())
        return self.bodies


@pytest.mark.parametrize("before", [(), (WorkStatus.RUNNING, WorkStatus.RUNNING)])
async def test_of_cancelled_work_it_is_told(before: tuple[WorkStatus, ...]) -> None:
    assert await Told(*before, WorkStatus.CANCELLED).work() == ["body"]


@pytest.mark.parametrize(
    "status", [*(one for one in WorkStatus if one is not WorkStatus.CANCELLED), None]
)
async def test_of_work_that_was_not_cancelled_after_all_nothing_is_told(
    status: WorkStatus | None,
) -> None:
    assert await Told(status).work() == []


async def test_of_work_that_nobody_waits_for_nothing_is_told() -> None:
    assert await Told(WorkStatus.CANCELLED).work(key=None) == []
