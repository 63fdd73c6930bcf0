"""Resolved cases to keep, serve and lose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.audit import AuditEntry, Outcome
from bot.domain.resolved_cases import CaseSource, CaseState, ResolvedCase, Structure
from bot.domain.verdicts import VerdictKind

NOON = datetime(2026, 11, 12, 12, tzinfo=UTC)
WORKSPACE = "T0LOCAL"
ENGINEER, MANAGER = "U0ENGINEER", "U0MANAGER"
FINGERPRINT = "*:import_error:orders:PythonOperator:0123456789ab"

CASE = ResolvedCase(
    id="K7QX2M9P",
    state=CaseState.DRAFT,
    workspace=WORKSPACE,
    problem="orders.load cannot be imported\nModuleNotFoundError: No module named 'pandas'",
    fingerprint=FINGERPRINT,
    kind=VerdictKind.CODE,
    cause="import_error",
    fix="Pinned pandas 2.3 in the image and rolled it out.",
    cluster="prod",
    confirmed_by=ENGINEER,
    confirmed_at=NOON,
    dag_id="orders",
    task_id="load",
    operator="PythonOperator",
    exception="ModuleNotFoundError",
    tags=("finance", "nightly"),
    airflow_version="3.3.2",
    permalink="https://example.slack.com/archives/C0ONCALL/p1700000000000100",
    turn_id=f"{WORKSPACE}:C0ASKED:1700000000.000001",
    escalation_id="K7QX2M9P",
    expires_at=NOON + timedelta(days=180),
)
SAID = CaseSource(WORKSPACE, ENGINEER, "C0ONCALL", "1700000000.000100")
STRUCTURE = Structure(
    fingerprint=FINGERPRINT,
    cause="import_error",
    cluster="prod",
    dag_id="orders",
    operator="PythonOperator",
    exception="ModuleNotFoundError",
    tags=("finance",),
)


def case(number: int = 1, **changed: Any) -> ResolvedCase:
    """Another one for each number."""
    return replace(CASE, id=f"CASE{number:04}", **changed)


def approved(case: ResolvedCase, at: datetime = NOON) -> ResolvedCase:
    return replace(case, state=CaseState.APPROVED, approved_by=MANAGER, approved_at=at)


def entry(key: str, at: datetime = NOON, by: str = MANAGER, detail: str = "") -> AuditEntry:
    return AuditEntry(
        key=key,
        at=at,
        user_id=by,
        workspace=WORKSPACE,
        channel="",
        action="review",
        outcome=Outcome.ALLOWED,
        detail=detail,
    )
