"""What fails right now and who else has it, as far as the asker may see that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from bot.answering.terminal.render import render_text
from bot.domain.access import Action, Allowed, Decision, Denied
from bot.domain.answers import ClusterReport, HealthReport, Unsupported
from bot.domain.evidence import DagRun, GapReason, TaskInstance
from bot.domain.incidents import About, Course, FailureSeen, IncidentsReport
from bot.domain.questions import Question
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from bot.services.incident_store import IncidentStore, failure_of
from bot.services.incidents import IncidentService
from bot.services.sights import Sight
from bot.slack.blocks.render import render
from tests.fakes.cluster import FakeCluster
from tests.fakes.conversation_store import FakeConversationStore
from tests.fakes.turns import NOON, evidence, question, turn

NOW = NOON


@dataclass
class MemoryIncidents:
    kept: list[FailureSeen] = field(default_factory=list)

    async def keep(self, failure: FailureSeen) -> None:
        self.kept.append(failure)

    async def since(self, since: datetime, limit: int) -> Sequence[FailureSeen]:
        return [one for one in self.kept if one.at >= since][:limit]

    async def of(self, incident: str, since: datetime, limit: int) -> Sequence[FailureSeen]:
        return [one for one in await self.since(since, limit) if one.incident == incident]

    async def tidy(self, before: datetime) -> int:
        return 0


def seen(dag: str, minutes: float = 20, incident: str = "a", cluster: str = "prod") -> FailureSeen:
    at = NOW - timedelta(minutes=minutes)
    return FailureSeen(
        incident,
        cluster,
        dag,
        "r1",
        "load",
        -1,
        at,
        title="Refused by orders-db",
        kind=VerdictKind.DEPENDENCY,
    )


def failed(dag: str, minutes: float = 20, run: str = "r1") -> TaskInstance:
    end = NOW - timedelta(minutes=minutes)
    return TaskInstance(dag, run, "load", state="failed", end=end)


def well(dag: str, minutes: float = 5) -> DagRun:
    end = NOW - timedelta(minutes=minutes)
    return DagRun("r2", dag, "success", run_after=end, end=end)


@dataclass
class World:
    clusters: Sequence[FakeCluster]
    incidents: MemoryIncidents = field(default_factory=MemoryIncidents)
    store: FakeConversationStore = field(default_factory=FakeConversationStore)
    hidden: frozenset[str] = frozenset()

    async def sight(self, _: Question) -> Sight:
        async def decide(action: Action, target: Target) -> Decision:
            return Denied("") if target.dag_id in self.hidden else Allowed("rule")

        clusters: Any = {one.name: one for one in self.clusters}
        return Sight(clusters, cast(Any, None), decide=decide if self.hidden else None)

    @property
    def service(self) -> IncidentService:
        return IncidentService(self.incidents, self.store, self.sight, lambda: NOW)

    async def failing(self, text: str = "what is failing right now?") -> IncidentsReport:
        reply = await self.service.failing(question(text=text), "K7QX2M")
        assert isinstance(reply, IncidentsReport)
        return reply


def cluster(*tasks: TaskInstance, **more: Any) -> FakeCluster:
    return FakeCluster(tasks={one.dag_id: (one,) for one in tasks}, **more)


async def test_failures_stand_under_their_incident_and_the_rest_by_dag() -> None:
    world = World([cluster(failed("orders"), failed("billing"), failed("stock"))])
    world.incidents.kept = [seen("orders"), seen("billing")]
    report = await world.failing()
    (incident,) = report.incidents
    assert (incident.dag_count, incident.course) == (2, Course.ONGOING)
    assert [one.dag_id for one in report.unknown] == ["stock"]
    said = render_text(report)
    assert "3 Dags fail of 1 known cause" in said
    assert "Refused by orders-db" in said


async def test_what_runs_well_again_fails_no_more() -> None:
    runs = {dag: (well(dag),) for dag in ("orders", "stock")}
    world = World([cluster(failed("orders"), failed("stock"), dags=runs)])
    world.incidents.kept = [seen("orders")]
    report = await world.failing()
    assert [one.course for one in report.incidents] == [Course.OVER]
    assert report.unknown == ()
    assert "Nothing fails right now" in render_text(report)


async def test_a_cluster_that_does_not_answer_is_said_and_what_is_known_of_it_stays() -> None:
    world = World([FakeCluster(name="prod", down=True), FakeCluster(name="eu")])
    world.incidents.kept = [seen("orders")]
    report = await world.failing()
    assert [gap.reason for gap in report.gaps] == [GapReason.UNAVAILABLE]
    assert report.incidents[0].dag_count == 1


async def test_one_cluster_can_be_asked_for_by_name() -> None:
    world = World([cluster(failed("orders")), FakeCluster(name="eu")])
    report = await world.failing("what is failing on eu?")
    assert report.unknown == ()
    assert len((await world.failing("what is failing on prod?")).unknown) == 1


async def test_nobody_learns_of_a_dag_that_they_may_not_see() -> None:
    world = World([cluster(failed("orders"))], hidden=frozenset({"secret"}))
    world.incidents.kept = [seen("orders"), seen("secret"), seen("secret", incident="b")]
    report = await world.failing()
    assert [one.dags for one in report.incidents] == [(("prod", "orders"),)]
    assert "secret" not in render_text(report)
    assert "secret" not in str(render(report, "t1"))


async def alike(world: World) -> object:
    return await world.service.alike(question(text="did others have this?"), "K7QX2M")


async def diagnosed(world: World) -> str:
    """The thread's Dag failed for what also others may have; the key of that."""
    asked = turn(seen=evidence())
    await IncidentStore(world.store, world.incidents).add_turn(asked)
    (kept,) = world.incidents.kept
    world.incidents.kept = [replace(kept, at=NOW - timedelta(minutes=5))]
    return kept.incident


async def test_others_with_the_same_failure_are_named() -> None:
    world = World([FakeCluster()])
    key = await diagnosed(world)
    world.incidents.kept += [seen("billing", incident=key), seen("stock", incident=key)]
    report = await alike(world)
    assert isinstance(report, IncidentsReport)
    assert report.about is About.ALIKE
    said = render_text(report)
    assert "2 other Dags have the same" in said
    assert "billing" in said
    assert "billing" in str(render(report, "t1"))


async def test_alone_with_it_is_said_too_and_hidden_others_are_nobody() -> None:
    world = World([FakeCluster()], hidden=frozenset({"secret"}))
    key = await diagnosed(world)
    world.incidents.kept.append(seen("secret", incident=key))
    said = render_text(cast(Any, await alike(world)))
    assert "Only this Dag has it" in said
    assert "secret" not in said


async def test_without_a_diagnosis_nobody_knows_what_this_is() -> None:
    assert isinstance(await alike(World([FakeCluster()])), Unsupported)


def test_what_was_done_on_purpose_is_no_failure() -> None:
    asked = turn(seen=evidence())
    reply = cast(Any, asked.reply)
    kept = failure_of(asked)
    assert kept is not None
    assert (kept.cluster, kept.dag_id, kept.map_index) == ("prod", "orders_daily", 3)
    paused = replace(reply.verdict, kind=VerdictKind.OPERATOR)
    assert failure_of(replace(asked, reply=replace(reply, verdict=paused))) is None
    assert failure_of(replace(asked, evidence=None)) is None


async def test_health_tells_what_the_platform_has_to_answer_for_and_is_not_over() -> None:
    world = World([FakeCluster()], hidden=frozenset({"secret"}))
    lost = replace(seen("orders", incident="prod:worker_lost"), kind=VerdictKind.PLATFORM)
    world.incidents.kept = [
        lost,
        seen("billing"),
        replace(lost, dag_id="secret"),
        replace(lost, incident="prod:oom", kind=VerdictKind.CAPACITY, is_answered=True),
    ]
    troubles = await world.service.troubles(await world.sight(question()))
    assert [(one.key, one.dag_count) for one in troubles] == [("prod:worker_lost", 1)]
    report = HealthReport("K7QX2M", (ClusterReport("prod", True),), tuple(troubles))
    assert "Refused by orders-db" in render_text(report)
    assert "1 failure in 1 Dag" in str(render(report, "t1"))
