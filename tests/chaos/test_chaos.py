"""A short run of the same program on each database; `python -m tests.chaos` is the long one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.plan import Plan
from tests.chaos.report import Report
from tests.chaos.run import run

# Half a minute to a minute each on a quiet machine.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_SHORT = Plan(
    kills=5,
    seed=3,
    rate=1.0,
    trouble=(0.5, 2.5),
    retries=(0.5, 4.0, 12.0),
    late=6.0,
    cancels=(8.0, 16.0),
    quiet=8.0,
    pause=4.0,
    gap=(2.0, 5.0),
)
_REPLICAS = replace(_SHORT, database="postgresql", door="http", replicas=3, kills=6, pause=12.0)


async def test_one_process_on_sqlite_answers_every_question_once_though_it_is_killed() -> None:
    assert_all_was_answered(await run(_SHORT), _SHORT)


@pytest.mark.postgres
async def test_three_replicas_answer_every_question_once_though_they_are_killed() -> None:
    assert_all_was_answered(await run(_REPLICAS), _REPLICAS)


def assert_all_was_answered(report: Report, plan: Plan) -> None:
    seen = "\n".join(report.lines())
    print(seen)
    assert report.is_clean, seen
    assert (report.lost, report.doubled, report.apologies) == (0, 0, 0)
    assert report.answers + report.called_off == report.mentions > 10
    assert report.kills == plan.kills
    assert report.kinds_of_trouble >= 6, "hardly anything went wrong, so little was shown"
    assert report.tally.unanswered_calls, "no call of the bot was spoilt"
