"""Whoever asks about a failure that a human solved before is told how, within what they may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.engine import create_engine
from bot.answering.prompts.cases import CASE_SOURCE
from bot.answering.solved import solved_words
from bot.answering.terminal.render import render_text
from bot.domain.access import Allowed, Decision, Denied
from bot.domain.answers import Diagnosis
from bot.domain.evidence import DagDetails
from bot.domain.people import Profile
from bot.domain.questions import Asker, Origin
from bot.domain.resolved_cases import CaseState, ResolvedCase
from bot.domain.targets import Target
from bot.services.case_structure import structure_of
from bot.services.known_cases import KnownCases
from bot.services.sights import Sight
from tests.fakes.cases import ENGINEER, approved, case, entry
from tests.fakes.turns import diagnosis, evidence, question
from tests.services.bench import NOW, bench

SEEN = evidence()
STRUCTURE = structure_of(diagnosis(), SEEN)
ALL = Sight({}, None)  # type: ignore[arg-type]


class Named:
    async def profile(self, user_id: str) -> Profile:
        return Profile(user_id, ("eng", "Erin Example"))


@pytest.fixture
async def cases(sqlite_url: str) -> AsyncIterator[SqlResolvedCases]:
    engine = create_engine(sqlite_url)
    yield SqlResolvedCases(engine, clock=lambda: NOW)
    await engine.dispose()


async def keep(cases: SqlResolvedCases, one: ResolvedCase) -> None:
    await cases.add(one, [])
    assert await cases.decide(approved(one, NOW), CaseState.DRAFT, entry(one.id))


def alike(
    number: int = 1, dag_id: str = "orders_daily", tags: tuple[str, ...] = ()
) -> ResolvedCase:
    later = NOW + timedelta(days=90)
    return case(
        number,
        workspace="T1",
        fingerprint=STRUCTURE.fingerprint,
        dag_id=dag_id,
        tags=tags,
        expires_at=later,
    )


def known(cases: SqlResolvedCases) -> KnownCases:
    return KnownCases(cases, lambda: NOW, Named())


async def test_the_fix_comes_with_its_day_its_name_and_its_place(cases: SqlResolvedCases) -> None:
    await keep(cases, alike())
    (solved,) = await known(cases).like(question(), diagnosis(), SEEN, ALL)
    assert (solved.by, solved.fix, solved.link) == (
        "Erin Example",
        alike().fix,
        alike().permalink,
    )
    assert solved_words(solved) == "Solved this way on 2026-11-12 by Erin Example"
    said = render_text(replace(diagnosis(), solved=(solved,)))
    assert "Solved this way on 2026-11-12 by Erin Example" in said
    assert alike().fix in said


async def test_nobody_is_told_of_a_dag_that_they_may_not_see(cases: SqlResolvedCases) -> None:
    tags = ("nightly",)
    await keep(cases, replace(alike(dag_id="secret", tags=tags)))
    tagged = replace(SEEN, dag=_dag(tags))

    async def decide(action: object, target: Target) -> Decision:
        return Denied("not theirs") if target.dag_id == "secret" else Allowed()

    limited = replace(ALL, decide=decide)
    assert len(await known(cases).like(question(), diagnosis(), tagged, ALL)) == 1
    assert await known(cases).like(question(), diagnosis(), tagged, limited) == ()


async def test_many_cases_that_nobody_here_may_see_hide_none_that_they_may(
    cases: SqlResolvedCases,
) -> None:
    tags = ("nightly",)
    for number in range(1, 46):
        await keep(cases, alike(number, "secret", tags))
    earlier = alike(46, "customers", tags)
    await cases.add(earlier, [])
    long_ago = approved(earlier, NOW - timedelta(days=9))
    assert await cases.decide(long_ago, CaseState.DRAFT, entry("earlier"))

    async def decide(action: object, target: Target) -> Decision:
        return Denied("not theirs") if target.dag_id == "secret" else Allowed()

    limited = replace(ALL, decide=decide)
    tagged = replace(SEEN, dag=_dag(tags))
    (solved,) = await known(cases).like(question(), diagnosis(), tagged, limited)
    assert solved.case_id == earlier.id


async def test_people_from_outside_are_told_nothing(cases: SqlResolvedCases) -> None:
    await keep(cases, alike())
    guest = replace(question(), asker=Asker("U2", "T2", is_external=True))
    shared = replace(question(), is_shared=True)
    for asked in (guest, shared):
        assert await known(cases).like(asked, diagnosis(), SEEN, ALL) == ()


async def test_another_workspace_learns_nothing_but_the_terminal_sees_all(
    cases: SqlResolvedCases,
) -> None:
    await keep(cases, replace(alike(), workspace="T2"))
    assert await known(cases).like(question(), diagnosis(), SEEN, ALL) == ()
    at_terminal = replace(question(), origin=Origin.CLI)
    assert len(await known(cases).like(at_terminal, diagnosis(), SEEN, ALL)) == 1


async def test_cases_that_cannot_be_read_cost_no_answer(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite+aiosqlite:///{tmp_path / 'without_tables.db'}")
    without = known(SqlResolvedCases(engine, clock=lambda: NOW))
    assert await without.like(question(), diagnosis(), SEEN, ALL) == ()
    await engine.dispose()


async def test_the_path_of_a_question_ends_with_the_case_and_a_passage_of_it(
    cases: SqlResolvedCases,
) -> None:
    at_work = bench(known_cases=known(cases))
    first = await at_work.ask("why did `orders` fail?")
    assert isinstance(first, Diagnosis)
    asked = await at_work.store.turn("T:C:1")
    assert asked is not None
    structure = structure_of(first, asked.evidence)
    await keep(cases, replace(alike(), fingerprint=structure.fingerprint, dag_id="orders"))
    again = await at_work.ask("why did `orders` fail?", asker=Asker(ENGINEER))
    assert isinstance(again, Diagnosis)
    assert [one.case_id for one in again.solved] == [alike().id]
    (passage,) = [one for one in again.passages if one.source == CASE_SOURCE]
    assert alike().fix in passage.text
    assert passage.id.startswith("R")


def _dag(tags: tuple[str, ...]) -> DagDetails:
    return DagDetails("orders_daily", tags=tags)
