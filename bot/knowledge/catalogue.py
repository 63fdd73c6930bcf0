"""All known failures in force, and the files that were refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.errors import RunbookError
from bot.domain.runbooks import KnownFailure
from bot.knowledge.runbook_file import Words, read_runbook


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Known failures in order of their cause. `faults` name each refused file, line and reason."""

    failures: tuple[KnownFailure, ...]
    faults: tuple[str, ...] = ()

    def get(self, cause: str) -> KnownFailure | None:
        return next((known for known in self.failures if known.cause == cause), None)


def read_catalogue(sources: Iterable[tuple[str, str]], words: Words) -> Catalogue:
    """Reads (path, text) pairs; a later file takes the place of an earlier one of its cause.

    A broken file becomes a fault and the others stay in force. It does not displace an earlier
    good one.
    """
    by_cause: dict[str, KnownFailure] = {}
    faults = []
    for path, text in sources:
        try:
            known = read_runbook(text, path, words)
        except RunbookError as error:
            faults.append(str(error))
        else:
            by_cause[known.cause] = known
    return Catalogue(tuple(by_cause[cause] for cause in sorted(by_cause)), tuple(faults))
