"""What every `TalkRecords` does, the one in memory and the one in a database alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.inbox import SqlInbox
from bot.adapters.sql.ledger import SqlPostLedger
from bot.adapters.sql.store import SqlConversationStore
from bot.adapters.sql.talk import SqlTalkRecords
from bot.domain.conversations import Rating, Score, Turn
from bot.domain.questions import Question, ThreadKey
from bot.domain.work import Delivery, Job, Queue
from bot.services.talk import MessageKey, PageOfPost, Stands, TalkRecords
from tests.fakes.talk import FakeTalkRecords
from tests.fakes.turns import evidence, question, turn

ROOT, REPLY, LATER = "1700000000.000100", "1700000050.000100", "1700000100.000100"
THREAD = ThreadKey("T1", "C1", ROOT)
ANSWER = "1700000001.000200"


@dataclass
class Kept:
    """Records with the store, the inbox and the ledger that they look into."""

    talk: TalkRecords
    database: SqlConversationStore | None = None
    ledger: SqlPostLedger | None = None
    inbox: SqlInbox | None = None

    async def add(self, kept: Turn) -> None:
        if self.database is not None:
            await self.database.add_turn(kept)
        else:
            assert isinstance(self.talk, FakeTalkRecords)
            if not self.talk.is_gone(kept.question):
                self.talk.turns[kept.id] = kept

    async def post(self, key: str, ts: str) -> None:
        if self.ledger is not None:
            async with self.ledger.page(key, THREAD) as page:
                await page.record(ts, 3)
        else:
            assert isinstance(self.talk, FakeTalkRecords)
            known = [*self.talk.pages(), PageOfPost(key, ts)]
            self.talk.pages = lambda: known

    async def take(self, key: str, thread: ThreadKey) -> None:
        if self.inbox is not None:
            job = Job(key, "arrival", None, Queue.QUESTIONS, key)
            assert await self.inbox.take(job, Delivery("slack", thread=thread))
        else:
            assert isinstance(self.talk, FakeTalkRecords)
            self.talk.deliveries[key] = Delivery("slack", thread=thread)

    async def rating(self, turn_id: str, user: str) -> Rating | None:
        if self.database is not None:
            found = await self.database.ratings(turn_id)
            return next((one for one in found if one.user_id == user), None)
        assert isinstance(self.talk, FakeTalkRecords)
        return self.talk.rating(turn_id, user)


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    if request.param == "fake":
        yield Kept(FakeTalkRecords({}))
        return
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres"
    found = request.getfixturevalue(fixture)
    engine = create_engine(found if isinstance(found, str) else found.url)
    inbox = SqlInbox(engine, lambda *_: None)
    yield Kept(SqlTalkRecords(engine), SqlConversationStore(engine), SqlPostLedger(engine), inbox)
    await engine.dispose()


def asked(ts: str = ROOT, *, addressed: bool = True) -> Question:
    made = question(ts, thread=THREAD, asked_at=datetime.fromtimestamp(float(ts), UTC))
    return replace(made, is_addressed=addressed)


def message(ts: str = ROOT) -> MessageKey:
    return MessageKey("T1", "C1", ts)


def turn_at(ts: str = ROOT, reply_ts: str | None = ANSWER) -> Turn:
    return turn(asked(ts).id, asked=asked(ts), seen=evidence(), reply_ts=reply_ts)


async def test_of_several_wordings_the_newest_is_answered_and_counted(kept: Kept) -> None:
    assert (await kept.talk.hear(asked(), "")).edition == 0
    assert await kept.talk.note_edit(message(), "1700000010.000000")
    assert await kept.talk.note_edit(message(), "1700000020.000000")
    assert not await kept.talk.note_edit(message(), "1700000010.000000")
    assert await kept.talk.note_edit(message(), "1700000020.000000")
    assert (await kept.talk.hear(asked(), "")).stands is Stands.OUTDATED
    newest = await kept.talk.hear(asked(), "1700000020.000000")
    assert (newest.stands, newest.edition) == (Stands.OPEN, 2)


async def test_what_was_deleted_is_heard_and_kept_no_more(kept: Kept) -> None:
    await kept.add(turn_at(REPLY))
    await kept.talk.note_deletion(message())
    assert not await kept.talk.note_edit(message(), "1700000020.000000")
    for ts in (ROOT, REPLY):
        assert (await kept.talk.hear(asked(ts), "")).stands is Stands.GONE
    await kept.talk.erase([message(REPLY).fragment])
    await kept.add(turn_at(REPLY))
    assert await kept.talk.place_of(asked(REPLY).id) is None


async def test_to_a_deleted_root_belongs_all_that_went_on_in_its_thread(kept: Kept) -> None:
    follow_up = asked(REPLY)
    await kept.take(follow_up.id, THREAD)
    await kept.post(asked().id, ANSWER)
    await kept.post(f"file:T1:C1:{ANSWER}:log_excerpt:1700000002.000100", "F01")
    await kept.post(f"T1:C1:{ANSWER}:choose-1", "1700000003.000200")
    await kept.post("T1:C1:1700000009.000100", "1700000009.000200")
    found = await kept.talk.belongings(message())
    names = {ROOT, REPLY, ANSWER, "1700000003.000200"}
    if kept.database is not None:  # the ledger knows the thread of each post
        names |= {"1700000009.000100", "1700000009.000200"}
    assert set(found.fragments) == {message(ts).fragment for ts in names}
    keys = {page.key for page in found.pages}
    assert asked().id in keys
    assert f"file:T1:C1:{ANSWER}:log_excerpt:1700000002.000100" in keys


async def test_to_one_question_belongs_what_was_answered_to_it_alone(kept: Kept) -> None:
    await kept.post(asked().id, ANSWER)
    await kept.post(asked(REPLY).id, "1700000051.000200")
    found = await kept.talk.belongings(message(REPLY))
    assert set(found.fragments) == {message(REPLY).fragment, "T1:C1:1700000051.000200"}


async def test_an_answer_is_found_by_where_it_stands(kept: Kept) -> None:
    await kept.add(turn_at())
    await kept.post("T1:C1:1700000005.000100", "1700000006.000200")
    place = await kept.talk.answer_at(message(ANSWER))
    assert place is not None
    assert (place.turn_id, place.thread, place.asker) == (asked().id, THREAD, "U1")
    notice = await kept.talk.answer_at(message("1700000006.000200"))
    assert notice is not None
    assert notice.turn_id == ""
    assert await kept.talk.answer_at(message("1700000099.000000")) is None


async def test_told_to_keep_out_it_does_until_it_is_called_in_whichever_order(kept: Kept) -> None:
    remark, call = asked(REPLY, addressed=False), asked(LATER)
    await kept.talk.keep_out(THREAD, "1700000040.000000")
    assert await kept.talk.keeps_out(THREAD)
    assert (await kept.talk.hear(remark, "")).stands is Stands.KEPT_OUT
    assert (await kept.talk.hear(call, "")).stands is Stands.OPEN
    assert not await kept.talk.keeps_out(THREAD)
    await kept.talk.keep_out(THREAD, "1700000060.000000")
    assert not await kept.talk.keeps_out(THREAD)


async def test_a_later_question_opens_again_what_was_solved(kept: Kept) -> None:
    await kept.add(turn_at())
    assert await kept.talk.solve(THREAD, "U1", "1700000040.000000")
    assert not await kept.talk.solve(THREAD, "U1", "1700000030.000000", solved=False)
    assert (await kept.talk.hear(asked(REPLY), "")).reopens
    assert not (await kept.talk.hear(asked(LATER), "")).reopens
    assert await kept.talk.first_asked(THREAD) == ROOT


async def test_a_reaction_taken_back_uncovers_what_was_said_before_it(kept: Kept) -> None:
    await kept.add(turn_at())
    at = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    button = Rating(asked().id, "U1", Score.UP, at)
    thumb = Rating(asked().id, "U1", Score.DOWN, at + timedelta(seconds=5), source="-1")
    gone = replace(thumb, at=at + timedelta(seconds=9))
    await kept.talk.take_back(gone)
    await kept.talk.rate(thumb)
    assert await kept.rating(asked().id, "U1") is None
    await kept.talk.rate(button)
    assert await kept.rating(asked().id, "U1") == button
    again = replace(thumb, at=at + timedelta(seconds=20))
    await kept.talk.rate(again)
    assert await kept.rating(asked().id, "U1") == again


async def test_a_channel_that_was_left_is_forgotten_up_to_then(kept: Kept) -> None:
    await kept.add(turn_at())
    await kept.add(turn_at(LATER))
    await kept.talk.note_departure("T1", "C1", REPLY)
    await kept.talk.erase_channel("T1", "C1", REPLY)
    assert await kept.talk.place_of(asked().id) is None
    assert await kept.talk.place_of(asked(LATER).id) is not None
    assert (await kept.talk.hear(asked(), "")).stands is Stands.GONE
    assert (await kept.talk.hear(asked(LATER), "")).stands is Stands.OPEN


async def test_a_deleted_message_is_taken_out_of_what_turns_keep_as_said_before(
    kept: Kept,
) -> None:
    await kept.add(turn_at())
    earlier = asked().earlier[0]
    assert list(await kept.talk.unquote(message(earlier.ts))) == [asked().id]
    assert list(await kept.talk.unquote(message(earlier.ts))) == []
