"""Which failing Dags are somebody's, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.evidence import DagDetails, DagRun, TaskInstance
from bot.domain.people import Preferences, Profile
from bot.domain.questions import Asker
from bot.domain.reports import FailingDags
from bot.services.mine import MineService
from bot.services.own_dags import Ownership
from bot.services.ports import TasksSeen
from bot.services.sight import everything
from tests.fakes.cluster import FakeCluster
from tests.fakes.people import FakeProfiles, MemoryPreferences

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DANA = Profile("U0DANA", ("dana", "Dana Example"), "dana.example@example.com")


def failed(dag_id: str, hours: float = 1.0, run_id: str = "r1") -> TaskInstance:
    end = NOW - timedelta(hours=hours)
    return TaskInstance(dag_id, run_id, "load", state="failed", end=end)


def cluster(owners: dict[str, Sequence[str]], **more: object) -> FakeCluster:
    return FakeCluster(
        name=str(more.get("name", "prod")),
        dags=dict.fromkeys(owners, ()),
        tasks={dag_id: (failed(dag_id),) for dag_id in owners},
        details={dag_id: DagDetails(dag_id, owners=tuple(who)) for dag_id, who in owners.items()},
    )


async def failing(
    *clusters: FakeCluster, patterns: Sequence[str] = (), seconds: float = 5.0
) -> FailingDags:
    seen = everything({one.name: one for one in clusters})
    kept = MemoryPreferences({("T", DANA.user_id): Preferences(tuple(patterns))})
    owners = {"orders-team": ("U0DANA", "U0OTHER")}
    profiles = FakeProfiles({DANA.user_id: DANA})
    service = MineService(seen, profiles, kept, lambda: NOW, owners, seconds)
    return await service.failing(Asker(DANA.user_id), "T")


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        ("orders-team", "yours by the settings"),
        ("dana.example@example.com", "your e-mail address"),
        ("dana", "your name"),
        ("Dana_Example", "your name"),
        ("dana-example", "your name"),
        ("somebody", ""),
        ("airflow", ""),
    ],
)
def test_an_owner_is_matched_by_settings_address_or_name(owner: str, why: str) -> None:
    ownership = Ownership(DANA, (), {"orders-team": ("@U0DANA",)})
    assert why in ownership.by_owner([owner])
    assert bool(ownership.by_owner([owner])) == bool(why)


def test_nobody_owns_what_has_no_owner_and_no_address_matches_nothing() -> None:
    nameless = Ownership(Profile("U0X"), (), {})
    assert nameless.by_owner(["", "dana"]) == ""
    assert nameless.known_as == ()


async def test_dags_of_others_are_left_out_and_the_newest_failure_comes_first() -> None:
    prod = cluster({"a": ["dana"], "b": ["orders-team"], "c": ["others"]})
    prod.tasks = {**prod.tasks, "b": (failed("b", 0.2), failed("b", 3, "r0"))}
    found = await failing(prod)
    assert [dag.dag_id for dag in found.dags] == ["b", "a"]
    assert found.dags[0].failed_tasks == 2
    assert found.gaps == ()


async def test_a_dag_that_ran_well_since_comes_last_and_is_said_to() -> None:
    prod = cluster({"a": ["dana"], "b": ["dana"]})
    prod.dags = {"a": (DagRun("r2", "a", "success", run_after=NOW),), "b": ()}
    found = await failing(prod)
    assert [(dag.dag_id, dag.recovered) for dag in found.dags] == [("b", False), ("a", True)]


async def test_a_pattern_spares_the_look_at_the_owner() -> None:
    found = await failing(cluster({"orders_eu": ["x"], "billing": ["x"]}), patterns=["ORDERS_*"])
    assert [dag.why_yours for dag in found.dags] == ["your pattern ORDERS_*"]


async def test_a_silent_cluster_is_a_gap_and_the_others_stand() -> None:
    found = await failing(cluster({"a": ["dana"]}), FakeCluster(name="test", down=True))
    assert [dag.dag_id for dag in found.dags] == ["a"]
    assert "test" in found.gaps[0].detail
    assert found.several_clusters


async def test_no_more_owners_are_read_than_is_bearable_and_that_is_said() -> None:
    found = await failing(cluster({f"d{number}": ["others"] for number in range(50)}))
    assert found.dags == ()
    assert "20 more failing Dags" in found.gaps[0].detail


class Hanging(FakeCluster):
    async def find_failed(self, since: datetime, limit: int = 100) -> TasksSeen:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")


async def test_a_cluster_that_hangs_is_given_up_on() -> None:
    found = await failing(Hanging(name="slow"), cluster({"a": ["dana"]}), seconds=0.05)
    assert [dag.dag_id for dag in found.dags] == ["a"]
    assert "slow was not looked through" in found.gaps[0].detail
