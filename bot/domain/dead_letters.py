"""Work that ended before all was said about it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.questions import ThreadKey


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What is known without the work itself, which may not be readable any more.

    `key` is the work's. `thread` is where an answer was to go, None where that is not known; its
    `thread` is empty where the answer was to open one. `is_public`: everybody there was to see it.
    `tries` counts the jobs that failed to tell of it, `edition` the wordings that the question had
    before this one.
    """

    key: str
    thread: ThreadKey | None
    user_id: str = ""
    is_public: bool = False
    tries: int = 0
    edition: int = 0


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An answer that stands, though the work on it was given up: words may be missing from it.

    `key` is the work's, `page` the ledger's name for the answer, which stands in that `revision`.
    `tries` counts the jobs that failed to see to it.
    """

    key: str
    page: str
    revision: int
    tries: int = 0

    @property
    def name(self) -> str:
        return f"{self.page}:{self.revision}"
