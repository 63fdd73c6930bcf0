"""Prints how fast conversations become a dataset, and what memory that takes.

    python -m tests.benchmarks.export [--turns 2000] [--unscrubbed] [--keep FOLDER]

Turns are made up: a diagnosis with thirty lines of log each, three in four judged, one in ten a
near duplicate. They are put into a SQLite file at one go, then exported in all formats. Memory is
looked at while it goes on: the target is a line that does not rise with the turns. `--unscrubbed`
leaves out the last look for secrets and names, which takes most of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.dataset.folder import ExportFolder
from bot.adapters.scrub.scrubber import SnapshotScrubbers
from bot.adapters.scrub.second_tool import SecondTool
from bot.adapters.sql.consents import SqlConsents
from bot.adapters.sql.dataset_reads import SqlTurnPages
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.migrate import make_ready
from bot.adapters.sql.packing import pack
from bot.adapters.sql.rows import evidence_values, provenance, rating_values, turn_values
from bot.adapters.sql.snapshots import SqlSnapshots
from bot.adapters.sql.tables import ConversationRow, EvidenceRow, RatingRow, TurnRow
from bot.diagnosis.redaction import Redactor
from bot.domain.audit import AuditEntry, Outcome
from bot.domain.conversations import Rating, Score
from bot.learning.formats import formats
from bot.services.export import Exporter
from bot.services.export_ports import Request
from bot.services.scrub_ports import Scrubbers
from tests.benchmarks.processor import memory_mb
from tests.fakes.lessons import CONSENT, MONDAY, NOW, WORKSPACE, PlainScrubber, Told, lesson

AT_ONCE = 500
LOOKS = 5
YEARS = 3


class Watch:
    """Progress that looks at the clock and at the memory."""

    def __init__(self) -> None:
        self._words, self._total, self._done = "", 0, 0
        self._begun = time.perf_counter()
        self._seen: list[float] = []

    def stage(self, words: str, total: int | None, done: int = 0) -> None:
        self.end()
        self._words, self._total, self._done = words, total or 0, 0
        self._begun, self._seen = time.perf_counter(), []

    def advance(self, count: int) -> None:
        self._done += count
        if self._done * LOOKS >= self._total * (len(self._seen) + 1):
            self._seen.append(memory_mb(os.getpid()))

    def end(self) -> None:
        if self._words:
            took = time.perf_counter() - self._begun
            rate = f"{self._done / took:,.0f} rows/s" if self._done else ""
            line = " ".join(f"{one:.0f}" for one in self._seen or [memory_mb(os.getpid())])
            print(f"{self._words:<34} {took:8.1f} s  {rate:>14}  MB resident: {line}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=2_000)
    parser.add_argument("--unscrubbed", action="store_true")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(given.turns, given.keep or Path(folder), given.unscrubbed))


async def measure(turns: int, folder: Path, unscrubbed: bool) -> None:
    engine = create_engine(f"sqlite+aiosqlite:///{folder / 'bot.db'}")
    await make_ready(engine)
    await fill(engine, turns)
    scrubbers: Scrubbers = SnapshotScrubbers(lambda key: Redactor(key=key), SecondTool())
    exporter = Exporter(
        SqlTurnPages(engine),
        SqlSnapshots(engine, lambda: NOW),
        SqlConsents(engine),
        PlainScrubber() if unscrubbed else scrubbers,
        Told(),
        "benchmark",
        lambda: NOW + timedelta(days=1),
    )
    watch, begun = Watch(), time.perf_counter()
    desk = ExportFolder(folder / "dataset")
    done = await exporter.run(desk, Request(tuple(formats())), "benchmark", watch)
    watch.end()
    await engine.dispose()
    took = time.perf_counter() - begun
    size = sum(one.stat().st_size for one in (folder / "dataset").rglob("*") if one.is_file())
    print(f"{turns:,} turns in {took:,.1f} s, {turns / took:,.0f} turns/s; {size / 1e6:,.0f} MB")
    print(", ".join(f"{name} {count:,}" for name, count in sorted(done.fates.items())))


async def fill(engine: AsyncEngine, turns: int) -> None:
    begun = time.perf_counter()
    entry = AuditEntry("benchmark", MONDAY, "", WORKSPACE, "", "consent", Outcome.ALLOWED)
    await SqlConsents(engine).record(CONSENT, entry)
    for start in range(0, turns, AT_ONCE):
        rows = [row_of(n, turns) for n in range(start, min(start + AT_ONCE, turns))]
        async with engine.begin() as connection:
            for table in (ConversationRow, TurnRow, EvidenceRow, RatingRow):
                values = [row[table] for row in rows if table in row]
                await connection.execute(insert(table), values)
    print(f"{turns:,} turns kept in {time.perf_counter() - begun:,.1f} s", flush=True)


def row_of(number: int, turns: int) -> dict[type[Any], dict[str, Any]]:
    """One turn as rows of tables. Each tenth says what the one before it says."""
    like = number - (number % 10 == 9)
    at = MONDAY - timedelta(days=365 * YEARS) * (1 - number / turns)
    turn = lesson(like, at=at)
    came_from = provenance(turn.question, at)
    name = f"{turn.id}:{number}"
    assert turn.evidence is not None
    values = {**came_from, **turn_values(turn, str), "id": name, "conversation_id": number + 1}
    found: dict[type[Any], dict[str, Any]] = {
        ConversationRow: {**came_from, "id": number + 1, "thread": str(number)},
        TurnRow: {**values, "answered_at": at},
        EvidenceRow: {**came_from, **evidence_values(pack(turn.evidence)), "turn_id": name},
    }
    if number % 4:
        score = Score.UP if number % 5 else Score.DOWN
        rated = rating_values(Rating(name, "U0ASKER1", score, at), str, at)
        found[RatingRow] = {**came_from, **rated, "source": "button"}
    return found


if __name__ == "__main__":
    main()
