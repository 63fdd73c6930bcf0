"""Makes the report of what the bot could not do, and sees to it that it comes once a week."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.gap_reports import CHARTED, GapReport, ReportLook, report_job
from bot.domain.runbook_drafts import DraftState
from bot.knowledge.catalogue import Catalogue
from bot.learning.gaps import Tally, last_due
from bot.services.ending_ports import Endings, EndingsQuery
from bot.services.ports import DurableSteps
from bot.services.runbook_draft_ports import RunbookDrafts

_LATE = timedelta(days=2)
"""After so long without a process a report is no news; the next one has its weeks as well."""
_CAUSES = 12
_CLUSTERS = 6
_REVIEWS = 20
_FAILING = 10
_DRAFTS = 500


@dataclass(frozen=True, slots=True)
class Weekly:
    """When a report is due: `weekday` 0 is Monday, `hour` is by the clock on the wall in `zone`."""

    weekday: int = 0
    hour: int = 9
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class GapReports:
    """`now` gives aware UTC times."""

    endings: Endings
    drafts: RunbookDrafts
    catalogue: Callable[[], Catalogue]
    now: Callable[[], datetime]
    weekly: Weekly = Weekly()

    async def look(self, body: ReportLook, steps: DurableSteps) -> None:
        """The handler of jobs of kind `REPORT_DUE`: hands a report in where one is due, once for
        its week however often and by however many this is done."""
        due = self.last_due(body.at)
        if body.at - due < _LATE:
            await steps.start(report_job(due))

    def last_due(self, at: datetime) -> datetime:
        weekly = self.weekly
        return last_due(at, weekly.weekday, weekly.hour, weekly.zone)

    async def report(self, until: datetime, weeks: int = CHARTED) -> GapReport:
        """Of the week until then, beside those before it. Raises `StoreError`."""
        tally = Tally(until, max(2, weeks))
        async for one in self.endings.ended(EndingsQuery(since=tally.since, until=until)):
            tally.take(one)
        catalogue = await asyncio.to_thread(self.catalogue)
        open_drafts = await self.drafts.page([DraftState.PROPOSED], _DRAFTS)
        titles = {one.cause: one.title for one in catalogue.failures}
        return GapReport(
            weeks=tally.figures(),
            causes=tally.causes(titles)[:_CAUSES],
            clusters=tally.clusters()[:_CLUSTERS],
            reviews=tally.reviews(catalogue.failures, until.date())[:_REVIEWS],
            drafts=len(open_drafts),
            failing=tuple(catalogue.faults[:_FAILING]),
        )
