"""The plan of an export in a file of its own: what was read so far, and what becomes of each row.

It holds no text of anybody's, and its memory does not grow with the rows.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bot.domain.datasets import Example, Judgement, Source, Split
from bot.domain.errors import ExportError
from bot.learning.dedupe import Signature, alike, bands, signatures, text_of
from bot.learning.splits import Incident, Shares, cuts_of, split_of
from bot.services.export_ports import Chosen, SnapshotEntry, Surveyed

_FORM = 1
_SAMPLE = 20
_NEIGHBOURS_MAX = 400  # that one row is compared with
_RANKS = {Source.RESOLUTION: 0, Source.RATING: 1, Source.RULES: 2}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TABLES = """
CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (
    number INTEGER PRIMARY KEY, turn_id TEXT NOT NULL, digest TEXT NOT NULL,
    incident TEXT NOT NULL, at INTEGER NOT NULL, chance INTEGER NOT NULL, label TEXT NOT NULL,
    judgement TEXT NOT NULL, rank INTEGER NOT NULL, signature BLOB NOT NULL,
    fate TEXT NOT NULL DEFAULT '', sample INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX rows_rank ON rows (rank, number);
CREATE TABLE bands (band INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (band, number))
    WITHOUT ROWID;
"""

_DUPLICATE, _UNJUDGED, _CONTRADICTED = "duplicate", "unjudged", "contradicted"
_RETURNED, _SURPLUS = "returned", "surplus"


class SqlitePlan:
    """The port `Plan`. Raises `ExportError` for a file of another version."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA cache_size = -16384")
        form = self._db.execute("PRAGMA user_version").fetchone()[0]
        if form not in (0, _FORM):
            raise ExportError(f"{file} is of another version of the bot. Delete {file.parent}.")
        if form == 0:
            self._db.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {_FORM};COMMIT;")

    def close(self) -> None:
        self._db.close()

    def notes(self) -> Mapping[str, str]:
        return dict(self._db.execute("SELECT key, value FROM notes"))

    def note(self, **notes: str) -> None:
        with self._step():
            self._note(notes)

    def add(self, rows: Sequence[Surveyed], **notes: str) -> None:
        found = signatures([text_of(row.example) for row in rows])
        values = [_values(row, one) for row, one in zip(rows, found, strict=True)]
        with self._step():
            self._db.executemany(
                "INSERT INTO rows (number, turn_id, digest, incident, at, chance, label, judgement,"
                " rank, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            self._note(notes)

    def entries(self, portion: int) -> Iterator[Sequence[SnapshotEntry]]:
        found = self._db.execute("SELECT turn_id, digest FROM rows ORDER BY number")
        while some := found.fetchmany(portion):
            yield [SnapshotEntry(*one) for one in some]

    def thin(self, *, unjudged: bool) -> None:
        with self._step():
            self._db.execute("DELETE FROM bands")
            self._db.execute("UPDATE rows SET fate = ''")
            without = {Judgement.CONTRADICTED: _CONTRADICTED}
            if not unjudged:
                without[Judgement.NONE] = _UNJUDGED
            self._db.executemany(
                "UPDATE rows SET fate = ? WHERE judgement = ?",
                [(fate, judgement.value) for judgement, fate in without.items()],
            )
            # What engineers found out comes first, so that it stays where others say the same.
            ordered = self._db.execute(
                "SELECT number, signature FROM rows WHERE fate = '' ORDER BY rank, number"
            )
            for number, packed in ordered:
                self._keep_if_new(number, np.frombuffer(packed, dtype="<u4"))
            self._db.execute("DELETE FROM bands")

    def divide(self, shares: Shares) -> None:
        """Of those that are left: by incident and by time."""
        total = self.counts().get("", 0)
        incidents = self._db.execute(
            "SELECT min(at), count(*) FROM rows WHERE fate = '' GROUP BY incident"
            " ORDER BY min(at) DESC, incident"
        )
        cuts = cuts_of((Incident(*one) for one in incidents), total, shares)
        self._db.create_function(
            "fate_of",
            2,
            lambda at, first: split_of(at, first, cuts) or _RETURNED,
            deterministic=True,
        )
        with self._step():
            self._db.execute(
                "UPDATE rows SET fate = fate_of(rows.at, whole.first) FROM"
                " (SELECT incident, min(at) AS first FROM rows WHERE fate = '' GROUP BY incident)"
                " AS whole WHERE rows.incident = whole.incident AND rows.fate = ''"
            )

    def balance(self, ratio: float) -> None:
        """Of what is learnt from; what is measured on stays as it was."""
        of_split = (Split.TRAIN.value,)
        rarest = self._db.execute(
            "SELECT min(c) FROM (SELECT count(*) AS c FROM rows WHERE fate = ? AND label != ''"
            " GROUP BY label)",
            of_split,
        ).fetchone()[0]
        with self._step():
            self._db.execute(
                "UPDATE rows SET fate = ? WHERE number IN (SELECT number FROM (SELECT number,"
                " row_number() OVER (PARTITION BY label ORDER BY chance) AS place FROM rows"
                " WHERE fate = ? AND label != '') WHERE place > ?)",
                (_SURPLUS, *of_split, max(1, int((rarest or 0) * ratio))),
            )

    def sample(self) -> None:
        """Marks some for a person to read."""
        splits = tuple(one.value for one in Split)
        with self._step():
            self._db.execute(
                "UPDATE rows SET sample = number IN (SELECT number FROM rows"
                " WHERE fate IN (?, ?, ?) ORDER BY chance LIMIT ?)",
                (*splits, _SAMPLE),
            )

    def chosen(self, begin: int, limit: int) -> Sequence[Chosen]:
        found = self._db.execute(
            "SELECT number, digest, fate, sample FROM rows WHERE number >= ? AND fate IN (?, ?, ?)"
            " ORDER BY number LIMIT ?",
            (begin, *(one.value for one in Split), limit),
        )
        return [
            Chosen(number, digest, Split(fate), bool(sample))
            for number, digest, fate, sample in found
        ]

    def counts(self) -> Mapping[str, int]:
        return dict(self._db.execute("SELECT fate, count(*) FROM rows GROUP BY fate"))

    def _keep_if_new(self, number: int, signature: Signature) -> None:
        keys = list(bands(signature))
        near = self._db.execute(
            "SELECT signature FROM rows WHERE number IN (SELECT DISTINCT number FROM bands"
            " WHERE band IN (SELECT value FROM json_each(?)) ORDER BY number LIMIT ?)",
            (json.dumps(keys), _NEIGHBOURS_MAX),
        ).fetchall()
        others = [np.frombuffer(one[0], dtype="<u4") for one in near]
        if others and alike(signature, np.stack(others)):
            self._db.execute("UPDATE rows SET fate = ? WHERE number = ?", (_DUPLICATE, number))
            return
        self._db.executemany(
            "INSERT OR IGNORE INTO bands VALUES (?, ?)", [(key, number) for key in keys]
        )

    def _note(self, notes: Mapping[str, str]) -> None:
        self._db.executemany("REPLACE INTO notes VALUES (?, ?)", notes.items())

    @contextmanager
    def _step(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _values(row: Surveyed, signature: Signature) -> tuple[object, ...]:
    example = row.example
    return (
        row.number,
        row.turn_id,
        row.digest,
        example.fingerprint,
        microseconds(example.asked_at),
        _chance(example),
        example.truth[0].value if example.truth else "",
        example.judgement.value,
        _RANKS[example.source],
        signature.tobytes(),
    )


def microseconds(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _chance(example: Example) -> int:
    """The same for the same turn everywhere, and otherwise as good as drawn."""
    return int.from_bytes(hashlib.sha256(example.id.encode()).digest()[:8]) >> 1
