"""All conversations a page at a time: what is found, by whom, on either database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.archive import SqlArchive
from bot.adapters.sql.console_tables import TurnIndexRow
from bot.adapters.sql.engine import writing
from bot.adapters.sql.store import SqlConversationStore
from bot.adapters.sql.tables import TurnRow
from bot.domain.answers import Help
from bot.domain.conversations import Outcome, Rating, Score, Turn
from bot.domain.questions import Asker, ThreadKey
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from bot.services.archive_ports import EVERYTHING, Scope, Wanted
from bot.services.turn_words import place_of
from tests.fakes.turns import NOON, diagnosis, evidence, question, turn

OF_ORDERS = frozenset({place_of("prod", "orders_daily")})


def asked(
    number: int,
    text: str = "why did it fail?",
    *,
    dag_id: str = "orders_daily",
    kind: VerdictKind = VerdictKind.CAPACITY,
    channel: str = "C1",
    user: str = "U1",
    minutes: int = 0,
) -> Turn:
    """The first turn of a thread of its own."""
    ts = f"17000000{number:02}.000100"
    thread = ThreadKey("T1", channel, ts)
    reply = diagnosis()
    reply = replace(
        reply,
        target=Target("prod", dag_id, "run", "load"),
        verdict=replace(reply.verdict, kind=kind),
    )
    said = question(ts, thread=thread, text=text, asked_at=NOON + timedelta(minutes=minutes))
    return turn(f"turn-{number}", asked=replace(said, asker=Asker(user, "T1")), reply=reply)


@pytest.fixture
def store(engine: AsyncEngine) -> SqlConversationStore:
    return SqlConversationStore(engine)


@pytest.fixture
def archive(engine: AsyncEngine) -> SqlArchive:
    return SqlArchive(engine)


async def found(archive: SqlArchive, wanted: Wanted, scope: Scope = EVERYTHING) -> list[str]:
    page = await archive.page(wanted, scope)
    return [row.thread.thread[8:10] for row in page.rows]


async def test_pages_follow_one_another_and_the_last_one_says_so(
    store: SqlConversationStore, archive: SqlArchive
) -> None:
    for number in range(5):
        await store.add_turn(asked(number))

    first = await archive.page(Wanted(), EVERYTHING, limit=2)
    second = await archive.page(Wanted(), EVERYTHING, limit=2, before=first.older)
    third = await archive.page(Wanted(), EVERYTHING, limit=2, before=second.older)

    threads = [row.thread.thread[8:10] for page in (first, second, third) for row in page.rows]
    assert threads == ["04", "03", "02", "01", "00"]
    assert third.older is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("kafka", ["02"]),
        ("KAFKA brok", ["02"]),
        ("Broker", ["02"]),
        ("roker", []),
        ("orders-daily", ["02", "01"]),
        ("orders_d", ["02", "01"]),
        ("größe", ["01"]),
        ("kafka unheard", []),
        ("!!!", []),
        ('" OR * NEAR(', []),
        ("' | 'kafka", ["02"]),
    ],
)
async def test_words_are_found_as_people_type_them(
    store: SqlConversationStore, archive: SqlArchive, words: str, expected: list[str]
) -> None:
    await store.add_turn(asked(1, "warum ist die Größe falsch?"))
    await store.add_turn(asked(2, "kafka broker is gone"))

    assert await found(archive, Wanted(words=words)) == expected


async def test_filters_hold_together(store: SqlConversationStore, archive: SqlArchive) -> None:
    await store.add_turn(asked(1, kind=VerdictKind.CODE))
    await store.add_turn(asked(2, dag_id="other", kind=VerdictKind.CODE))
    await store.add_turn(asked(3, minutes=90))
    await store.rate(Rating("turn-2", "U2", Score.DOWN, NOON))

    assert await found(archive, Wanted(verdict=VerdictKind.CODE)) == ["02", "01"]
    assert await found(archive, Wanted(verdict=VerdictKind.CODE, dag_id="other")) == ["02"]
    assert await found(archive, Wanted(cause="out_of_memory", cluster="prod")) == ["03", "02", "01"]
    assert await found(archive, Wanted(score=Score.DOWN)) == ["02"]
    assert await found(archive, Wanted(since=NOON + timedelta(hours=1))) == ["03"]
    assert await found(archive, Wanted(until=NOON + timedelta(hours=1))) == ["02", "01"]
    assert await found(archive, Wanted(outcome=Outcome.SOLVED)) == []


async def test_a_row_tells_of_its_conversation(
    store: SqlConversationStore, archive: SqlArchive
) -> None:
    first = asked(1, "why?")
    later = replace(first.question, id="T1:C1:9", asked_at=NOON + timedelta(minutes=5))
    await store.add_turn(first)
    await store.add_turn(turn("turn-9", asked=later, reply=Help("REF", ("prod",))))
    await store.rate(Rating("turn-1", "U2", Score.UP, NOON))
    await store.rate(Rating("turn-1", "U2", Score.DOWN, NOON + timedelta(seconds=1), source="-1"))

    (row,) = (await archive.page(Wanted(), EVERYTHING)).rows

    assert (row.question, row.turns, row.ups, row.downs) == ("why?", 2, 0, 1)
    assert (row.verdict, row.cause, row.title) == (
        VerdictKind.CAPACITY,
        "out_of_memory",
        "Task ran out of memory",
    )
    assert (row.dag_id, row.task_id, row.last_at) == ("orders_daily", "load", later.asked_at)


async def test_a_hidden_dag_takes_its_whole_conversation_along(
    store: SqlConversationStore, archive: SqlArchive
) -> None:
    await store.add_turn(asked(1))
    await store.add_turn(asked(2, dag_id="secret_dag"))
    both = asked(3)
    second = replace(both.question, id="T1:C1:x", asked_at=NOON + timedelta(minutes=1))
    await store.add_turn(both)
    await store.add_turn(replace(asked(4, dag_id="secret_dag"), question=second, id="turn-3b"))
    scope = Scope(directs=True, places=OF_ORDERS)
    numbers = {row.thread.thread[8:10]: row.number
               for row in (await archive.page(Wanted(), EVERYTHING)).rows}  # fmt: skip

    assert await found(archive, Wanted(), scope) == ["01"]
    assert await found(archive, Wanted(words="secret"), scope) == []
    assert await archive.conversation(numbers["01"], scope) is not None
    assert await archive.conversation(numbers["02"], scope) is None
    assert await archive.conversation(numbers["03"], scope) is None
    days = await archive.days(scope, NOON - timedelta(days=1), NOON + timedelta(days=1))
    assert sum(day.turns for day in days) == 1
    assert await archive.causes(scope, NOON - timedelta(days=1), 5) == [("out_of_memory", 1)]


async def test_direct_messages_and_other_workspaces_are_not_for_everybody(
    store: SqlConversationStore, archive: SqlArchive
) -> None:
    await store.add_turn(asked(1, channel="D1", user="U1"))
    await store.add_turn(asked(2, channel="D2", user="U2"))
    await store.add_turn(asked(3))

    assert await found(archive, Wanted(), Scope(user_id="U1")) == ["03", "01"]
    assert await found(archive, Wanted(), Scope(workspace="T2", directs=True)) == []


async def test_a_conversation_comes_with_evidence_and_ratings(
    store: SqlConversationStore, archive: SqlArchive
) -> None:
    told = replace(asked(1), evidence=evidence())
    await store.add_turn(told)
    rating = Rating("turn-1", "U2", Score.UP, NOON)
    await store.rate(rating)
    number = await archive.number_of("turn-1")

    assert number is not None
    whole = await archive.conversation(number, EVERYTHING)

    assert whole is not None
    assert whole.turns == (told,)
    assert whole.ratings == {"turn-1": (rating,)}
    assert await archive.conversation(number + 1, EVERYTHING) is None
    assert await archive.number_of("unheard of") is None


async def test_what_is_deleted_is_found_no_more(
    store: SqlConversationStore, archive: SqlArchive, engine: AsyncEngine
) -> None:
    await store.add_turn(asked(1, "kafka broker"))
    await store.add_turn(asked(1, "kafka broker"))
    assert await found(archive, Wanted(words="kafka")) == ["01"]

    async with writing(engine) as connection:
        await connection.execute(delete(TurnRow))

    assert await found(archive, Wanted(words="kafka")) == []
    assert await archive.places() == []
    async with engine.connect() as connection:
        assert (await connection.execute(TurnIndexRow.__table__.select())).all() == []
    await store.add_turn(asked(2, "kafka again"))
    assert await found(archive, Wanted(words="kafka")) == ["02"]


async def test_days_count_verdicts_ratings_and_seconds(
    store: SqlConversationStore, archive: SqlArchive
) -> None:
    for number in range(4):
        await store.add_turn(replace(asked(number), seconds=float(number + 1)))
    await store.add_turn(asked(7, minutes=24 * 60, kind=VerdictKind.CODE))
    await store.rate(Rating("turn-1", "U2", Score.UP, NOON))

    one, other = await archive.days(EVERYTHING, NOON - timedelta(days=1), NOON + timedelta(days=3))

    assert (one.day, one.turns, one.verdicts, one.ups) == (NOON.date(), 4, {"capacity": 4}, 1)
    assert (one.median_seconds, one.slow_seconds) == (2.0, 4.0)
    assert other.verdicts == {"code": 1}
