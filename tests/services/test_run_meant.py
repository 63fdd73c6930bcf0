"""Which run is meant, and that a run which is not there is never replaced in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.evidence import DagRun
from bot.domain.targets import DayPart, Found, Nowhere, Resolution, RunChoice, Target, TargetHints
from bot.services.resolve import Resolver
from tests.fakes.cluster import FakeCluster

NOW = datetime(2026, 11, 13, 8, 30, tzinfo=UTC)  # a Friday, 09:30 in Berlin


def run(at: str, state: str = "success", *, until: str = "") -> DagRun:
    """A run due at a time of UTC; it takes a minute unless it lasts `until`."""
    due = datetime.fromisoformat(at).replace(tzinfo=UTC)
    end = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else due + timedelta(minutes=1)
    return DagRun(f"scheduled__{at}", "orders", state, run_after=due, start=due, end=end)


EVENING = run("2026-11-12T17:00", "failed")
LATE = run("2026-11-12T23:30", "failed")
EARLY = run("2026-11-13T03:00")
MONDAY = run("2026-11-09T12:00", "failed", until="2026-11-10T02:00")
RUNS = (EARLY, LATE, EVENING, MONDAY)
PROD = FakeCluster(dags={"orders": RUNS, "once": RUNS[:1], "never": ()})


async def resolved(hints: TargetHints, cluster: FakeCluster = PROD) -> Resolution:
    resolver = Resolver({"prod": cluster}, {"prod": ZoneInfo("Europe/Berlin")})
    return await resolver.resolve(hints, NOW)


def asked(run: RunChoice, date: str | None = None, **more: object) -> TargetHints:
    return TargetHints(names=("orders",), run=run, run_date=date, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hints", "expected", "words"),
    [
        (asked(RunChoice.TODAY, run_said="today"), LATE, "the latest failed run today"),
        (
            asked(RunChoice.YESTERDAY, day_part=DayPart.EVENING, run_said="yesterday evening"),
            EVENING,
            "the latest run yesterday evening (Europe/Berlin)",
        ),
        (
            asked(RunChoice.AGO, ago=4.5 * 3600, run_said="4.5 hours ago"),
            EARLY,
            "the latest run; none failed 4.5 hours ago (Europe/Berlin)",
        ),
        (
            asked(RunChoice.ON_WEEKDAY, "monday", run_said="on Monday"),
            MONDAY,
            "the latest run on Monday (Europe/Berlin)",
        ),
        (
            asked(RunChoice.ON_WEEKDAY, "tuesday", run_said="on Tuesday"),
            MONDAY,
            "the run that was under way on Tuesday (Europe/Berlin)",
        ),
    ],
)
async def test_the_hours_that_were_said_choose_the_run(
    hints: TargetHints, expected: DagRun, words: str
) -> None:
    found = await resolved(hints)
    assert isinstance(found, Found)
    assert found.target.run_id == expected.run_id
    assert words in found.understood_as


@pytest.mark.parametrize(
    ("date", "said"), [("2026-13-45", "on 2026-13-45"), ("--02-30", "on 30 Feb")]
)
@pytest.mark.parametrize("names", [("orders",), ()])
async def test_a_day_that_no_calendar_has_is_said_to_be_impossible(
    date: str, said: str, names: tuple[str, ...]
) -> None:
    hints = replace(asked(RunChoice.ON_DATE, date, run_said=said), names=names)
    nowhere = await resolved(hints)
    assert isinstance(nowhere, Nowhere)
    assert nowhere.looked_for == f"a run {said}"
    assert nowhere.remedy.startswith("There is no such day")


async def test_a_run_named_beside_an_impossible_day_is_still_found() -> None:
    hints = replace(asked(RunChoice.ON_DATE, "2026-13-45"), run_id="mine")
    assert await resolved(hints) == Found(Target("prod", "orders", "mine"), "")


async def test_a_day_that_is_still_to_come_is_said_to_be() -> None:
    nowhere = await resolved(asked(RunChoice.ON_DATE, "2026-12-24", run_said="on 24 Dec"))
    assert isinstance(nowhere, Nowhere)
    assert nowhere.remedy.startswith("That time is still to come.")


async def test_where_there_is_no_earlier_run_that_is_said() -> None:
    nowhere = await resolved(replace(asked(RunChoice.PREVIOUS), names=("once",)))
    assert isinstance(nowhere, Nowhere)
    assert nowhere.looked_for == "a run of once before the latest"
    assert nowhere.remedy.startswith(f"{EARLY.run_id} is the first run that Airflow has.")


async def test_the_previous_run_counts_from_the_run_of_the_thread() -> None:
    found = await resolved(asked(RunChoice.PREVIOUS, before_run=LATE.run_id))
    assert isinstance(found, Found)
    assert found.target.run_id == EVENING.run_id
    assert found.understood_as == f"the run before {LATE.run_id}"
    nowhere = await resolved(asked(RunChoice.PREVIOUS, before_run=MONDAY.run_id))
    assert isinstance(nowhere, Nowhere)


async def test_a_failure_among_many_runs_is_found_behind_the_first_page() -> None:
    often = [run(f"2026-11-13T07:{minute:02d}") for minute in reversed(range(30))]
    found = await resolved(
        TargetHints(names=("orders",)), replace(PROD, dags={"orders": (*often, *RUNS)})
    )
    assert isinstance(found, Found)
    assert (found.target.run_id, found.understood_as) == (LATE.run_id, "the latest failed run")


async def test_runs_that_may_not_be_read_are_not_said_to_be_missing() -> None:
    shut = replace(PROD, forbidden=frozenset({"runs"}))
    nowhere = await resolved(asked(RunChoice.TODAY, run_said="today"), shut)
    assert isinstance(nowhere, Nowhere)
    assert nowhere.unreachable
    assert "Permit to read runs" in nowhere.remedy
    found = await resolved(asked(RunChoice.UNSAID), shut)
    assert found == Found(Target("prod", "orders"), "the list of its runs could not be read")


async def test_a_dag_that_never_ran_has_no_run_of_any_day() -> None:
    nowhere = await resolved(replace(asked(RunChoice.TODAY, run_said="today"), names=("never",)))
    assert isinstance(nowhere, Nowhere)
    assert nowhere.looked_for == "a run of never today (Europe/Berlin)"
