"""The console's lists over 100,000 conversations: milliseconds by kind of question, and the plan
by which the database finds each.

Run: python -m tests.benchmarks.console [--conversations 100000] [--database postgresql]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.archive import SqlArchive
from bot.adapters.sql.archive_reading import numbers
from bot.adapters.sql.console_tables import TurnIndexRow
from bot.adapters.sql.engine import create_engine, writing
from bot.adapters.sql.migrate import make_ready, migrate
from bot.adapters.sql.rows import provenance, rating_values, turn_values, verdict_values
from bot.adapters.sql.tables import ConversationRow, RatingRow, TurnRow, VerdictRow
from bot.adapters.sql.turn_index import index_values
from bot.domain.answers import Diagnosis
from bot.domain.conversations import Rating, Score, Turn
from bot.domain.questions import ThreadKey
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from bot.services.archive_ports import EVERYTHING, Scope, Wanted
from bot.services.turn_words import place_of
from tests.benchmarks.names import dag_ids
from tests.fakes.turns import NOON, diagnosis, question, turn
from tests.postgres import open_server

_AT_A_TIME = 1_000
_TIMES = 40
_DAGS = 3_000
_CAUSES = 120
_MINUTES = 5  # between two questions


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    wanted: Wanted
    scope: Scope = EVERYTHING
    is_deep: bool = False  # asks for a page from the middle


def turns(count: int, seed: int = 1) -> Iterator[Turn]:
    pick, dags, kinds = random.Random(seed), dag_ids(_DAGS), list(VerdictKind)
    base = diagnosis()
    for number in range(count):
        dag_id = dags[int(len(dags) * pick.random() ** 3)]  # a few fail again and again
        cause = f"cause_{int(_CAUSES * pick.random() ** 2)}"
        asked_at = NOON + timedelta(minutes=_MINUTES * number)
        ts = f"{1_700_000_000 + number}.000100"
        thread = ThreadKey("T1", f"C{number % 50}", ts)
        said = f"why did {dag_id} fail, number {number}?"
        asked = question(ts, thread=thread, text=said, asked_at=asked_at)
        verdict = replace(base.verdict, kind=pick.choice(kinds), cause=cause)
        reply = replace(base, target=Target("prod", dag_id, "run", "load"), verdict=verdict)
        yield turn(f"turn-{number}", asked=asked, reply=reply)


async def fill(engine: AsyncEngine, count: int) -> None:
    pick, rows = random.Random(2), list[Turn]()
    for number, one in enumerate(turns(count), 1):
        rows.append(one)
        if len(rows) == _AT_A_TIME or number == count:
            await _put(engine, rows, number - len(rows) + 1, pick)
            rows.clear()
    async with writing(engine) as connection:
        await connection.execute(text("ANALYZE"))


async def _put(engine: AsyncEngine, rows: list[Turn], first: int, pick: random.Random) -> None:
    kept: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (ConversationRow, TurnRow, VerdictRow, TurnIndexRow, RatingRow)
    }
    for number, one in enumerate(rows, first):
        came = provenance(one.question, NOON)
        thread = one.question.thread.thread
        kept[ConversationRow].append({**came, "id": number, "thread": thread})
        kept[TurnRow].append({**came, **turn_values(one, str), "conversation_id": number})
        if isinstance(one.reply, Diagnosis):
            kept[VerdictRow].append({**came, **verdict_values(one.reply), "turn_id": one.id})
        kept[TurnIndexRow].append({**index_values(one, str), "conversation_id": number})
        if pick.random() < 0.05:
            score = Score.DOWN if pick.random() < 0.2 else Score.UP
            given = rating_values(Rating(one.id, "U2", score, NOON), str, NOON)
            kept[RatingRow].append({**came, **given, "is_on": True})
    async with writing(engine) as connection:
        for table, values in kept.items():
            if values:
                await connection.execute(insert(table), values)


def questions(count: int) -> list[Question]:
    dags = dag_ids(_DAGS)
    few = frozenset(place_of("prod", one) for one in dags[-20:])
    most = frozenset(place_of("prod", one) for one in dags[20:])
    late = NOON + timedelta(minutes=_MINUTES * count * 9 // 10)
    return [
        Question("newest page", Wanted()),
        Question("a page in the middle", Wanted(), is_deep=True),
        Question("one verdict", Wanted(verdict=VerdictKind.CODE)),
        Question("a rare cause", Wanted(cause=f"cause_{_CAUSES - 1}")),
        Question("a rare Dag", Wanted(dag_id=dags[-1])),
        Question("verdict and rare cause", Wanted(verdict=VerdictKind.CODE, cause="cause_119")),
        Question("rated down", Wanted(score=Score.DOWN)),
        Question("the first days alone", Wanted(until=NOON + timedelta(days=2))),
        Question("the last tenth", Wanted(since=late)),
        Question("a rare word", Wanted(words=f"number {count // 2}")),
        Question("a name in part", Wanted(words=dags[5].rsplit("_", 1)[0])),
        Question("a word in all of them", Wanted(words="memory")),
        Question("words in none", Wanted(words="kubernetes eviction")),
        Question("may see 20 Dags", Wanted(), Scope(directs=True, places=few)),
        Question("may see all but 20", Wanted(), Scope(user_id="U1", places=most)),
        Question("may see 20, a word", Wanted(words="memory"), Scope(directs=True, places=few)),
    ]


async def measure(engine: AsyncEngine, count: int) -> None:
    archive = SqlArchive(engine)
    print(f"\n{'':<26}{'p50':>9}{'p99':>9}   ms, of {_TIMES}; rows; plan")
    for one in questions(count):
        before = count // 2 if one.is_deep else None
        page = await archive.page(one.wanted, one.scope, before=before)
        took = await _times(lambda one=one, b=before: archive.page(one.wanted, one.scope, before=b))
        print(f"{one.name:<26}{took}   {len(page.rows):>3}  {await _plan(engine, one, before)}")
    month = NOON + timedelta(minutes=_MINUTES * count)
    for days in (30, 365):
        since = month - timedelta(days=days)
        took = await _times(lambda s=since: archive.days(EVERYTHING, s, month))
        print(f"{f'figures of {days} days':<26}{took}")
    print(f"{'one conversation':<26}{await _times(lambda: archive.conversation(7, EVERYTHING))}")


async def _times(ask: Callable[[], Awaitable[object]]) -> str:
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1_000)
    took.sort()
    return f"{statistics.median(took):>9.1f}{took[int(len(took) * 0.99)]:>9.1f}"


async def _plan(engine: AsyncEngine, one: Question, before: int | None) -> str:
    name = engine.dialect.name
    dialect: Any = sqlite.dialect() if name == "sqlite" else postgresql.dialect()
    statement = numbers(name, one.wanted, one.scope, before, 26)
    sql = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    if name == "sqlite":
        explained, last = f"EXPLAIN QUERY PLAN {sql}", 3
    else:
        explained, last = f"EXPLAIN {sql}", 0
    async with engine.connect() as connection:
        rows = (await connection.exec_driver_sql(explained.replace("%", "%%"))).all()
    steps = [str(row[last]).strip().split("  (cost")[0] for row in rows]
    return " · ".join(step for step in steps if "Cond" not in step and "Filter" not in step)[:220]


async def run(url: str, count: int) -> None:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        await make_ready(engine)
    else:
        await asyncio.to_thread(migrate, url)
    began = time.perf_counter()
    await fill(engine, count)
    print(f"{count:,} conversations kept in {time.perf_counter() - began:.0f} s")
    await measure(engine, count)
    await engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    if given.database == "postgresql":
        server = open_server()
        try:
            asyncio.run(run(server.create_database().url, given.conversations))
        finally:
            server.remove()
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bot.db"
        asyncio.run(run(f"sqlite+aiosqlite:///{file}", given.conversations))
        print(f"{file.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
