"""The weekly report of gaps in the local workspace: once, with its chart, whatever dies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.bootstrap import kept_types
from bot.domain.gap_reports import REPORT, GapReport, look_job
from bot.domain.outcomes import EndedConversation, Ending
from bot.domain.questions import Origin
from bot.domain.work import Delivery
from bot.knowledge.catalogue import Catalogue
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import SUPPORT_CHANNEL
from bot.services.gap_reports import GapReports, Weekly
from bot.slack.arrivals import Place
from bot.slack.attaching import attach
from bot.slack.blocks.gaps import gap_message
from bot.slack.config import SlackConfig
from bot.slack.gap_desk import GapDesk, chart_file
from bot.slack.side import Handler
from bot.slack.uploads import Upload
from bot.words import speaking
from bot.workflows.serializer import TypedJson
from tests.fakes.drafts import DRAFT, MemoryDrafts, shipped
from tests.fakes.endings import UNTIL, FakeEndings, ended
from tests.slack.doubles import MemoryRecords, ScriptedAnswers
from tests.slack.driver import by_bot, words
from tests.slack.running import RunningBot

EVERY = [
    *(ended(n, Ending.SOLVED_BY_BOT, days=1 + n % 12, seconds=3 + n) for n in range(30)),
    *(ended(50 + n, days=1 + 3 * n, verdict="capacity", cause="oom_killed") for n in range(12)),
    *(
        ended(80 + n, verdict="unknown", cause="unrecognised_error", cluster="staging")
        for n in range(4)
    ),
    ended(99, Ending.WRONG, cause="connection_refused", verdict="dependency"),
]


def reports(every: Sequence[EndedConversation] = EVERY) -> GapReports:
    catalogue = Catalogue(tuple(shipped("connection_refused")), ("own/broken.md:3: no title",))
    return GapReports(
        FakeEndings(every),
        MemoryDrafts({DRAFT.id: DRAFT}),
        lambda: catalogue,
        lambda: UNTIL,
        Weekly(0, 9, "Europe/Berlin"),
    )


@dataclass
class ReportingBot(RunningBot):
    reports: GapReports = field(default_factory=reports)

    async def start(self) -> Mapping[str, Handler]:
        handlers = await super().start()

        async def send(key: str, place: Place, file: Upload) -> bool:
            return await attach(self.ledger, self.slack.gestures, key, place, file)

        desk = GapDesk(self.reports, SUPPORT_CHANNEL, self.slack.workspace, send)
        self.engine.handlers = {**handlers, **desk.handlers}
        return self.engine.handlers

    async def look(self, at: datetime) -> None:
        await self.engine.take(look_job(at), Delivery(Origin.SLACK))
        await self.engine.idle()


@pytest.fixture
async def bot(config: SlackConfig, records: MemoryRecords) -> AsyncIterator[ReportingBot]:
    bot = ReportingBot(config, ScriptedAnswers(records), records)
    await bot.start()
    yield bot
    await bot.engine.stop()
    await bot.stop()


async def test_a_report_comes_once_a_week_with_its_chart_however_often_it_is_looked_for(
    ws: LocalWorkspace, bot: ReportingBot
) -> None:
    for hours in range(3):
        await bot.look(UNTIL + timedelta(hours=hours))
        await bot.start()  # another process goes on

    heads = [one for one in by_bot(ws, SUPPORT_CHANNEL) if not one.thread_ts]
    assert [one.text.partition(".")[0] for one in heads] == [
        "What I could not do, 2026-11-16 to 2026-11-23"
    ]
    said = words(heads[0])
    assert "connection_refused" in said
    assert "own/broken.md:3: no title" in said
    (file,) = ws.files()
    assert file.name == "gaps-2026-11-23.png"
    await bot.look(UNTIL + timedelta(days=7))
    assert sum(bot.engine.job(key).kind == REPORT for key in bot.engine.jobs) == 2


async def test_a_report_that_is_days_late_is_left_out(
    ws: LocalWorkspace, bot: ReportingBot
) -> None:
    await bot.look(UNTIL + timedelta(days=3))
    assert by_bot(ws, SUPPORT_CHANNEL) == []


async def made(every: Sequence[EndedConversation] = EVERY) -> GapReport:
    return await reports(every).report(UNTIL)


async def test_a_report_goes_through_the_database() -> None:
    store, report = TypedJson(kept_types()), await made()
    assert store.deserialize(store.serialize(report)) == report


async def test_a_week_in_which_nobody_asked_is_told_in_one_sentence() -> None:
    message = gap_message(await made([]))
    assert "Nobody asked about a failure" in message.text
    assert not any(block["type"] == "table" for block in message.blocks)


async def test_a_report_on_many_gaps_fits_into_a_message() -> None:
    every = [
        ended(n, Ending.WRONG, cause=f"cause_{n}" * 20, cluster=f"cluster {n}") for n in range(300)
    ]
    message = gap_message(await made(every))
    assert message.fits
    assert message.blocks


async def test_a_chart_says_in_words_what_it_shows() -> None:
    file = chart_file(await made())
    assert isinstance(file.content, bytes)
    assert file.content.startswith(b"\x89PNG")
    assert "prod, capacity/code by week: 2026-10-" in file.alt_text


async def test_a_report_is_in_german_where_that_is_spoken() -> None:
    with speaking("de"):
        assert gap_message(await made()).text.startswith("Was ich nicht konnte")
