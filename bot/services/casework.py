"""What humans found out becomes a case: drafted, decided about by a person, retired when it is told
by a runbook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.answering.foreign import visible
from bot.answering.quotes import quoted_words, telling
from bot.diagnosis.known import Known
from bot.domain.answers import Diagnosis
from bot.domain.audit import AuditEntry, Outcome
from bot.domain.conversations import Turn
from bot.domain.errors import BadRequest
from bot.domain.escalations import Escalation, Truth, WasRight
from bot.domain.references import reference_of
from bot.domain.resolved_cases import (
    CaseSource,
    CaseState,
    KnownCase,
    ResolvedCase,
    text_of,
)
from bot.domain.runbooks import KnownFailure
from bot.domain.verdicts import VerdictKind
from bot.services.case_coverage import told_by
from bot.services.case_ports import ResolvedCases
from bot.services.case_structure import structure_of
from bot.services.talk import subject_of
from bot.words import mark, say

CASE = "case"
"""The word of the audit for decisions about cases."""

_PROBLEM_MAX, _FIX_MAX = 700, 2_500
_LEAST = 8  # characters; less says nothing
_IN_USE = (CaseState.DRAFT, CaseState.APPROVED, CaseState.DISPUTED)
_OPEN = (CaseState.DRAFT, CaseState.DISPUTED)
_GONE = mark("There is no such case any more.")
_DECIDED = mark("Somebody has decided about this case already: it is {state}.")
_REPLACED = mark("There is a newer text of this case; decide about that one.")
_TOO_SHORT = mark("Say what fixed it: that is what others are told.")
_OWN = mark("You wrote this yourself: somebody else has to approve it, or a manager.")


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, where, and by what right. `may_own`: also about what they wrote themselves."""

    user_id: str
    workspace: str = ""
    channel: str = ""
    rule: str = ""
    may_own: bool = True


@dataclass(frozen=True, slots=True)
class Wording:
    """Other words for a case, as somebody edited it; None where they stay."""

    fix: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Casework:
    """`keep` is how long a case is good for. `known` are the runbooks in force; `now` gives aware
    UTC times."""

    cases: ResolvedCases
    known: Callable[[], Sequence[KnownFailure]]
    now: Callable[[], datetime]
    keep: timedelta = timedelta(days=180)

    def drafted(
        self,
        escalation: Escalation,
        truth: Truth,
        turn: Turn | None,
        permalink: str,
        workspace: str,
        said: Sequence[str] = (),
    ) -> ResolvedCase | None:
        """A draft out of the responder's words; `said` is what those on call wrote besides. None
        where nobody knows what failed, or nothing was said."""
        reply = turn.reply if turn is not None else None
        if turn is None or not isinstance(reply, Diagnosis):
            return None
        fix = _fix_of(truth, said)
        if len(fix) < _LEAST:
            return None
        structure, evidence = structure_of(reply, turn.evidence), turn.evidence
        return ResolvedCase(
            id=case_id(escalation),
            state=CaseState.DRAFT,
            workspace=workspace,
            problem=problem_of(reply),
            fingerprint=structure.fingerprint,
            kind=VerdictKind.UNKNOWN if truth.bot is WasRight.NO else reply.verdict.kind,
            cause=_cause_of(truth, structure.cause),
            fix=fix,
            cluster=structure.cluster,
            confirmed_by=truth.by,
            confirmed_at=truth.at,
            dag_id=structure.dag_id,
            task_id=reply.target.task_id or "",
            operator=structure.operator,
            exception=structure.exception,
            tags=structure.tags,
            airflow_version=(evidence.airflow_version or "") if evidence is not None else "",
            permalink=permalink,
            turn_id=turn.id,
            escalation_id=escalation.id,
            expires_at=truth.at + self.keep,
        )

    async def keep_draft(self, case: ResolvedCase, sources: Sequence[CaseSource]) -> bool:
        """False where one of the sources is gone, or somebody has decided about it already."""
        runbook = await asyncio.to_thread(lambda: told_by(case.problem, Known(self.known())))
        return await self.cases.add(replace(case, runbook=runbook), sources)

    async def approve(
        self,
        key: str,
        case_id: str,
        by: Decider,
        wording: Wording | None = None,
        shown: str = "",
    ) -> ResolvedCase:
        """From now on it is told to others. Done again by the same it comes to the same. `shown`
        is the `text_of` what they saw, "" where they decide about whatever it says now.

        Raises `BadRequest` with the reason where it cannot be, and `StoreError`.
        """
        known = await self._known(case_id)
        if _is_done(known.case, CaseState.APPROVED, by):
            return known.case
        case = self._open(known, _OPEN, shown)
        if case.confirmed_by == by.user_id and not by.may_own:
            raise BadRequest(say(_OWN))
        now = self.now()
        approved = replace(
            _worded(case, wording or Wording()),
            state=CaseState.APPROVED,
            approved_by=by.user_id,
            approved_at=now,
            # What was looked at anew is good for as long again.
            expires_at=now + self.keep,
            note="",
        )
        return await self._decided(key, case, approved, by)

    async def reject(
        self, key: str, case_id: str, by: Decider, why: str = "", shown: str = ""
    ) -> ResolvedCase:
        """It is never told. Raises like `approve`."""
        known = await self._known(case_id)
        if _is_done(known.case, CaseState.REJECTED, by):
            return known.case
        case = self._open(known, _OPEN, shown)
        rejected = replace(
            case,
            state=CaseState.REJECTED,
            approved_by=by.user_id,
            approved_at=self.now(),
            note=why,
        )
        return await self._decided(key, case, rejected, by)

    async def retire(self, key: str, case_id: str, by: Decider, why: str = "") -> ResolvedCase:
        """It is told no more. Raises like `approve`."""
        known = await self._known(case_id)
        if known.case.state is CaseState.RETIRED:
            return known.case
        case = self._open(known, _IN_USE)
        return await self._decided(key, case, replace(case, state=CaseState.RETIRED, note=why), by)

    async def _decided(
        self, key: str, case: ResolvedCase, decided: ResolvedCase, by: Decider
    ) -> ResolvedCase:
        entry = AuditEntry(
            key=f"{key}:{CASE}",
            at=self.now(),
            user_id=by.user_id,
            workspace=by.workspace,
            channel=by.channel,
            action=CASE,
            outcome=Outcome.ALLOWED,
            rule=by.rule,
            reference=reference_of(key),
            detail=f"{case.id}: {decided.state.value}",
        )
        if await self.cases.decide(decided, case.state, entry):
            return decided
        known = await self._known(case.id)
        raise BadRequest(say(_DECIDED, state=known.case.state.value))

    async def _known(self, case_id: str) -> KnownCase:
        known = await self.cases.get(case_id)
        if known is None:
            raise BadRequest(say(_GONE))
        return known

    def _open(self, known: KnownCase, states: Sequence[CaseState], shown: str = "") -> ResolvedCase:
        if known.case.state not in states:
            raise BadRequest(say(_DECIDED, state=known.case.state.value))
        if shown and shown != text_of(known.case):
            raise BadRequest(say(_REPLACED))
        return known.case


def case_id(escalation: Escalation) -> str:
    """The escalation's own name, and another one each time it is opened anew."""
    return escalation.pager_key


def problem_of(diagnosis: Diagnosis) -> str:
    """Machine text alone: the title, and the words that settled it."""
    words = [quoted_words(one) for one in telling(diagnosis.verdict.quotes)[:1]]
    text = "\n".join([diagnosis.verdict.title or diagnosis.what_happened, *words])
    return visible(text).strip()[:_PROBLEM_MAX]


def asked_in(turn: Turn) -> CaseSource:
    """The message that the evidence was gathered for: what was pasted there is in it."""
    message = subject_of(turn.question)
    asker = turn.question.asker.user_id
    return CaseSource(message.workspace, asker, message.channel, message.ts)


def _fix_of(truth: Truth, said: Sequence[str]) -> str:
    parts = [truth.was_wrong, truth.fixed_by, *said]
    whole = "\n\n".join(dict.fromkeys(filter(None, (visible(part).strip() for part in parts))))
    return whole[:_FIX_MAX]


def _cause_of(truth: Truth, predicted: str) -> str:
    if truth.cause:
        return truth.cause
    return predicted if truth.bot is WasRight.YES else ""


def _is_done(case: ResolvedCase, state: CaseState, by: Decider) -> bool:
    return case.state is state and case.approved_by == by.user_id


def _worded(case: ResolvedCase, wording: Wording) -> ResolvedCase:
    fix = case.fix if wording.fix is None else visible(wording.fix).strip()[:_FIX_MAX]
    if len(fix) < _LEAST:
        raise BadRequest(say(_TOO_SHORT))
    cause = case.cause if wording.cause is None else visible(wording.cause).strip()
    return replace(case, fix=fix, cause=cause)
