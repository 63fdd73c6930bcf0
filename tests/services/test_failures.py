"""Where reported failures go: by their owners, by what channels may see, and not lost meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from bot.domain.access import Rule, Rules
from bot.domain.alerts import Route
from bot.domain.errors import AirflowUnavailable, StoreError
from bot.domain.evidence import DagDetails
from bot.domain.failures import Failure, FailureBatch
from bot.domain.targets import Target
from bot.domain.work import Job
from bot.questions.links import ClusterAddress
from bot.questions.mentions import mentions_in
from bot.services.access import Access
from bot.services.alert_ports import Alerts, Placed, PlacedCount
from bot.services.alert_routes import Router
from bot.services.announced import Audience
from bot.services.failure_words import question_about
from bot.services.failures import FailureService
from bot.services.resolve import Resolver
from bot.services.sights import Sights
from tests.fakes.cluster import FakeCluster
from tests.fakes.failures import FakeReportedFailures
from tests.fakes.work import Journal, Killed, ReplaySteps
from tests.services.guarded import MemoryPolicies

START = datetime(2026, 11, 22, 10, 2, tzinfo=UTC)
ORDERS = Route(("C0ORDERS",), owners=frozenset({"orders-team"}))
GOLD = Route(("C0GOLD", "C0ORDERS"), tags=frozenset({"gold"}))
LAB = Route(("C0LAB",), clusters=frozenset({"lab"}), dags=("ml_*",))


def failure(dag: str, task: str | None = "load", cluster: str = "prod") -> Failure:
    return Failure(Target(cluster, dag, "run_1", task, None, 1), "failed", START)


@dataclass
class Line:
    """The part of the port `Alerts` that takes failures in, once in each channel."""

    placed: dict[tuple[str, str], Placed] = field(default_factory=dict)

    async def place(self, placed: Sequence[Placed]) -> PlacedCount:
        self.placed |= {(one.failure.key, one.channel): one for one in placed}
        return PlacedCount(len(placed))


class World:
    """A bot to which failures are reported while time passes."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.now = START
        self.due: list[Job] = []
        self.lab, self.prod = FakeCluster(name="lab"), FakeCluster()
        self.prod.details = {
            "orders": DagDetails("orders", owners=("orders-team",)),
            "sales": DagDetails("sales", owners=("orders-team",), tags=("gold",)),
        }
        clusters = {"prod": self.prod, "lab": self.lab}
        clock: Callable[[], datetime] = lambda: self.now  # noqa: E731
        self.reported = FakeReportedFailures(self.due.append, clock)
        access = Access(rules or Rules(), clusters, now=clock)
        sights = Sights(
            access, clusters, lambda c, default="", likely=(): Resolver(c, {}), MemoryPolicies()
        )

        async def workspace() -> str:
            return "T1"

        self.line = Line()
        router = Router(
            clusters,
            (ORDERS, GOLD, LAB),
            "C0ALL",
            lambda channel: Audience(sights, channel, workspace, clock),
        )
        self.router = router
        self.service = FailureService(self.reported, router, cast(Alerts, self.line))
        self.journal = Journal()

    async def tell(self, steps: ReplaySteps | None = None) -> list[Job]:
        job = self.due.pop(0)
        assert isinstance(job.body, FailureBatch)
        self.now = max(self.now, START) + timedelta(seconds=job.delay)
        steps = steps or ReplaySteps()
        await self.service.tell(job.body, steps)
        self.due += steps.journal.started
        return list(steps.journal.started)

    @property
    def heard(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in self.line.placed.values():
            found.setdefault(one.channel, set()).add(one.failure.target.dag_id or "")
        return found


async def test_every_route_that_takes_a_failure_counts_and_the_default_takes_the_rest() -> None:
    world = World()
    failures = [failure("orders"), failure("sales"), failure("other"), failure("ml_1")]
    await world.reported.add([*failures, failure("ml_2", cluster="lab")])
    assert not await world.tell()
    assert world.heard == {
        "C0ORDERS": {"orders", "sales"},
        "C0GOLD": {"sales"},
        "C0LAB": {"ml_2"},
        "C0ALL": {"other", "ml_1"},
    }
    assert world.router.channels == ("C0ALL", "C0ORDERS", "C0GOLD", "C0LAB")


async def test_what_a_channel_may_not_see_goes_to_the_default_or_nowhere() -> None:
    rules = Rules(
        (
            Rule("a", channels=frozenset({"C0ORDERS"}), dags=("orders",)),
            Rule("b", channels=frozenset({"C0ALL"}), dags=("sales",)),
        )
    )
    world = World(rules)
    await world.reported.add([failure("orders"), failure("sales"), failure("other")])
    await world.tell()
    assert world.heard == {"C0ORDERS": {"orders"}, "C0ALL": {"sales"}}


async def test_a_cluster_that_does_not_tell_owners_is_asked_again_for_some_minutes() -> None:
    world = World()
    world.prod.down = True
    await world.reported.add([failure("orders")])
    waits = []
    while world.due:
        for job in await world.tell():
            waits.append(job.delay)
            assert job.key.endswith(f":held:{len(waits)}")
    assert waits == [30, 60, 120]
    assert world.heard == {"C0ALL": {"orders"}}

    other = World()
    other.prod.down = True
    await other.reported.add([failure("orders")])
    await other.tell()
    other.prod.down = False
    await other.tell()
    assert other.heard == {"C0ORDERS": {"orders"}}


@pytest.mark.parametrize("keeps_last", [True, False])
@pytest.mark.parametrize("dies_after", [1])
async def test_a_batch_is_placed_once_wherever_the_process_dies(
    dies_after: int, keeps_last: bool
) -> None:
    world = World()
    await world.reported.add([failure(name) for name in "abc"])
    [job] = world.due
    dying = ReplaySteps(world.journal, dies_after=dies_after, keeps_last=keeps_last)
    with pytest.raises(Killed):
        await world.tell(dying)
    world.due.append(job)
    await world.tell(ReplaySteps(world.journal))
    assert world.heard == {"C0ALL": {"a", "b", "c"}}


async def test_a_database_that_is_away_is_asked_again() -> None:
    world = World()
    await world.reported.add([failure("a")])
    world.reported.down = True
    with pytest.raises(StoreError):
        await world.tell(ReplaySteps(world.journal))
    assert sum(world.journal.pauses) > timedelta(days=1).total_seconds()
    assert max(world.journal.pauses) == 30


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


def test_a_failure_reported_twice_is_one_whoever_says_when_it_was() -> None:
    one = failure("a")
    assert replace(one, at=START, run_after=START).key == one.key


async def test_a_cluster_that_does_not_answer_is_asked_once_in_a_round() -> None:
    world = World()
    world.prod.down = True
    asked = 0

    async def labels() -> dict[str, object]:
        nonlocal asked
        asked += 1
        raise AirflowUnavailable("prod does not answer")

    world.prod.labels = labels  # type: ignore[method-assign, assignment]
    await world.reported.add([failure(f"dag_{n}") for n in range(50)])
    await world.tell()
    assert asked == 1


async def test_of_dags_that_no_list_holds_yet_so_many_are_asked_for_and_the_rest_waits() -> None:
    world = World()
    await world.reported.add([failure(f"new_{n:03}") for n in range(150)])
    (later,) = await world.tell()
    assert later.key.endswith(":held:1")
    assert len(world.heard["C0ALL"]) == 100
