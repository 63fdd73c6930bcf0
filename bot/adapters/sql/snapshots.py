"""Snapshots in the database: which turns a dataset was made of, whether all are still there, and
whether their consents hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.consents import SqlConsents
from bot.adapters.sql.dataset_tables import SnapshotRow, SnapshotTurnRow
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.statements import insert_into
from bot.adapters.sql.tables import TurnRow
from bot.domain.consents import Consent, no_longer
from bot.domain.datasets import Left, Snapshot
from bot.services.export_ports import SnapshotEntry

_PRESENT = (
    select(func.count())
    .where(SnapshotTurnRow.snapshot_id == SnapshotRow.id)
    .correlate(SnapshotRow)
    .scalar_subquery()
)


class SqlSnapshots:
    """The port `Snapshots`; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now
        self._consents = SqlConsents(engine)

    async def add(self, snapshot: Snapshot, entries: Iterable[Sequence[SnapshotEntry]]) -> None:
        row = insert_into(self._engine, SnapshotRow).values(
            id=snapshot.id,
            created_at=snapshot.created_at,
            turns=snapshot.rows,
            left_out=json.dumps({left.name: count for left, count in snapshot.left.items()}),
            consents=json.dumps(snapshot.consents),
        )
        with store_errors("Keeping a snapshot"):
            async with writing(self._engine) as connection:
                await connection.execute(row.on_conflict_do_nothing(index_elements=["id"]))
            begin = 0
            for some in entries:
                await self._add(snapshot.id, begin, some)
                begin += len(some)

    async def find(self, snapshot_id: str) -> Snapshot | None:
        found = await self._read(_snapshots().where(SnapshotRow.id == snapshot_id))
        return found[0] if found else None

    async def all(self, limit: int, offset: int) -> Sequence[Snapshot]:
        newest = _snapshots().order_by(SnapshotRow.created_at.desc(), SnapshotRow.id)
        return await self._read(newest.limit(limit).offset(offset))

    async def forget(self, snapshot_id: str) -> bool:
        with store_errors("Forgetting a snapshot"):
            async with writing(self._engine) as connection:
                gone = await connection.execute(
                    delete(SnapshotRow).where(SnapshotRow.id == snapshot_id)
                )
        return bool(gone.rowcount)

    async def _add(self, snapshot_id: str, begin: int, some: Sequence[SnapshotEntry]) -> None:
        there = select(TurnRow.id).where(TurnRow.id.in_([one.turn_id for one in some]))
        known = select(SnapshotTurnRow.number).where(
            SnapshotTurnRow.snapshot_id == snapshot_id,
            SnapshotTurnRow.number >= begin,
            SnapshotTurnRow.number < begin + len(some),
        )
        async with writing(self._engine) as connection:
            present = set(
                await connection.scalars(there.with_for_update(read=True, key_share=True))
            )
            kept = set(await connection.scalars(known))
            rows = [
                {
                    "snapshot_id": snapshot_id,
                    "number": number,
                    "turn_id": one.turn_id,
                    "digest": one.digest,
                }
                for number, one in enumerate(some, begin)
                if one.turn_id in present and number not in kept
            ]
            if rows:
                await connection.execute(insert(SnapshotTurnRow), rows)

    async def _read(self, statement: Select[SnapshotRow, int]) -> list[Snapshot]:
        with store_errors("Reading snapshots"):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(statement)).all()
        known, now = await self._consents.all() if rows else (), self._now()
        return [_snapshot(row, known, now) for row in rows]


def _snapshot(row: Row[*tuple[Any, ...]], known: Sequence[Consent], now: datetime) -> Snapshot:
    used = tuple(json.loads(row.consents))
    return Snapshot(
        id=row.id,
        created_at=row.created_at,
        rows=row.turns,
        present=row.present,
        consents=used,
        left={Left[name]: count for name, count in json.loads(row.left_out).items()},
        ended=no_longer(known, used, now),
    )


def _snapshots() -> Select[SnapshotRow, int]:
    columns = SnapshotRow.__table__.columns
    return select(*columns, _PRESENT.label("present"))
