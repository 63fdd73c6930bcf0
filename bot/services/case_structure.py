"""What a diagnosed failure is told by when others like it are looked for."""

from __future__ import annotations

from bot.diagnosis.incident_key import incident_key
from bot.diagnosis.log_part import log_part
from bot.domain.answers import Diagnosis
from bot.domain.evidence import Evidence
from bot.domain.resolved_cases import Structure
from bot.domain.verdicts import VerdictKind


def structure_of(diagnosis: Diagnosis, evidence: Evidence | None) -> Structure:
    verdict, target = diagnosis.verdict, diagnosis.target
    task = evidence.task_instance if evidence is not None else None
    dag = evidence.dag if evidence is not None else None
    return Structure(
        fingerprint=incident_key(verdict, target, evidence),
        cause="" if verdict.kind is VerdictKind.UNKNOWN else verdict.cause,
        cluster=target.cluster,
        dag_id=target.dag_id or "",
        operator=(task.operator or "") if task is not None else "",
        exception=_exception_of(evidence),
        tags=dag.tags if dag is not None else (),
    )


def _exception_of(evidence: Evidence | None) -> str:
    """The short class name of what ended the try."""
    if evidence is None or evidence.log is None:
        return ""
    chain = log_part(evidence.log).failure
    return chain.root_cause.short_type if chain is not None else ""
