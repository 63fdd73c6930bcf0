"""Which cases are meant, in the words of SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from bot.adapters.sql.case_tables import ResolvedCaseRow
from bot.adapters.sql.paging import beyond, says
from bot.domain.resolved_cases import CaseQuery, Structure


def conditions_of(query: CaseQuery) -> list[ColumnElement[bool]]:
    row = ResolvedCaseRow
    conditions = says(query.words, (row.id, row.problem, row.cause, row.fix, row.dag_id, row.note))
    if query.states:
        conditions.append(row.state.in_([state.value for state in query.states]))
    if query.workspace:
        conditions.append(row.workspace == query.workspace)
    if query.cause:
        conditions.append(row.cause == query.cause)
    if query.after:
        conditions.append(beyond(query.after, row.created_at, row.id))
    return conditions


def is_alike(structure: Structure) -> ColumnElement[bool]:
    row = ResolvedCaseRow
    is_same = row.fingerprint == structure.fingerprint
    if not (structure.cause and structure.operator and structure.exception):
        return is_same
    told_alike = and_(
        row.cause == structure.cause,
        row.operator == structure.operator,
        row.exception == structure.exception,
    )
    return or_(is_same, told_alike)
