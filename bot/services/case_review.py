"""A person decides about a resolved case: nothing is shown to anybody before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.audit import AuditEntry, Outcome
from bot.domain.errors import BadRequest
from bot.domain.resolved_cases import CaseState, ResolvedCase
from bot.domain.targets import Target
from bot.knowledge.runbook_file import is_cause
from bot.services.case_ports import ResolvedCases
from bot.services.console_ports import Person

GOOD_FOR = timedelta(days=365)
"""After that a case is served no more, unless somebody approves it again."""

_ACTION = "case"
_TEXT_MAX = 3_000
_MAY_BE_REVIEWED = frozenset(
    {CaseState.DRAFT, CaseState.APPROVED, CaseState.DISPUTED, CaseState.EXPIRED}
)
_GONE = "There is no such case any more."
_QUICKER = "Somebody was quicker, or the case has changed. Look at it again."
_CLOSED = "This case was decided for good: one that was rejected or retired stays so."
_NO_FIX = "Say what fixed it."
_LONG = f"Use at most {_TEXT_MAX} characters."
_NO_CAUSE = "A cause is called with lower-case letters, digits and underscores."


@dataclass(frozen=True, slots=True)
class CaseReview:
    """Every method raises `BadRequest` with the reason where it cannot be, and `StoreError`."""

    cases: ResolvedCases
    now: Callable[[], datetime]

    async def approve(
        self, case_id: str, by: Person, *, fix: str = "", cause: str = "", note: str = ""
    ) -> ResolvedCase:
        """It is shown from now on, with other words where `fix` or `cause` give some."""
        case = await self._open(case_id)
        fix, cause = fix.strip() or case.fix, cause.strip() or case.cause
        if not fix:
            raise BadRequest(_NO_FIX)
        if max(len(fix), len(note)) > _TEXT_MAX:
            raise BadRequest(_LONG)
        if cause and cause != case.cause and not is_cause(cause):
            raise BadRequest(_NO_CAUSE)
        at = self.now()
        until = case.expires_at if case.expires_at and case.expires_at > at else at + GOOD_FOR
        decided = replace(
            case, fix=fix, cause=cause, state=CaseState.APPROVED, approved_by=by.user_id,
            approved_at=at, expires_at=until, note=note.strip(),
        )  # fmt: skip
        return await self._decide(decided, case, by)

    async def reject(self, case_id: str, by: Person, note: str = "") -> ResolvedCase:
        """It is never shown."""
        case = await self._open(case_id)
        if len(note) > _TEXT_MAX:
            raise BadRequest(_LONG)
        return await self._decide(
            replace(case, state=CaseState.REJECTED, note=note.strip()), case, by
        )

    async def _open(self, case_id: str) -> ResolvedCase:
        known = await self.cases.get(case_id)
        if known is None:
            raise BadRequest(_GONE)
        if known.case.state not in _MAY_BE_REVIEWED:
            raise BadRequest(_CLOSED)
        return known.case

    async def _decide(self, decided: ResolvedCase, was: ResolvedCase, by: Person) -> ResolvedCase:
        if not await self.cases.decide(decided, was.state, self._entry(decided, by)):
            raise BadRequest(_QUICKER)
        return decided

    def _entry(self, case: ResolvedCase, by: Person) -> AuditEntry:
        at = self.now()
        return AuditEntry(
            key=f"{_ACTION}:{case.id}:{case.state.value}:{at.isoformat()}",
            at=at,
            user_id=by.user_id,
            workspace=by.workspace,
            channel="",
            action=_ACTION,
            outcome=Outcome.ALLOWED,
            target=Target(case.cluster, case.dag_id or None, task_id=case.task_id or None),
            detail=f"{case.state.value} {case.id}",
        )
