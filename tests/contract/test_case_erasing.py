"""What a case rests on takes it along, out of every place in which its words are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.ledger import SqlPostLedger
from bot.adapters.sql.reviews import SqlReviewQueue
from bot.adapters.sql.store import SqlConversationStore
from bot.adapters.sql.talk import SqlTalkRecords
from bot.adapters.sql.workspace_erasing import SqlWorkspaceErasing
from bot.answering.told_cases import without_cases
from bot.domain.answers import Diagnosis
from bot.domain.resolved_cases import CaseSource, CaseState
from bot.domain.reviews import ReviewQuery
from bot.services.talk import MessageKey
from bot.slack.arrivals import Place
from bot.slack.case_posts import place_of_case
from tests.contract.serving import TOLD, serve
from tests.fakes.cases import CASE, ENGINEER, NOON, SAID, WORKSPACE, approved, case, entry
from tests.fakes.turns import turn

MESSAGE = MessageKey(SAID.workspace, SAID.channel, SAID.ts)
LATER = NOON + timedelta(days=1)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def cases(engine: AsyncEngine) -> SqlResolvedCases:
    """One that was approved, and one of somebody else."""
    cases = SqlResolvedCases(engine, clock=lambda: NOON)
    await cases.add(CASE, [SAID, CaseSource(WORKSPACE, ENGINEER)])
    await cases.decide(approved(CASE), CaseState.DRAFT, entry("approve"))
    await cases.add(case(2), [CaseSource("T0OTHER", "U0OTHER", "C9", "1700000000.000900")])
    return cases


def of_message(engine: AsyncEngine) -> Awaitable[object]:
    return SqlTalkRecords(engine).erase([MESSAGE.fragment])


def of_person(engine: AsyncEngine) -> Awaitable[object]:
    return SqlTalkRecords(engine).erase_found(WORKSPACE, ENGINEER)


def of_channel(engine: AsyncEngine) -> Awaitable[object]:
    return SqlTalkRecords(engine).erase_channel(WORKSPACE, SAID.channel, "1700000001.000000")


@pytest.mark.parametrize("erase", [of_message, of_person, of_channel])
async def test_the_case_goes_with_its_review_and_its_words_go_out_of_the_answers(
    engine: AsyncEngine,
    cases: SqlResolvedCases,
    erase: Callable[[AsyncEngine], Awaitable[object]],
) -> None:
    shown = await serve(engine, "U0ASKER")
    store = SqlConversationStore(engine)
    await erase(engine)
    assert await cases.get(CASE.id) is None
    assert await cases.get(case(2).id) is not None
    assert [one.subject for one in (await SqlReviewQueue(engine).page(ReviewQuery())).items] == [
        case(2).id
    ]
    kept = await store.turn(shown.id)
    assert kept is not None
    assert isinstance(kept.reply, Diagnosis)
    assert (kept.reply.solved, kept.reply.passages) == ((), ())
    assert [one.text for one in kept.reply.explanation.claims] == ["It ran out."]
    assert kept.reply.explanation.next_steps == ()
    assert CASE.fix not in str(kept)


async def test_whoever_deletes_learns_what_else_held_the_words(
    engine: AsyncEngine, cases: SqlResolvedCases
) -> None:
    shown = await serve(engine, "U0ASKER")
    talk, card = SqlTalkRecords(engine), f"case:{CASE.id}:0123abcd:C0ONCALL:1700000000.000001"
    async with SqlPostLedger(engine).page(card) as page:
        await page.announce()
        await page.record("1700000000.000002", 3)
    found = await talk.belongings(MESSAGE)
    assert f"case:{CASE.id}:" in found.fragments
    assert [one.key for one in found.pages] == [card]
    assert place_of_case(card) == Place("C0ONCALL", "", "1700000000.000001")
    assert await talk.erase([MESSAGE.fragment]) == [shown.id]
    assert await talk.erase([MESSAGE.fragment]) == []


ENDS: list[Callable[[AsyncEngine, SqlResolvedCases], Awaitable[object]]] = [
    lambda engine, _: of_message(engine),
    lambda _, cases: cases.retire([CASE.id], entry("retire")),
]


@pytest.mark.parametrize("end", ENDS, ids=["erased", "retired"])
async def test_an_answer_under_way_leaves_out_a_case_that_ended_before_it_is_kept(
    engine: AsyncEngine,
    cases: SqlResolvedCases,
    end: Callable[[AsyncEngine, SqlResolvedCases], Awaitable[object]],
) -> None:
    store = SqlConversationStore(engine)
    await end(engine, cases)
    assert await store.add_turn(turn("T0WORK:C1:1", reply=TOLD)) == [CASE.id]
    kept = await store.turn("T0WORK:C1:1")
    assert kept is not None
    assert kept.reply == without_cases(TOLD, [CASE.id])
    assert CASE.fix not in str(kept)


@pytest.mark.parametrize("end", ENDS, ids=["erased", "retired"])
async def test_words_of_a_model_do_not_bring_back_a_case_that_ended_meanwhile(
    engine: AsyncEngine,
    cases: SqlResolvedCases,
    end: Callable[[AsyncEngine, SqlResolvedCases], Awaitable[object]],
) -> None:
    store = SqlConversationStore(engine)
    shown = await serve(engine, "U0ASKER")
    assert await store.set_reply(shown.id, TOLD, "1.2") == []
    await end(engine, cases)
    assert await store.set_reply(shown.id, TOLD, None) == [CASE.id]
    kept = await store.turn(shown.id)
    assert kept is not None
    assert kept.reply == without_cases(TOLD, [CASE.id])


async def test_an_asker_who_goes_takes_their_thumbs_along_and_leaves_the_case(
    engine: AsyncEngine, cases: SqlResolvedCases
) -> None:
    shown = await serve(engine, "U0ASKER")
    await SqlTalkRecords(engine).erase([shown.id])
    known = await cases.get(CASE.id)
    assert known is not None
    assert known.record.served == 0


async def test_a_workspace_that_goes_takes_its_cases_along(
    engine: AsyncEngine, cases: SqlResolvedCases
) -> None:
    await SqlWorkspaceErasing(engine).erase_workspace(WORKSPACE, LATER)
    assert await cases.get(CASE.id) is None
    assert not (await SqlReviewQueue(engine).page(ReviewQuery(states=()))).items
