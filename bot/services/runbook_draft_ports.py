"""The door to the drafts of runbooks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.runbook_drafts import DraftState, RunbookDraft


class RunbookDrafts(Protocol):
    """One draft for each fingerprint. Every method raises `StoreError`."""

    async def put(self, draft: RunbookDraft, *, offers: bool) -> RunbookDraft:
        """Keeps it and has it offered where `offers`; returns it as it stands.

        What a human found out replaces what was merely seen. Nothing replaces what somebody has
        decided about.
        """
        ...

    async def counted(self, fingerprint: str, count: int) -> bool:
        """Keeps on how many runs it was seen; False where it has no draft."""
        ...

    async def get(self, draft_id: str) -> RunbookDraft | None: ...

    async def page(
        self, states: Collection[DraftState] = (), limit: int = 50, offset: int = 0
    ) -> Sequence[RunbookDraft]:
        """Newest first; of all states without any."""
        ...

    async def decide(self, draft: RunbookDraft, entry: AuditEntry) -> bool:
        """Keeps `draft` as decided, with its entry in the audit. False where somebody was quicker,
        or its text was replaced meanwhile: then nothing is changed."""
        ...
