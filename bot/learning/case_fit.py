"""Which resolved cases speak to a failure: only those whose structure agrees with it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from bot.domain.resolved_cases import CaseState, KnownCase, ResolvedCase, Structure
from bot.domain.verdicts import VerdictKind

_ANYWHERE = "*:"
"""How fingerprints begin that are told by what was said, whatever the cluster."""
_OF_CAUSE = 1  # colons in a fingerprint that says no more than cluster and cause


class Fit(IntEnum):
    NONE = 0
    ALIKE = 1  # cause, operator and exception are the same, and it is near
    SAME = 2  # the same fingerprint, in another Dag
    SAME_DAG = 3


def fit_of(structure: Structure, case: ResolvedCase) -> Fit:
    """A cause of a whole cluster is one failure only where the platform's own trouble is meant: two
    Dags that are short of memory may be so for two reasons. So there, as where the fingerprints
    differ, the Dag or one of its tags has to agree."""
    is_dag = bool(structure.dag_id) and case.dag_id == structure.dag_id
    is_near = is_dag or not set(structure.tags).isdisjoint(case.tags)
    if case.fingerprint == structure.fingerprint:
        if not (is_near or _is_telling(case)):
            return Fit.NONE
        return Fit.SAME_DAG if is_dag else Fit.SAME
    told_by = (case.cause, case.operator, case.exception)
    is_alike = all(told_by) and told_by == (
        structure.cause,
        structure.operator,
        structure.exception,
    )
    return Fit.ALIKE if is_alike and is_near and _is_known(case) else Fit.NONE


def fitting(structure: Structure, cases: Iterable[KnownCase], limit: int) -> list[KnownCase]:
    """The best first: by how well they fit, by whom they helped, the newest of equals."""
    fits = [(fit_of(structure, one.case), one) for one in cases if _is_good(one)]
    fits = [pair for pair in fits if pair[0] is not Fit.NONE]
    fits.sort(key=lambda pair: (pair[1].case.confirmed_at, pair[1].case.id), reverse=True)
    fits.sort(key=lambda pair: (pair[0], _standing(pair[1])), reverse=True)
    return [one for _, one in fits[:limit]]


def _is_telling(case: ResolvedCase) -> bool:
    if case.fingerprint.startswith(_ANYWHERE) or case.kind is VerdictKind.PLATFORM:
        return True
    return case.fingerprint.count(":") > _OF_CAUSE


def _is_known(case: ResolvedCase) -> bool:
    """What was not told apart by the one is not alike by the other."""
    return case.cause != VerdictKind.UNKNOWN


def _is_good(known: KnownCase) -> bool:
    return known.case.state is CaseState.APPROVED and not known.record.is_bad


def _standing(known: KnownCase) -> int:
    return known.record.helped - known.record.failed
