"""What becomes of reported failures: diagnoses, one list, and nothing lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import StoreError
from bot.domain.failures import DagName, Failure, FailureBatch, batch_job
from bot.domain.questions import Intent, Origin, Question
from bot.domain.targets import Target
from bot.domain.work import Job
from bot.questions.links import ClusterAddress
from bot.questions.mentions import mentions_in
from bot.services.failure_words import list_of, question_about
from bot.services.failures import FailureService, told_of
from bot.services.ports import BatchTaken
from tests.fakes.failures import FakeAnnouncer, FakeReportedFailures
from tests.fakes.work import Journal, Killed, ReplaySteps, assert_keepable

START = datetime(2026, 11, 22, 10, 2, tzinfo=UTC)


def failure(
    dag: str,
    task: str | None = "load",
    *,
    run: str = "run_1",
    cluster: str = "prod",
    after: float = 0.0,
    index: int | None = None,
) -> Failure:
    target = Target(cluster, dag, run, task, index, 1)
    return Failure(target, "failed", START + timedelta(seconds=after))


class World:
    """A bot to which failures are reported while time passes."""

    def __init__(self, per_minute: int = 2) -> None:
        self.now = START
        self.due: list[Job] = []
        self.reported = FakeReportedFailures(self.due.append, lambda: self.now)
        self.service = FailureService(
            self.reported,
            FakeAnnouncer(),
            diagnosed_per_minute=per_minute,
            redact=lambda text: text.replace("hunter2", "***"),
        )
        self.journal = Journal()

    async def report(self, *failures: Failure) -> None:
        await self.reported.add(failures)

    async def tell(self, steps: ReplaySteps | None = None) -> list[Job]:
        """Does the oldest batch that is open, and returns the work that it brought about."""
        job = self.due.pop(0)
        assert isinstance(job.body, FailureBatch)
        self.now = max(self.now, START) + timedelta(seconds=job.delay)
        steps = steps or ReplaySteps()
        await self.service.tell(job.body, steps)
        return steps.journal.started


def questions(jobs: Sequence[Job]) -> list[Question]:
    return [job.body[0] for job in jobs if isinstance(job.body, tuple)]


def leads(jobs: Sequence[Job]) -> list[str]:
    return [job.body[1] for job in jobs if isinstance(job.body, tuple)]


def texts(jobs: Sequence[Job]) -> list[str]:
    return [job.body for job in jobs if isinstance(job.body, str)]


async def test_a_failure_is_asked_about_as_a_person_would() -> None:
    world = World()
    await world.report(failure("orders"))
    jobs = await world.tell()
    [question] = questions(jobs)
    assert question.id == "failure:prod:orders:run_1:load::1" == jobs[0].key
    assert question.text == "Why did task load of Dag orders fail on prod (run id run_1)?"
    assert question.chosen == Target("prod", "orders", "run_1", "load", None, 1)
    assert (question.intent, question.origin) == (Intent.DIAGNOSE, Origin.WEBHOOK)
    assert question.asked_at == START
    assert leads(jobs) == ["Airflow reported this at 10:02 UTC."]
    assert not texts(jobs)


@pytest.mark.parametrize("run_id", ["manual__2026-11-22T05:50:28+00:00", "nightly-7", "run_1"])
@pytest.mark.parametrize("index", [None, 0, 3])
async def test_the_words_of_a_question_lead_to_the_same_failure_again(
    run_id: str, index: int | None
) -> None:
    target = Target("prod", "orders.eu", run_id, "load", index)
    clusters = [ClusterAddress("prod", ()), ClusterAddress("lab", ())]
    hints = mentions_in(question_about(target), clusters)
    assert hints.names[0] == "orders.eu"
    assert (hints.cluster, hints.run_id) == ("prod", run_id)
    assert (hints.task, hints.map_index) == ("load", index)


async def test_tasks_of_one_dag_are_one_diagnosis_that_counts_the_rest() -> None:
    world = World()
    await world.report(*(failure("shards", index=n, after=n / 10) for n in range(13)))
    jobs = await world.tell()
    assert len(questions(jobs)) == 1
    assert leads(jobs)[0].endswith("12 more tasks of this Dag failed with it.")


async def test_a_report_of_the_whole_run_adds_nothing_to_those_of_its_tasks() -> None:
    world = World()
    await world.report(failure("orders", None), failure("orders", after=1))
    jobs = await world.tell()
    assert [question.chosen for question in questions(jobs)] == [failure("orders").target]
    assert leads(jobs) == ["Airflow reported this at 10:02 UTC."]


async def test_a_run_that_failed_as_a_whole_is_diagnosed_too() -> None:
    world = World()
    await world.report(failure("orders", None))
    [question] = questions(await world.tell())
    assert question.text == "Why did Dag orders fail on prod (run id run_1)?"
    assert question.chosen == Target("prod", "orders", "run_1")


async def test_many_runs_of_one_dag_are_one_diagnosis() -> None:
    world = World()
    await world.report(*(failure("backfilled", run=f"run_{n}") for n in range(5)))
    jobs = await world.tell()
    assert len(questions(jobs)) == 1
    assert leads(jobs)[0].endswith("4 more tasks of this Dag failed with it, in 5 runs.")


async def test_dags_beyond_the_limit_are_listed_by_name() -> None:
    world = World(per_minute=2)
    names = ("a", "b", "c", "d")
    await world.report(*(failure(name, after=n) for n, name in enumerate(names)))
    await world.report(failure("d", "check", after=5))
    jobs = await world.tell()
    assert [question.text for question in questions(jobs)] == [
        "Why did task load of Dag a fail on prod (run id run_1)?",
        "Why did task load of Dag b fail on prod (run id run_1)?",
    ]
    assert texts(jobs) == [
        "2 more Dags failed in the last minute:\n• c\n• d (2 tasks)\n"
        "Mention me with a name, and I look into that one."
    ]


async def test_a_minute_has_one_budget_however_many_batches_it_has() -> None:
    world = World(per_minute=3)
    await world.report(failure("a"), failure("b"))
    first = await world.tell()
    await world.report(failure("c"), failure("d"))
    second = await world.tell()
    assert (len(questions(first)), len(questions(second))) == (2, 1)
    [text] = texts(second)
    assert text.startswith("1 more Dag failed in the last minute:\n• d\n")


async def test_after_a_list_the_next_batch_stays_open_for_a_minute() -> None:
    world = World(per_minute=1)
    await world.report(failure("a"), failure("b"))
    assert texts(await world.tell())
    await world.report(failure("c"))
    [job] = world.due
    assert job.delay == 60
    assert len(questions(await world.tell())) == 1


async def test_a_dag_that_was_just_diagnosed_is_only_listed() -> None:
    world = World()
    await world.report(failure("orders"))
    await world.tell()
    await world.report(failure("orders", run="run_2"), failure("orders", "check", run="run_2"))
    jobs = await world.tell()
    assert not questions(jobs)
    assert texts(jobs) == [
        "Failed again since I looked into it above:\n• orders (2 tasks)\n"
        "Mention me with a name, and I look into that one."
    ]
    world.now += timedelta(minutes=10)
    await world.report(failure("orders", run="run_3"))
    assert len(questions(await world.tell())) == 1


async def test_clusters_are_named_where_there_are_several() -> None:
    world = World(per_minute=1)
    await world.report(failure("a"), failure("a", cluster="staging"))
    jobs = await world.tell()
    assert len(questions(jobs)) == 1
    assert "• a on staging\n" in texts(jobs)[0]


async def test_batches_that_waited_for_an_outage_are_told_in_one() -> None:
    world = World(per_minute=1)
    for minute in range(5):
        world.now = START + timedelta(minutes=minute)
        await world.report(failure(f"dag_{minute}", after=60 * minute))
    assert len(world.due) == 5
    world.now = START + timedelta(minutes=9)
    first = await world.tell()
    assert len(questions(first)) == 1
    assert texts(first)[0].startswith(
        "4 more Dags failed in the last 4 minutes:\n• dag_1\n• dag_2\n"
    )
    while world.due:
        assert not await world.tell()


async def test_a_list_too_long_to_read_says_how_many_it_leaves_out() -> None:
    world = World(per_minute=1)
    await world.report(*(failure(f"dag_{n:03}", after=n / 100) for n in range(200)))
    [text] = texts(await world.tell())
    assert text.startswith("199 more Dags failed in the last minute:\n• dag_001\n")
    assert "\n• dag_040\n… and 159 others (159 tasks)\n" in text


async def test_what_is_said_is_redacted() -> None:
    world = World(per_minute=1)
    await world.report(failure("a", "hunter2"), failure("dag_hunter2"))
    jobs = await world.tell()
    assert "hunter2" not in questions(jobs)[0].text + "".join(texts(jobs))


@pytest.mark.parametrize("keeps_last", [True, False])
@pytest.mark.parametrize("dies_after", range(1, 5))
async def test_a_batch_is_told_once_wherever_the_process_dies(
    dies_after: int, keeps_last: bool
) -> None:
    world = World(per_minute=2)
    await world.report(*(failure(name) for name in "abc"))
    [job] = world.due
    dying = ReplaySteps(world.journal, dies_after=dies_after, keeps_last=keeps_last)
    with pytest.raises(Killed):
        await world.tell(dying)
    world.due.append(job)
    await world.report(failure("later"))
    jobs = await world.tell(ReplaySteps(world.journal))
    assert [question.text for question in questions(jobs)] == [
        "Why did task load of Dag a fail on prod (run id run_1)?",
        "Why did task load of Dag b fail on prod (run id run_1)?",
    ]
    assert len(texts(jobs)) == 1


async def test_a_database_that_is_away_is_asked_again() -> None:
    world = World()
    await world.report(failure("a"))
    world.reported.down = True
    with pytest.raises(StoreError):
        await world.tell(ReplaySteps(world.journal))
    assert sum(world.journal.pauses) > timedelta(days=1).total_seconds()
    assert max(world.journal.pauses) == 30


async def test_a_batch_is_told_after_a_database_was_away_for_longer_than_a_minute() -> None:
    world = World()
    await world.report(failure("a"))
    world.reported.is_away = lambda: sum(world.journal.pauses) < 90
    assert len(questions(await world.tell(ReplaySteps(world.journal)))) == 1


async def test_a_batch_that_is_handed_in_again_is_told_once() -> None:
    world = World()
    await world.report(failure("a"))
    first = world.due[0]
    second = batch_job(int(first.key.rpartition(":")[2]), 0.0, failed=1)
    assert (second.key, second.body) == (f"{first.key}+", first.body)
    world.due.append(second)
    assert [job.key for job in await world.tell()] == [job.key for job in await world.tell()]


def test_what_a_batch_comes_to_can_be_kept() -> None:
    taken = BatchTaken(tuple(failure(name) for name in "abc"), frozenset({DagName("prod", "b")}))
    assert_keepable(told_of(taken, 1))


NAMES = st.text("abcdefgh_.", min_size=1, max_size=250)


@given(
    names=st.lists(NAMES, max_size=120),
    known=st.frozensets(NAMES, max_size=5),
    spent=st.integers(0, 10),
    per_minute=st.integers(1, 10),
)
def test_no_dag_is_dropped_and_every_list_is_short_enough_for_slack(
    names: list[str], known: frozenset[str], spent: int, per_minute: int
) -> None:
    failures = tuple(failure(name, after=n / 10) for n, name in enumerate(names))
    lately = frozenset(DagName("prod", name) for name in known)
    told = told_of(BatchTaken(failures, lately, spent), per_minute)
    named = {one.name.dag_id for one in (*told.diagnosed, *told.listed, *told.known)}
    assert named <= set(names)
    assert len(named) + told.unnamed == len(set(names))
    assert len(told.diagnosed) <= max(0, per_minute - spent)
    assert not {one.name for one in told.diagnosed} & lately
    assert told.has_list == (len(told.diagnosed) < len(set(names)))
    if told.has_list:
        assert len(list_of(told)) <= 3_000
