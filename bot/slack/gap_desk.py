"""Posts the weekly report of gaps with its chart, once whatever dies in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from bot.answering.gap_words import chart_words
from bot.domain.gap_reports import REPORT, REPORT_DUE, GapReport, ReportWanted
from bot.domain.work import FOR_A_DAY, Retry
from bot.services.gap_reports import GapReports
from bot.services.languages import Languages
from bot.services.ports import DurableSteps
from bot.slack.arrivals import Place
from bot.slack.gap_chart import charted, gap_chart
from bot.slack.limits import ALT_TEXT, FILE_TITLE
from bot.slack.posts import ANSWER, Post
from bot.slack.saying import Saying
from bot.slack.uploads import Upload
from bot.slack.workspaces import in_workspace
from bot.words import say, speaking

log = structlog.get_logger(__name__)

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]
Attach = Callable[[str, Place, Upload], Awaitable[bool]]

_COUNT = Retry(attempts=6, pause=5.0, seconds=300.0)


@dataclass(frozen=True, slots=True)
class GapDesk:
    """Does jobs of kind `REPORT_DUE` and `REPORT`. `workspace` gives the id of a channel's,
    `attach` sends a file once."""

    reports: GapReports
    channel: str
    workspace: Callable[[str], Awaitable[str]]
    attach: Attach
    languages: Languages = field(default_factory=Languages)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {REPORT_DUE: self.reports.look, REPORT: self.post}

    async def post(self, body: ReportWanted, steps: DurableSteps) -> None:
        """Raises `SlackRefused` where it cannot be posted."""
        if not self.channel:
            return
        report = await steps.run("count", partial(self.reports.report, body.until), _COUNT)
        workspace = await steps.run("workspace", partial(self.workspace, self.channel), FOR_A_DAY)
        key = body.key
        post = Post(key, ANSWER, Place(self.channel, ""), report)
        sent = await Saying(steps, workspace, key).say(post)
        if sent.ts is None or not charted(report):
            return
        at = Place(self.channel, "", sent.ts)
        is_sent = await steps.run("chart", partial(self._chart, key, at, report, workspace))
        if not is_sent:
            log.warning("gap_report.chart_not_attached")

    async def _chart(self, key: str, at: Place, report: GapReport, workspace: str) -> bool:
        with in_workspace(workspace), speaking(await self.languages.of(workspace, at.channel)):
            drawn = await asyncio.to_thread(chart_file, report)
            return await self.attach(f"{key}:chart", at, drawn)


def chart_file(report: GapReport) -> Upload:
    words = "; ".join(chart_words(one) for one in charted(report))
    title = say("Capacity beside code, week by week")
    name = f"gaps-{report.week.until:%Y-%m-%d}.png"
    return Upload(name, gap_chart(report), FILE_TITLE.head(title), ALT_TEXT.head(words))
