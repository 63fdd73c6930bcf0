"""Failures that humans resolved, for whoever asks about one like them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.answering.headline import nothing_failed
from bot.domain.access import Action
from bot.domain.answers import Diagnosis, SolvedBefore
from bot.domain.errors import StoreError
from bot.domain.evidence import Evidence
from bot.domain.questions import Origin, Question
from bot.domain.resolved_cases import KnownCase, ResolvedCase, Structure
from bot.domain.targets import Target
from bot.learning.case_fit import fitting
from bot.services.case_ports import ResolvedCases
from bot.services.case_structure import structure_of
from bot.services.people_ports import NobodyKnown, Profiles
from bot.services.sights import Sight

log = structlog.get_logger(__name__)

_SHOWN = 2
_PAGE, _PAGES = 20, 10  # of cases that are looked at for these
_ANY_WORKSPACE = ""


@dataclass(frozen=True, slots=True)
class KnownCases:
    """`profiles` says what people are called; without it nobody is named."""

    cases: ResolvedCases
    now: Callable[[], datetime]
    profiles: Profiles = field(default_factory=NobodyKnown)

    async def like(
        self, question: Question, diagnosis: Diagnosis, evidence: Evidence | None, sight: Sight
    ) -> tuple[SolvedBefore, ...]:
        """Those whose Dag `sight` sees, with the names taken out that it does not. Nobody from
        outside reads what those on call wrote to one another. A store that fails costs the cases,
        not the answer."""
        if question.asker.is_external or question.is_shared or nothing_failed(diagnosis.verdict):
            return ()
        # Whoever sits at the bot's own terminal sees all of its database.
        is_local = question.origin is Origin.CLI
        workspace = _ANY_WORKSPACE if is_local else question.thread.workspace
        structure = structure_of(diagnosis, evidence)
        try:
            best = await self._best(structure, workspace, sight)
        except StoreError as error:
            log.warning("cases.not_read", error=str(error))
            return ()
        solved = [await self._solved(one.case) for one in best]
        return (await sight.veil()).over(tuple(solved))

    async def _best(self, structure: Structure, workspace: str, sight: Sight) -> list[KnownCase]:
        """Looks on where those found first are of Dags that nobody here may see."""
        seen, best, at = list[KnownCase](), list[KnownCase](), self.now()
        for page in range(_PAGES):
            found = await self.cases.alike(structure, workspace, at, _PAGE, page * _PAGE)
            seen += [one for one in found if await sees_case(sight, one.case)]
            best = fitting(structure, seen, _SHOWN)
            if not found or len(best) == _SHOWN:
                break
        return best

    async def _solved(self, case: ResolvedCase) -> SolvedBefore:
        profile = await self.profiles.profile(case.confirmed_by)
        return SolvedBefore(
            case_id=case.id,
            at=case.confirmed_at,
            by=profile.names[-1] if profile.names else "",
            problem=case.problem,
            fix=case.fix,
            kind=case.kind,
            cause=case.cause,
            dag_id=case.dag_id,
            link=case.permalink,
        )


async def sees_case(sight: Sight, case: ResolvedCase) -> bool:
    """Whether it may be shown there: what was quoted of a log is for those who may read it."""
    target = Target(case.cluster, case.dag_id or None)
    return await sight.sees(target) and await sight.sees(target, Action.LOGS)
