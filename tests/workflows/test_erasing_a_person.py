"""Nothing is left of a person, in no table and in no column: ours, the engine's, and those to come.

Every table is filled. What has a store is written through it, with the person's id and their words;
every other table gets a row with the id in each of its texts.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, DateTime, LargeBinary, Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Date, TypeDecorator

from bot.adapters.sql.audit import SqlAuditLog
from bot.adapters.sql.case_tables import ReviewItemRow
from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.escalations import SqlEscalations
from bot.adapters.sql.person_traces import is_text, naming, tables
from bot.adapters.sql.persons import SqlPersonRecords, overwriting
from bot.adapters.sql.preferences import SqlPreferences
from bot.adapters.sql.runbook_draft_tables import RunbookDraftRow, RunbookDraftSourceRow
from bot.adapters.sql.store import SqlConversationStore
from bot.adapters.sql.tables import InboxRow, PostRow
from bot.adapters.sql.talk import SqlTalkRecords
from bot.cli_work.opening import KEPT
from bot.domain.audit import AuditEntry, AuditQuery, Outcome
from bot.domain.casework import WordsGone
from bot.domain.conversations import Rating, Score
from bot.domain.errors import BadRequest, StoreError
from bot.domain.escalations import (
    Call,
    Deed,
    Fired,
    Kind,
    Party,
    Rule,
    Severity,
    Subject,
    Truth,
    WasRight,
)
from bot.domain.privacy import OwnPost, OwnPosts, Person
from bot.domain.questions import Asker, Author, EarlierMessage, Origin, ThreadKey
from bot.domain.resolved_cases import CaseSource, CaseState
from bot.domain.work import Job, Queue, WorkStatus
from bot.services.privacy import PersonalRecords
from bot.slack.talk.hearing import Forget, forget_job
from bot.workflows.admin import WorkAdmin
from bot.workflows.databases import open_engine
from bot.workflows.enqueueing import Enqueuer
from bot.workflows.person_work import PersonsWork
from bot.workflows.serializer import TypedJson
from bot.workflows.withdrawing import WorkWithdrawal
from tests.contract.serving import TOLD
from tests.contract.test_escalations import POLICY
from tests.fakes.cases import CASE, approved, entry
from tests.fakes.turns import NOON, THREAD, evidence, question, turn

ID, OTHER = "U04AB12CD9", "U04AB12CD9X"  # of which the second one is somebody else
WORD = "quokka"
PERSON = Person(THREAD.workspace, ID)
MESSAGE = "T1:C1:1700000000.000100"


@dataclass
class Kept:
    engine: AsyncEngine
    url: str
    person: PersonalRecords
    store: SqlConversationStore
    escalations: SqlEscalations


@pytest.fixture
async def kept(url: str) -> AsyncIterator[Kept]:
    async with _opened(url) as kept:
        yield kept


@pytest.fixture
async def on_file(file_url: str) -> AsyncIterator[Kept]:
    async with _opened(file_url) as kept:
        yield kept


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Kept]:
    engine = create_engine(url)
    work, calls = PersonsWork(url, KEPT, 0.0), WorkWithdrawal(url, KEPT, 0.0)
    talk, records = SqlTalkRecords(engine), SqlPersonRecords(engine)
    yield Kept(
        engine,
        url,
        PersonalRecords(records, work, talk, calls, ("arrival",), forget_job),
        SqlConversationStore(engine),
        SqlEscalations(engine, lambda *_: None, POLICY, clock=lambda: NOON),
    )
    await work.close()
    await calls.close()
    await engine.dispose()


async def fill(kept: Kept) -> None:
    """A scenario in which the person asks, rates, takes on, resolves and decides."""
    asked = replace(question(text=f"why the {WORD}?"), asker=Asker(ID, "T1"))
    await kept.store.add_turn(turn(MESSAGE, asked=asked, seen=evidence(), reply_ts="1700000002.1"))
    other = question(message_ts="1700000005.000100")
    earlier = (EarlierMessage(Author.OTHER, f"why the {WORD}?", "1700000000.000100"),)
    other = replace(other, asker=Asker(OTHER, "T1"), earlier=earlier)
    await kept.store.add_turn(turn("T1:C1:1700000005.000100", asked=other))
    for turn_id in (MESSAGE, "T1:C1:1700000005.000100"):
        await kept.store.rate(Rating(turn_id, ID, Score.DOWN, NOON, WORD, WORD))
    await kept.person.talk.solve(THREAD, ID, "1700000009.000100")
    await _escalate(kept)
    cases = SqlResolvedCases(kept.engine, clock=lambda: NOON)
    case = replace(CASE, workspace="T1", confirmed_by=ID, fix=WORD, note=WORD)
    assert await cases.add(case, [CaseSource("T1", ID)])
    draft = {"id": "d1", "fingerprint": "f", "origin": "resolution", "state": "rejected"}
    draft |= {"title": "t", "file": "f.yaml", "text": WORD, "faults": "[]", "note": WORD}
    numbers: dict[str, Any] = {"count": 1, "version": 1, "made_at": NOON, "decided_by": ID}
    async with kept.engine.begin() as connection:
        await connection.execute(insert(RunbookDraftRow).values(**draft, **numbers))
        source = {"draft_id": "d1", "workspace": "T1", "user_id": ID, "turn_id": ""}
        await connection.execute(insert(RunbookDraftSourceRow).values(**source))
    read = AuditEntry("a1", NOON, ID, "T1", "C1", "read", Outcome.DENIED)
    await SqlAuditLog(kept.engine).add(read)
    await SqlPreferences(kept.engine, lambda: NOON).set_patterns("T1", ID, [f"{WORD}_*"])
    async with kept.engine.begin() as connection:
        came = {"workspace": "T1", "channel": "C1", "thread": "1700000000.000100"}
        row: dict[str, Any] = {
            "kind": "arrival",
            "user_id": ID,
            "event_id": "E1",
            "engages": True,
            **came,
        }
        row |= {"origin": "slack", "author_team": "T1", "created_at": NOON}
        await connection.execute(insert(InboxRow).values(key=MESSAGE, **row))
        post: dict[str, Any] = {
            "key": MESSAGE,
            "ts": "1700000002.000100",
            "revision": 9,
            "announced_at": NOON,
        }
        await connection.execute(insert(PostRow).values(**post, **came))
        item: dict[str, Any] = {
            "id": "r1",
            "kind": "label",
            "subject": "s",
            "title": "t",
            "workspace": "T1",
        }
        item |= {"opened_at": NOON, "state": "rejected", "label": "", "decided_by": ID}
        await connection.execute(insert(ReviewItemRow).values(**item, note=WORD))
        for table in reversed(tables()):
            if (await connection.execute(select(table).limit(1))).first() is None:
                await _plant(connection, table)
    _work(kept.url)


async def _escalate(kept: Kept) -> None:
    party = Party(THREAD, ID, MESSAGE, MESSAGE)
    subject = Subject("Somebody asks for help", f"why the {WORD}?", MESSAGE)
    call = Call(
        MESSAGE, "prod:oom", Fired(Rule.ASKED_FOR, "Asked."), Severity.NORMAL, subject, NOON, party
    )
    opened = (await kept.escalations.call(call)).escalation
    alone = replace(call, key="T1:D9:1", party=Party.alone("T1", ID), at=NOON)
    await kept.escalations.call(alone)
    await kept.escalations.do(opened.id, Deed("d1", Kind.ACKNOWLEDGED, NOON, by=ID))
    truth = Truth(opened.id, ID, NOON, WORD, WORD, WasRight.NO)
    done = Deed("d2", Kind.RESOLVED, NOON, by=ID, words=WORD)
    await kept.escalations.do(opened.id, done, truth)


async def _plant(connection: AsyncConnection, table: Table) -> None:
    """A row with the person in each text of it. What refers to a turn refers to theirs."""
    values: dict[str, Any] = {}
    for column in table.c:
        if column.foreign_keys:
            (key,) = column.foreign_keys
            parent = key.column.table
            theirs = MESSAGE if parent.name == "turns" else None
            first = await connection.scalar(select(key.column).limit(1))
            values[column.name] = theirs or first
        elif not (column.nullable or column.autoincrement is True):
            values[column.name] = _some(column)
    await connection.execute(insert(table).values(values))


def _some(column: Column[Any]) -> Any:
    if column.name == "workspace":
        return "T1"
    if is_text(column):
        return ID if column in naming(column.table) else f"of <@{ID}>, {column.name}"
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    fitting = {DateTime: NOON, Date: NOON.date(), LargeBinary: b"", Boolean: False}
    return next((value for one, value in fitting.items() if isinstance(kind, one)), 7)


def _work(url: str) -> None:
    """Work that is done, with all that the engine writes about it; some of it is compressed."""
    database = open_engine(url, connections=1)
    asked = question(text=f"why the {WORD}?" + " and why" * 2_000)
    body = replace(asked, asker=Asker(ID, "T1"))
    serializer = TypedJson([type(body), *KEPT])
    enqueuer = Enqueuer(serializer, database)
    enqueuer.start(Job(MESSAGE, "arrival", body, Queue.QUESTIONS, "T1:C1"))
    short = replace(body, text=WORD)
    for key, kind in ((f"T1:home:{ID}:1", "home"), ("reaction/T1/C1/5", "talk")):
        enqueuer.start(Job(key, kind, short, Queue.QUESTIONS, f"T1:home:{ID}"))
    where = "dbos." if database.dialect.name == "postgresql" else ""
    with database.begin() as connection:
        ended = "SET status = 'SUCCESS', updated_at = 0"  # long ago: nobody looks at it
        connection.execute(text(f"UPDATE {where}workflow_status {ended}"))
        written = f"INSERT INTO {where}operation_outputs (workflow_uuid, function_id, output)"
        at = {"key": MESSAGE, "output": serializer.serialize(body)}
        connection.execute(text(f"{written} VALUES (:key, 1, :output)"), at)
    database.dispose()


def everything(url: str) -> Iterator[tuple[str, str]]:
    """Every value of every table there is, by table, as text."""
    database = open_engine(url, connections=1)
    listed = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
        "postgresql": "SELECT schemaname || '.' || tablename FROM pg_tables "
        "WHERE schemaname IN ('public', 'dbos')",
    }
    with database.connect() as connection:
        for (table,) in connection.execute(text(listed[database.dialect.name])).all():
            for row in connection.execute(text(f"SELECT * FROM {table}")).all():
                yield from ((table, _shown(value)) for value in row if value is not None)
    database.dispose()


def _shown(value: Any) -> str:
    if isinstance(value, str) and value.startswith("z:"):
        return zlib.decompress(base64.b64decode(value[2:])).decode()
    if isinstance(value, bytes | memoryview):
        try:
            return zlib.decompress(bytes(value)).decode()
        except zlib.error:
            return bytes(value).decode("latin-1")
    return str(value)


def holding(url: str, words: str) -> set[str]:
    own = {(table, value.replace(OTHER, "")) for table, value in everything(url)}
    return {
        table.removeprefix("public.").removeprefix("dbos.")
        for table, value in own
        if words in value
    }


async def test_nothing_of_a_person_is_in_any_column_of_any_table(kept: Kept) -> None:
    await fill(kept)
    theirs = {table.name for table in tables() if any(is_text(one) for one in table.c)}
    assert holding(kept.url, ID) >= {*theirs, "workflow_status"} - {
        *("evidence", "verdicts", "posts", "snapshots", "snapshot_rows"),
        *("capacity_samples", "dag_successes"),
    }
    assert {"turns", "ratings", "escalations", "resolved_cases"} <= holding(kept.url, WORD)

    async with overwriting(kept.engine):
        erased = await kept.person.erase(PERSON, "admin", NOON)

    assert erased.left == ()
    assert erased.posts == 1
    assert holding(kept.url, ID) == set()
    assert holding(kept.url, WORD) == set()
    await kept.engine.dispose()
    file = Path(kept.url.removeprefix("sqlite+aiosqlite:///"))
    for one in file.parent.glob(f"{file.name}*") if file.exists() else ():
        assert WORD.encode() not in one.read_bytes()


async def test_others_keep_what_is_theirs(on_file: Kept) -> None:
    await fill(on_file)
    await on_file.person.erase(PERSON, "admin", NOON)
    left = await on_file.store.turn("T1:C1:1700000005.000100")
    assert left is not None
    assert left.question.asker.user_id == OTHER
    assert left.question.earlier == ()
    assert await on_file.store.ratings(left.id) == []
    assert await on_file.store.turn(MESSAGE) is None


async def test_the_audit_keeps_what_was_done_under_a_pseudonym(on_file: Kept) -> None:
    await fill(on_file)
    await on_file.person.erase(PERSON, "admin", NOON)
    entries = await SqlAuditLog(on_file.engine).entries(AuditQuery())
    assert {entry.user_id for entry in entries} == {PERSON.pseudonym, "admin"}
    (deed,) = [entry for entry in entries if entry.user_id == "admin"]
    assert deed.detail == f"erased what was kept of {PERSON.pseudonym}"


async def test_it_can_be_done_again_and_then_there_is_nothing(on_file: Kept) -> None:
    await fill(on_file)
    first = await on_file.person.erase(PERSON, "admin", NOON)
    again = await on_file.person.erase(PERSON, "admin", NOON + timedelta(hours=1))
    assert first.before
    assert (again.before, again.after, again.posts) == ((), (), 0)


async def test_an_interrupted_erasure_is_gone_on_with(kept: Kept) -> None:
    await fill(kept)

    class Dying(SqlPersonRecords):
        async def erase(self, person: Person, entry: AuditEntry) -> None:
            raise StoreError("the power failed")

    dying = replace(kept.person, records=Dying(kept.engine))
    with pytest.raises(StoreError, match="power"):
        await dying.erase(PERSON, "admin", NOON)
    assert holding(kept.url, ID)
    assert (await kept.person.erase(PERSON, "admin", NOON)).left == ()
    assert holding(kept.url, ID) == set()


async def test_what_is_kept_is_shown_by_place_with_how_much_and_since_when(on_file: Kept) -> None:
    await fill(on_file)
    found = {trace.place: trace for trace in await on_file.person.show(PERSON)}
    assert found["questions and answers"].rows == 1
    assert found["evidence of these"].rows == 1
    assert found["ratings"].rows == 2
    assert found["resolved cases"].rows == 1
    assert found["durable work"].rows == 3
    assert found["rows of snapshots"].rows == 1
    assert found["questions and answers"].since is not None
    assert all(not trace.why for trace in found.values())


async def test_their_wish_that_nothing_is_kept_stays_and_is_said_to(on_file: Kept) -> None:
    preferences = SqlPreferences(on_file.engine, lambda: NOON)
    await preferences.set_keeping("T1", ID, False)
    await preferences.set_patterns("T1", ID, ["orders_*"])
    erased = await on_file.person.erase(PERSON, "admin", NOON)
    assert not await preferences.keeps("T1", ID)
    assert (await preferences.preferences("T1", ID)).patterns == ()
    (stays,) = erased.after
    assert "wish" in stays.why
    assert erased.left == ()


async def test_whoever_holds_an_open_escalation_has_to_hand_it_on_first(on_file: Kept) -> None:
    call = Call(
        MESSAGE, "prod:oom", Fired(Rule.ASKED_FOR, "Asked."), Severity.NORMAL, Subject("t"), NOON
    )
    opened = (await on_file.escalations.call(call)).escalation
    await on_file.escalations.do(opened.id, Deed("d1", Kind.ACKNOWLEDGED, NOON, by=ID))
    with pytest.raises(BadRequest, match=opened.id):
        await on_file.person.erase(PERSON, "admin", NOON)


async def test_work_under_way_is_left_and_said_to_be(on_file: Kept) -> None:
    database = open_engine(on_file.url, connections=1)
    job = Job(f"T1:home:{ID}:1", "home", None, Queue.QUESTIONS, "T1:home")
    Enqueuer(TypedJson(KEPT), database).start(job)
    database.dispose()
    (left,) = (await on_file.person.erase(PERSON, "admin", NOON)).left
    assert (left.place.startswith("durable work under way"), left.rows) == (True, 1)


async def test_answers_in_slack_are_handed_to_a_bot_at_work_without_a_name(kept: Kept) -> None:
    await fill(kept)
    await kept.person.erase(PERSON, "admin", NOON)
    admin = WorkAdmin(kept.url, KEPT)
    (job,) = await admin.list(WorkStatus.WAITING)
    found = await admin.job(job.key)
    await admin.close()
    assert found is not None
    assert found.body == OwnPosts("T1", (OwnPost(MESSAGE, "C1", "1700000000.000100"),))


async def test_their_words_in_answers_to_others_are_handed_to_a_bot_at_work(kept: Kept) -> None:
    await fill(kept)
    cases = SqlResolvedCases(kept.engine, clock=lambda: NOON)
    case = replace(CASE, workspace="T1", confirmed_by=ID, fix=WORD)
    assert await cases.decide(approved(case), CaseState.DRAFT, entry("approve"))
    asked = replace(question(message_ts="1700000006.000100"), asker=Asker(OTHER, "T1"))
    await kept.store.add_turn(turn(asked.id, asked=asked, reply=TOLD))
    await kept.person.erase(PERSON, "admin", NOON)
    admin = WorkAdmin(kept.url, KEPT)
    found = [await admin.job(job.key) for job in await admin.list(WorkStatus.WAITING)]
    await admin.close()
    assert WordsGone("T1", (asked.id,)) in [one.body for one in found if one is not None]


async def test_work_on_their_question_under_way_is_deleted_by_the_bot_once_it_is_done(
    on_file: Kept,
) -> None:
    await fill(on_file)
    database = open_engine(on_file.url, connections=1)
    job = Job(f"{MESSAGE}:post", "post", WORD, Queue.POSTS, "T1:C1")
    Enqueuer(TypedJson(KEPT), database).start(job)
    database.dispose()
    (left,) = (await on_file.person.erase(PERSON, "admin", NOON)).left
    assert "once it is done" in left.place
    admin = WorkAdmin(on_file.url, KEPT)
    waiting = [await admin.job(one.key) for one in await admin.list(WorkStatus.WAITING)]
    await admin.close()
    bodies = [one.body for one in waiting if one is not None]
    assert [one.holding for one in bodies if isinstance(one, Forget)] == [(MESSAGE,)]


async def test_a_row_that_there_is_already_under_the_pseudonym_gives_way(kept: Kept) -> None:
    case = replace(CASE, workspace="T2", confirmed_by="U0OTHER00")
    cases = SqlResolvedCases(kept.engine, clock=lambda: NOON)
    # As an earlier version may have kept them: of no workspace, so that nothing else finds them.
    assert await cases.add(case, [CaseSource("", ID), CaseSource("", PERSON.pseudonym)])
    assert (await kept.person.erase(PERSON, "admin", NOON)).left == ()
    assert await cases.sources(case.id) == [CaseSource("", PERSON.pseudonym)]


async def test_who_is_meant_has_to_be_clear(on_file: Kept) -> None:
    await fill(on_file)
    preferences = SqlPreferences(on_file.engine, lambda: NOON)
    await preferences.set_keeping("T2", ID, True)
    with pytest.raises(BadRequest, match=r"several workspaces.*T1, T2"):
        await on_file.person.person(ID, "")
    assert await on_file.person.person(f"<@{ID}>", "T2") == Person("T2", ID)
    for unclear in ("ada@example.com", "Ada Lovelace", " "):
        with pytest.raises(BadRequest, match="Give the person's id"):
            await on_file.person.person(unclear, "")


async def test_whoever_asked_at_the_terminal_is_found_by_their_login_alone(kept: Kept) -> None:
    thread = ThreadKey("cli", "terminal", "1")
    for number, login in enumerate(("load", "prod")):
        asked = question(thread=thread, message_ts=str(number))
        asked = replace(asked, id=f"cli:{number}", origin=Origin.CLI, asker=Asker(login))
        await kept.store.add_turn(turn(f"cli:{number}", asked=asked))
    person = await kept.person.person("load", "")
    assert (await kept.person.erase(person, "admin", NOON)).left == ()
    assert await kept.store.turn("cli:0") is None
    left = await kept.store.turn("cli:1")
    assert left is not None
    assert left.question.thread == thread


async def test_work_stays_for_as_long_as_other_work_waits_for_it(on_file: Kept) -> None:
    database = open_engine(on_file.url, connections=1)
    enqueuer = Enqueuer(TypedJson(KEPT), database)
    for key in ("first", "second"):
        enqueuer.start(Job(key, "talk", f"of {ID}", Queue.QUESTIONS, key))
    ended = "SET status = 'SUCCESS', parent_workflow_id = 'first' WHERE workflow_uuid = 'second'"
    with database.begin() as connection:
        connection.execute(text(f"UPDATE workflow_status {ended}"))
    work = PersonsWork(on_file.url, KEPT, 0.0)
    await work.erase(PERSON)
    (under_way,) = await work.traces(PERSON)
    assert under_way.rows == 2
    with database.begin() as connection:
        connection.execute(text("UPDATE workflow_status SET status = 'CANCELLED'"))
    await work.erase(PERSON)
    assert await work.traces(PERSON) == []
    await work.close()
    database.dispose()
