"""What every `ConversationStore` does, the one in memory and the one in a database alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta, timezone

import pytest

from bot.domain.answers import Apology, Help
from bot.domain.checks import CheckStatus
from bot.domain.conversations import Rating, Score
from bot.domain.errors import StoreError
from bot.domain.questions import ThreadKey
from bot.services.ports import ConversationStore
from tests.fakes.conversation_store import FakeConversationStore
from tests.fakes.turns import NOON, THREAD, diagnosis, evidence, question, turn
from tests.stores import opened


@pytest.fixture(
    params=["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)],
)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[ConversationStore]:
    if request.param == "fake":
        yield FakeConversationStore()
        return
    if request.param == "sqlite":
        url = request.getfixturevalue("sqlite_url")
    else:
        url = request.getfixturevalue("postgres").url
    async with opened(url) as store:
        yield store


async def test_a_turn_comes_back_as_it_was(store: ConversationStore) -> None:
    stored = turn(seen=evidence(), reply_ts="1700000001.000200")

    await store.add_turn(stored)

    assert await store.turn("turn-1") == stored


async def test_a_turn_without_evidence_comes_back_without(store: ConversationStore) -> None:
    stored = turn(reply=Help("K7QX2M", ("prod",), "Hello"))

    await store.add_turn(stored)

    assert await store.turn("turn-1") == stored


async def test_an_unknown_turn_is_none(store: ConversationStore) -> None:
    assert await store.turn("nobody") is None
    assert list(await store.turns(THREAD)) == []
    assert list(await store.ratings("nobody")) == []


async def test_a_turn_stored_twice_is_one(store: ConversationStore) -> None:
    for _ in range(2):
        await store.add_turn(turn(seen=evidence()))

    assert list(await store.turns(THREAD)) == [turn(seen=evidence())]


async def test_the_newest_of_one_turn_stands_and_keeps_what_came_between(
    store: ConversationStore,
) -> None:
    await store.add_turn(turn(seen=evidence(), reply_ts="1"))
    rating = Rating("turn-1", "U2", Score.UP, NOON)
    await store.rate(rating)

    await store.add_turn(turn(reply=Apology("K7QX2M", "Airflow is down")))

    assert await store.turn("turn-1") == turn(
        reply=Apology("K7QX2M", "Airflow is down"), reply_ts="1"
    )
    assert list(await store.ratings("turn-1")) == [rating]


async def test_a_refined_reply_takes_the_place_of_the_first(store: ConversationStore) -> None:
    await store.add_turn(turn(seen=evidence(), reply_ts="1"))

    await store.set_reply("turn-1", diagnosis("REFINED"), "2")

    assert await store.turn("turn-1") == turn(
        seen=evidence(), reply=diagnosis("REFINED"), reply_ts="2"
    )


async def test_a_refined_reply_without_a_place_stays_where_the_first_was(
    store: ConversationStore,
) -> None:
    await store.add_turn(turn(reply_ts="1"))

    await store.set_reply("turn-1", diagnosis("REFINED"), None)

    stored = await store.turn("turn-1")
    assert stored is not None
    assert (stored.reply, stored.reply_ts) == (diagnosis("REFINED"), "1")


async def test_a_reply_to_an_unknown_turn_is_an_error(store: ConversationStore) -> None:
    with pytest.raises(StoreError, match="nobody"):
        await store.set_reply("nobody", diagnosis(), "1")


async def test_the_turns_of_a_thread_come_oldest_first(store: ConversationStore) -> None:
    late, early = (
        turn(name, asked=question(name, asked_at=NOON + timedelta(minutes=minutes)))
        for name, minutes in (("b", 5), ("a", 1))
    )
    elsewhere = turn("c", asked=question("c", thread=ThreadKey("T1", "C1", "other")))
    for each in (late, elsewhere, early):
        await store.add_turn(each)

    assert list(await store.turns(THREAD)) == [early, late]


@pytest.mark.parametrize("other", [("T2", "C1"), ("T1", "C2")])
async def test_a_thread_of_the_same_ts_elsewhere_is_another(
    store: ConversationStore, other: tuple[str, str]
) -> None:
    thread = ThreadKey(*other, THREAD.thread)
    await store.add_turn(turn("a"))
    await store.add_turn(turn("b", asked=question(thread=thread)))

    assert [each.id for each in await store.turns(thread)] == ["b"]


async def test_times_come_back_equal_from_whichever_zone_they_went_in(
    store: ConversationStore,
) -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    stored = turn(asked=question(asked_at=NOON.astimezone(zone)))

    await store.add_turn(stored)

    found = await store.turn("turn-1")
    assert found is not None
    assert found.answered_at == stored.answered_at
    assert found.answered_at.tzinfo is not None


async def test_one_person_has_one_rating_and_may_change_it(store: ConversationStore) -> None:
    await store.add_turn(turn())
    await store.rate(Rating("turn-1", "U2", Score.UP, NOON))
    changed = Rating("turn-1", "U2", Score.DOWN, NOON + timedelta(minutes=1), "wrong", "It was S3")

    await store.rate(changed)

    assert list(await store.ratings("turn-1")) == [changed]


async def test_an_older_rating_that_arrives_late_changes_nothing(
    store: ConversationStore,
) -> None:
    await store.add_turn(turn())
    newest = Rating("turn-1", "U2", Score.DOWN, NOON + timedelta(minutes=1))
    await store.rate(newest)

    await store.rate(Rating("turn-1", "U2", Score.UP, NOON))

    assert list(await store.ratings("turn-1")) == [newest]


async def test_several_people_rate_one_turn(store: ConversationStore) -> None:
    await store.add_turn(turn())
    ratings = [
        Rating("turn-1", user, Score.UP, NOON + timedelta(minutes=minutes))
        for user, minutes in (("U3", 1), ("U2", 2))
    ]
    for rating in reversed(ratings):
        await store.rate(rating)

    assert list(await store.ratings("turn-1")) == ratings


async def test_a_rating_of_an_unknown_turn_is_an_error(store: ConversationStore) -> None:
    with pytest.raises(StoreError, match="nobody"):
        await store.rate(Rating("nobody", "U2", Score.UP, NOON))


async def test_turns_stored_at_once_are_all_kept(store: ConversationStore) -> None:
    names = [f"turn-{number:02}" for number in range(25)]

    await asyncio.gather(*(store.add_turn(turn(name, seen=evidence())) for name in names))

    assert [each.id for each in await store.turns(THREAD)] == names


async def test_a_sound_store_passes_its_checks(store: ConversationStore) -> None:
    checks = await store.doctor()

    assert checks
    assert {check.status for check in checks} == {CheckStatus.OK}
    assert {check.part for check in checks} == {"database"}
