"""A conversation store that has the failures of its turns counted to their incidents."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.answering.headline import nothing_failed
from bot.diagnosis.incident_key import incident_key
from bot.domain.answers import Diagnosis
from bot.domain.conversations import Turn
from bot.domain.errors import StoreError
from bot.domain.incidents import FailureSeen
from bot.domain.verdicts import VerdictKind
from bot.services.incident_ports import Incidents
from bot.services.passing_store import PassingStore
from bot.services.ports import ConversationStore

log = structlog.get_logger(__name__)


class IncidentStore(PassingStore):
    """The port `ConversationStore` before another one. Nothing of who asked is counted."""

    def __init__(self, store: ConversationStore, incidents: Incidents) -> None:
        super().__init__(store)
        self._incidents = incidents

    async def add_turn(self, turn: Turn) -> Sequence[str]:
        left_out = await self._store.add_turn(turn)
        failure = failure_of(turn)
        if failure is None:
            return left_out
        try:
            await self._incidents.keep(failure)
        except StoreError as error:
            log.warning("incident.not_counted", error=str(error))
        return left_out


def failure_of(turn: Turn) -> FailureSeen | None:
    """What the turn found to have failed, or not to go on; None where that was meant so, or nothing
    of it is known any more."""
    reply, evidence = turn.reply, turn.evidence
    if not isinstance(reply, Diagnosis) or evidence is None or evidence.dag_exists is False:
        return None
    verdict, target = reply.verdict, reply.target
    if verdict.kind is VerdictKind.OPERATOR or nothing_failed(verdict) or not target.dag_id:
        return None
    task = evidence.task_instance
    seen_at = evidence.gathered_at or turn.answered_at
    return FailureSeen(
        incident=incident_key(verdict, target, evidence),
        cluster=target.cluster,
        dag_id=target.dag_id,
        run_id=target.run_id or "",
        task_id=target.task_id or "",
        map_index=-1 if target.map_index is None else target.map_index,
        at=(task.end if task is not None else None) or seen_at,
        title=verdict.title or verdict.kind.headline,
        kind=verdict.kind,
        turn_id=turn.id,
    )
