"""What the platform's channel hears of room that ends, whatever dies in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.domain.answers import ClusterReport, HealthReport
from bot.domain.capacity import (
    ClusterOutlook,
    Forecast,
    Gauge,
    GaugeKind,
    Outlook,
    Warned,
    told_job,
)
from bot.domain.questions import Origin
from bot.domain.work import Delivery
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import SUPPORT_CHANNEL
from bot.slack.blocks.render import render
from bot.slack.blocks.reports import cluster_words
from bot.slack.capacity_desk import CapacityDesk, Warnings
from bot.slack.config import SlackConfig
from bot.slack.side import Handler
from tests.slack.doubles import MemoryRecords, ScriptedAnswers
from tests.slack.driver import words
from tests.slack.running import RunningBot

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def outlook(used: float, forecast: bool = True, waiting: int = 0) -> Outlook:
    gauge = Gauge(GaugeKind.POOL, "etl", used, 40.0, waiting)
    soon = Forecast(START + HOUR, START + 0.8 * HOUR, START + 2 * HOUR, 6.2)
    return Outlook(gauge, START, soon if forecast else None)


FORESEEN = Warned("prod", outlook(34), START, START, 2, version=1)
FULL = replace(FORESEEN, outlook=outlook(40, False, waiting=7), version=2)
OVER = replace(
    FORESEEN, outlook=outlook(9, False), version=3, is_over=True, last_at=START + 2 * HOUR
)


@dataclass
class MemoryWarnings:
    """Of the port `CapacityStore` what telling needs."""

    now: Warned = FORESEEN
    threads: dict[str, str] = field(default_factory=dict)

    async def warned(self, warned_id: str) -> Warned | None:
        return replace(self.now, thread=self.threads.get(warned_id, ""))

    async def put_thread(self, warned_id: str, thread: str) -> None:
        self.threads[warned_id] = thread


@dataclass
class WatchingBot(RunningBot):
    warnings: MemoryWarnings = field(default_factory=MemoryWarnings)

    async def start(self) -> Mapping[str, Handler]:
        handlers = await super().start()
        store = Warnings(self.warnings, SUPPORT_CHANNEL)  # type: ignore[arg-type]
        desk = CapacityDesk(store, self.slack.workspace)
        self.engine.handlers = {**handlers, **desk.handlers}
        return self.engine.handlers

    async def tell(self, warned: Warned) -> None:
        self.warnings.now = warned
        await self.engine.take(told_job(warned), Delivery(Origin.SLACK))
        await self.engine.idle()


def said(ws: LocalWorkspace) -> tuple[list[Message], list[Message]]:
    """At the head of a thread, and in one."""
    ours = [one for one in ws.messages(SUPPORT_CHANNEL) if one.bot_id]
    return [one for one in ours if not one.thread_ts], [one for one in ours if one.thread_ts]


async def test_one_message_tells_of_a_trouble_from_its_first_sign_to_its_end(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> None:
    bot = WatchingBot(config, ScriptedAnswers(records), records)
    await bot.start()
    await bot.tell(FORESEEN)
    ((head,), []) = said(ws)
    assert "pool etl: 34 of 40 slots taken, 6 more an hour" in words(head)
    assert "full at about 02:00 UTC (01:50 to 03:00)" in words(head)
    await bot.tell(FULL)
    ((head,), []) = said(ws)
    assert "40 of 40 slots taken, 7 tasks waiting" in words(head)
    await bot.tell(OVER)
    ((head,), (news,)) = said(ws)
    assert "Over after 2 h" in words(head)
    assert "room again" in words(news)
    await bot.stop()


async def test_a_trouble_of_weeks_ends_below_the_message_that_told_of_it(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> None:
    bot = WatchingBot(config, ScriptedAnswers(records), records)
    await bot.start()
    await bot.tell(FORESEEN)
    bot.ledger.kept.rows.clear()
    await bot.tell(OVER)
    ((head,), (over,)) = said(ws)
    assert over.thread_ts == head.ts
    assert "Over after 2 h" in words(over)
    await bot.stop()


async def test_a_warning_is_told_once_wherever_the_machine_goes_down(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> None:
    for point in range(1, 100):
        bot = WatchingBot(config, ScriptedAnswers(records), records)
        await bot.start()
        power = bot.engine.power
        power.fails_at = begun = len(power.passed) + point
        heads, news = map(len, said(ws))
        for warned in (FORESEEN, OVER):
            await bot.tell(replace(warned, began_at=START + timedelta(minutes=point)))
        assert tuple(map(len, said(ws))) == (heads + 1, news + 1), power.passed[begun - 1 :]
        await bot.stop()
        if len(power.passed) < begun:
            return
    raise AssertionError("there is no end of points")


def test_the_health_of_a_cluster_says_what_is_foreseen() -> None:
    seen = ClusterOutlook("prod", START, (outlook(34), outlook(5, False)))
    cluster = ClusterReport("prod", True, "3.3.2", outlook=seen)
    card = str(render(HealthReport("K7QX2M", (cluster,)), "t1"))
    assert "full at about 02:00 UTC" in card
    assert "full at about 02:00 UTC" in cluster_words(cluster)
    assert "5 of 40" not in card
