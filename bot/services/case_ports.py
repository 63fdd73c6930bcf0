"""The door to what is kept of failures that humans resolved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.resolved_cases import (
    CasePage,
    CaseQuery,
    CaseRecord,
    CaseSource,
    CaseState,
    KnownCase,
    ResolvedCase,
    Structure,
)


class ResolvedCases(Protocol):
    """Every method raises `StoreError`, and bears being repeated."""

    async def add(self, case: ResolvedCase, sources: Sequence[CaseSource]) -> bool:
        """Keeps a draft with what it rests on, in place of the draft of this id, and opens its
        review. What was approved is disputed in the new words where they were said later. False
        where one of the messages is gone, or the case is decided already."""
        ...

    async def doubt(self, escalation_id: str, why: str) -> int:
        """Its cases did not hold: what was approved is disputed and waits for review, a draft is
        rejected. Returns how many those are."""
        ...

    async def get(self, case_id: str) -> KnownCase | None: ...

    async def sources(self, case_id: str) -> Sequence[CaseSource]: ...

    async def page(self, query: CaseQuery) -> CasePage: ...

    async def decide(self, case: ResolvedCase, was: CaseState, entry: AuditEntry) -> bool:
        """Keeps `case` as it was decided, with `entry` in the audit, and ends its review. False
        where it is in another state than `was` by now: then nothing is changed."""
        ...

    async def alike(
        self, structure: Structure, workspace: str, at: datetime, limit: int = 20, skip: int = 0
    ) -> Sequence[KnownCase]:
        """Approved cases of that workspace, "" for any, not expired at `at`, with a record that is
        not bad, whose fingerprint is the same, or whose cause, operator and exception are; the
        newest of each kind first, but for as many as are skipped."""
        ...

    async def served_in(self, turn_id: str) -> Sequence[str]:
        """The ids of those that were shown in the answer of that turn."""
        ...

    async def record(self, case_id: str) -> CaseRecord: ...

    async def retire(self, case_ids: Sequence[str], entry: AuditEntry) -> int:
        """Of these, those that are drafts, approved or disputed; returns how many. `entry` goes
        into the audit where there are any."""
        ...

    async def expire(self, now: datetime) -> int:
        """Says of those whose time is over that it is; returns how many."""
        ...
