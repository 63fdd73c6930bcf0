"""Resolved cases as column values, and rows as resolved cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.adapters.sql.case_tables import ResolvedCaseRow
from bot.domain.errors import StoreError
from bot.domain.resolved_cases import CaseState, ResolvedCase
from bot.domain.verdicts import VerdictKind

_TEXTS = ("problem", "fix", "note")


def case_values(case: ResolvedCase, redact: Callable[[str], str], now: datetime) -> dict[str, Any]:
    """All columns but `created_at`."""
    values = asdict(case)
    return {
        **values,
        **{name: redact(values[name]) for name in _TEXTS},
        "state": case.state.value,
        "kind": case.kind.value,
        "tags": "\n".join(case.tags),
        "changed_at": now,
    }


def case_of(row: ResolvedCaseRow) -> ResolvedCase:
    """Raises `StoreError` where a newer version kept it."""
    try:
        state, kind = CaseState(row.state), VerdictKind(row.kind)
    except ValueError as error:
        raise StoreError(
            f"Case {row.id} was stored by a newer version of the bot. Update this one."
        ) from error
    names = ResolvedCase.__dataclass_fields__.keys() - {"state", "kind", "tags"}
    return ResolvedCase(
        **{name: getattr(row, name) for name in names},
        state=state,
        kind=kind,
        tags=tuple(row.tags.splitlines()),
    )
