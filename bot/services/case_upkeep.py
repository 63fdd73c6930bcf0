"""What time brings to resolved cases and to what was said about answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.diagnosis.known import Known
from bot.domain.audit import AuditEntry, Outcome
from bot.domain.casework import Upkeep
from bot.domain.outcomes import Contradiction, EndedConversation
from bot.domain.references import reference_of
from bot.domain.resolved_cases import CaseQuery, CaseState, ResolvedCase
from bot.domain.reviews import ReviewItem, ReviewKind
from bot.domain.runbooks import KnownFailure
from bot.domain.work import Retry
from bot.services.case_coverage import told_by
from bot.services.case_ports import ResolvedCases
from bot.services.casework import CASE
from bot.services.ending_ports import Endings, EndingsQuery
from bot.services.ports import Steps
from bot.services.review_ports import ReviewQueue

log = structlog.get_logger(__name__)

_LOOK = Retry(attempts=3, pause=5.0, seconds=300.0)
_LATELY = timedelta(hours=26)  # of an hourly look a day may fail
_PAGE = 100
_IN_USE = (CaseState.DRAFT, CaseState.APPROVED, CaseState.DISPUTED)
_WORDS = {
    Contradiction.SOLVED_BUT_WRONG: "the asker calls it solved, the responder the verdict wrong",
    Contradiction.SOLVED_BUT_DISLIKED: "the asker calls it solved, and the answer no good",
    Contradiction.TWO_CAUSES: "two responders say different things",
    Contradiction.BOTH_THUMBS: "the asker's thumbs point both ways",
}


@dataclass(frozen=True, slots=True)
class CaseUpkeep:
    """`known` are the runbooks in force."""

    cases: ResolvedCases
    endings: Endings
    reviews: ReviewQueue
    known: Callable[[], Sequence[KnownFailure]]

    async def work(self, body: Upkeep, steps: Steps) -> None:
        """The handler of jobs of kind `CASE_UPKEEP`; done again it changes nothing."""
        for name, look in (
            ("expire", self._expire),
            ("retire", self._retire),
            ("contradictions", self._review),
        ):
            await steps.run(name, partial(look, body.at), _LOOK)

    async def _expire(self, at: datetime) -> int:
        return await self.cases.expire(at)

    async def _retire(self, at: datetime) -> int:
        """What a runbook says by now."""
        known = await asyncio.to_thread(lambda: Known(self.known()))
        query, covered = CaseQuery(_IN_USE, limit=_PAGE), list[str]()
        while True:
            page = await self.cases.page(query)
            cases = [one.case for one in page.cases]
            covered += await asyncio.to_thread(_covered, cases, known)
            if not page.next:
                break
            query = replace(query, after=page.next)
        if not covered:
            return 0
        key = f"{CASE}:covered:{at:%Y-%m-%dT%H:%M}"
        detail = f"told by runbooks now: {', '.join(sorted(covered))}"
        entry = AuditEntry(
            key, at, "", "", "", CASE, Outcome.ALLOWED, reference=reference_of(key), detail=detail
        )
        return await self.cases.retire(covered, entry)

    async def _review(self, at: datetime) -> int:
        """Has somebody look at each contradiction, once."""
        opened = 0
        async for one in self.endings.ended(EndingsQuery(said_since=at - _LATELY)):
            if one.ended.contradictions:
                opened += await self.reviews.open(_item(one, at))
        if opened:
            log.info("reviews.opened", contradictions=opened)
        return opened


def _covered(cases: Sequence[ResolvedCase], known: Known) -> list[str]:
    """Those that another runbook tells than the one that told them when they were drafted."""
    return [one.id for one in cases if told_by(one.problem, known) not in ("", one.runbook)]


def _item(ended: EndedConversation, at: datetime) -> ReviewItem:
    found = ended.ended.contradictions
    name = "+".join(sorted(one.value for one in found))
    about = ": ".join(filter(None, (ended.dag_id, ended.predicted)))
    words = "; ".join(_WORDS[one] for one in found)
    return ReviewItem(
        id=f"{ReviewKind.CONTRADICTION.value}:{ended.turn_id}:{name}",
        kind=ReviewKind.CONTRADICTION,
        subject=ended.turn_id,
        title=f"{about}: {words}" if about else words,
        opened_at=at,
        workspace=ended.thread.workspace,
    )
