"""Full-text search over chunks, in memory: SQLite's FTS5 fed with tokens that know code."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Sequence

from bot.knowledge.chunks import Chunk
from bot.knowledge.tokens import tokens

# A word in the title says more about a piece than one in its body.
_TITLE_WEIGHT = 2.0
_SCHEMA = """
drop table if exists seen;
drop table if exists words;
create virtual table words using fts5(
    title, body, content='', tokenize="unicode61 remove_diacritics 2 tokenchars '_'"
);
create virtual table seen using fts5vocab(words, 'row');
"""


class LexicalIndex:
    """Holds no text, only words; building it anew takes milliseconds, so it is never updated.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._lock = threading.Lock()
        self._ids: list[str] = []

    def close(self) -> None:
        self._connection.close()

    def rebuild(self, chunks: Sequence[Chunk]) -> None:
        rows = [
            (number, " ".join(tokens(chunk.title)), " ".join(tokens(chunk.text)))
            for number, chunk in enumerate(chunks, start=1)
        ]
        with self._lock, self._connection:
            self._connection.executescript(_SCHEMA)
            self._connection.executemany(
                "insert into words(rowid, title, body) values (?, ?, ?)", rows
            )
            self._ids = [chunk.id for chunk in chunks]

    def search(self, wanted: Sequence[str], limit: int) -> list[str]:
        """Ids of the chunks that hold any of the tokens, best first by BM25."""
        if not wanted or not self._ids:
            return []
        matching = " OR ".join(f'"{token}"' for token in wanted)
        with self._lock:
            found = self._connection.execute(
                "select rowid from words where words match ? order by bm25(words, ?, 1.0) limit ?",
                (matching, _TITLE_WEIGHT, limit),
            ).fetchall()
            return [self._ids[number - 1] for (number,) in found]

    def rarity(self, wanted: Sequence[str]) -> dict[str, float]:
        """Inverse document frequency of each token; one that occurs nowhere has the highest."""
        with self._lock:
            counts = {
                token: self._connection.execute(
                    "select doc from seen where term = ?", (token,)
                ).fetchone()
                for token in wanted
            }
            total = len(self._ids)
        return {
            token: math.log(1 + (total - seen + 0.5) / (seen + 0.5))
            for token, seen in ((token, row[0] if row else 0) for token, row in counts.items())
        }
