"""How often a line occurs in the whole log, counting lines equal but for numbers and ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.diagnosis.logs.rows import Row
from bot.diagnosis.logs.templates import template_of


class Repeats:
    """Counts of interesting lines are exact; of others, what was kept of them is counted."""

    def __init__(self, rows: Sequence[Row], counted: Iterable[tuple[int, int, int]]) -> None:
        self._counted = {first: (count, last) for first, last, count in counted}
        self._kept: dict[str, tuple[int, int, int]] = {}
        for row in rows:
            first, count, _ = self._kept.get(template_of(row.text), (row.number, 0, 0))
            self._kept[template_of(row.text)] = (first, count + 1, row.number)

    def of(self, row: Row) -> tuple[int, int | None]:
        """(count, number of the last) where `row` is the first of its kind, else (1, None)."""
        if row.number in self._counted and row.number == row.head.number:
            return self._counted[row.number]
        first, count, last = self._kept[template_of(row.text)]
        if first != row.number or count < 2 or last == first:
            return 1, None
        return count, last
