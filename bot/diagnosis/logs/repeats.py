"""How often a line occurs in the whole log, counting lines equal but for numbers and ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from bot.diagnosis.logs.rows import Row
from bot.diagnosis.logs.templates import template_of


class Repeats:
    """Counts of interesting lines are exact; of others, what was kept of them is counted."""

    def __init__(self, rows: Sequence[Row], counted: Iterable[tuple[int, int, int]]) -> None:
        """`counted` is (first, last, count) of interesting lines that occur more than once."""
        self._counted: dict[int, tuple[int, int, int]] = {}
        for one in counted:
            self._counted[one[0]] = self._counted[one[1]] = one
        self._kept: dict[str, tuple[int, int, int]] = {}
        for row in rows:
            first, _, count = self._kept.get(template_of(row.text), (row.number, 0, 0))
            self._kept[template_of(row.text)] = (first, row.number, count + 1)

    def of(self, row: Row, shown: Collection[int]) -> tuple[int, int | None]:
        """(count, number of the last) where `row` stands for its kind, else (1, None).

        That is the first of them, or the last where the first is not among the numbers shown.
        """
        is_first_row = row.number == row.head.number
        found = self._counted.get(row.number) if is_first_row else None
        first, last, count = found or self._kept[template_of(row.text)]
        stands = row.number == first or (row.number == last and first not in shown)
        if not stands or count < 2 or last == first:
            return 1, None
        return count, last
