"""The doors through which a dataset is made: stored turns, snapshots, and the place of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.conversations import Rating, Turn
from bot.domain.datasets import Example, Snapshot, Split
from bot.domain.escalations import Truth
from bot.domain.resolved_cases import ResolvedCase
from bot.learning.formats import Column
from bot.learning.splits import Shares

_SHARES = Shares()


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last turn that was read."""

    answered_at: datetime
    turn_id: str


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """One turn with what people made of it. `turn` is None where its form is not known.

    `keeps` is whether its asker lets the bot keep what they ask. `case` is the resolved case that
    came of it, once a person has approved that. `is_solved`: after it its asker said that their
    trouble is over, and asked nothing more.
    """

    at: Cursor
    origin: str
    workspace: str
    author_team: str
    expires_at: datetime | None
    keeps: bool
    turn: Turn | None
    ratings: tuple[Rating, ...] = ()
    truths: tuple[Truth, ...] = ()
    case: ResolvedCase | None = None
    is_solved: bool = False


@dataclass(frozen=True, slots=True)
class SnapshotTurn:
    """One row of a snapshot with its turn as it is now."""

    number: int
    digest: str
    stored: StoredTurn


@dataclass(frozen=True, slots=True)
class SnapshotEntry:
    """What a snapshot knows a turn by."""

    turn_id: str
    digest: str


class TurnPages(Protocol):
    """Every method raises `StoreError`."""

    async def page(self, after: Cursor | None, limit: int) -> Sequence[StoredTurn]:
        """In the order in which they were answered, the same on every database."""
        ...

    async def of_snapshot(self, snapshot_id: str, numbers: Sequence[int]) -> Sequence[SnapshotTurn]:
        """Those of its rows that are still there, by number."""
        ...

    async def count(self) -> int: ...


class Snapshots(Protocol):
    """Every method raises `StoreError`."""

    async def add(self, snapshot: Snapshot, entries: Iterable[Sequence[SnapshotEntry]]) -> None:
        """Once under its id; called again it adds what is missing. `entries` come in portions, in
        the order of their numbers. A turn that has gone meanwhile is passed over."""
        ...

    async def find(self, snapshot_id: str) -> Snapshot | None: ...

    async def all(self, limit: int, offset: int) -> Sequence[Snapshot]:
        """The newest first."""
        ...

    async def forget(self, snapshot_id: str) -> bool:
        """False where there is none of that id."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted. `snapshot` is the id of an earlier one, empty for one of all turns that may
    leave now, if they were answered before `until`. `balance`: of one verdict at most so many
    examples for each of the rarest."""

    formats: tuple[str, ...]
    snapshot: str = ""
    until: datetime | None = None
    shares: Shares = _SHARES
    unjudged: bool = False
    balance: float | None = None
    licence: str = "other"
    title: str = "Airflow support conversations"


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What the plan of an export needs to know of one row; `turn_id` and `digest` for the
    snapshot. `text` is what near duplicates are found by, not kept."""

    number: int
    turn_id: str
    digest: str
    example: Example


@dataclass(frozen=True, slots=True)
class Chosen:
    """A row that is going to be written, and into what. `is_sample`: a person should read it."""

    number: int
    digest: str
    split: Split
    is_sample: bool = False


class Plan(Protocol):
    """What is known of an export so far, in a file: it is gone on with after any end.

    Numbers count the rows of the snapshot from 0. What was noted for good is noted with them, in
    one step, so that nothing counts twice.
    """

    def notes(self) -> Mapping[str, str]: ...

    def note(self, **notes: str) -> None: ...

    def add(self, rows: Sequence[Surveyed], **notes: str) -> None: ...

    def entries(self, portion: int) -> Iterable[Sequence[SnapshotEntry]]: ...

    def thin(self, *, unjudged: bool) -> None:
        """Keeps one of those that say nearly the same, and none that people contradict each other
        about, or that nobody judged unless `unjudged`."""
        ...

    def divide(self, shares: Shares) -> None: ...

    def balance(self, ratio: float) -> None: ...

    def sample(self) -> None: ...

    def chosen(self, begin: int, limit: int) -> Sequence[Chosen]:
        """From that number on."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Of rows by what became of them: a split, or why they are in none."""
        ...


class Desk(Protocol):
    """Where an export is worked on. Nothing shows at its place before all of it is whole.

    Raises `ExportError`.
    """

    @property
    def plan(self) -> Plan: ...

    @property
    def is_whole(self) -> bool:
        """Whether it only has to be finished."""
        ...

    def append(self, path: str, lines: bytes) -> None: ...

    def keep(self, **notes: str) -> None:
        """What was appended so far stands, together with these notes in the plan."""
        ...

    def written(self) -> Sequence[str]:
        """Paths of what was appended to, in order."""
        ...

    def table(self, path: str, columns: Mapping[str, Column], *sources: str) -> None:
        """Makes a table of files of JSON lines; rows of several stand side by side."""
        ...

    def put(self, path: str, text: str) -> None: ...

    def digests(self) -> Mapping[str, str]:
        """SHA-256 of every file, by path."""
        ...

    def finish(self) -> None: ...

    def clear(self) -> None:
        """Deletes all that was written."""
        ...

    def close(self) -> None:
        """Leaves it to be gone on with."""
        ...


class Progress(Protocol):
    """What somebody who waits is shown; never raises."""

    def stage(self, words: str, total: int | None, done: int = 0) -> None: ...

    def advance(self, count: int) -> None: ...
