"""Makes the readers of task logs, which know the signatures of the runbooks in force."""

from __future__ import annotations

from collections.abc import Callable

from bot.diagnosis.logs import LogReader
from bot.diagnosis.logs.novelty import LineKinds
from bot.diagnosis.logs.raw_patterns import raw_patterns
from bot.diagnosis.redaction import Redactor
from bot.domain.errors import RunbookError
from bot.knowledge.catalogue import Catalogue


class LogReaders:
    """Call it with a try's number, from any thread, for a fresh reader.

    With the `known` kinds of lines of a successful try the reader says which lines are new.
    """

    def __init__(self, redactor: Redactor, catalogue: Callable[[], Catalogue]) -> None:
        self._redactor = redactor
        self._catalogue = catalogue
        self._known: tuple[Catalogue, tuple[str, ...]] | None = None

    def __call__(self, try_number: int | None, *, known: LineKinds | None = None) -> LogReader:
        return LogReader(
            try_number, redactor=self._redactor, signatures=self._signatures(), known=known
        )

    def _signatures(self) -> tuple[str, ...]:
        """None where the folder is gone: words of failure find most lines without them."""
        try:
            catalogue = self._catalogue()
        except RunbookError:
            return ()
        known = self._known
        if known is None or known[0] is not catalogue:
            found = (one for failure in catalogue.failures for one in failure.signatures)
            known = self._known = (catalogue, raw_patterns(found))
        return known[1]
