"""What fails on is remembered once a day, and what cannot be told in its channel is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.access import Rule, Rules
from bot.domain.alerts import Patience, Route
from bot.domain.channel_policies import ChannelPolicy, PolicyKey, QuietHours
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, GENERAL_CHANNEL, ONCALL_CHANNEL, SUPPORT_CHANNEL
from bot.slack.config import SlackConfig
from tests.fakes.cluster import FakeCluster
from tests.slack.alerting import AlertingBot, cards_in, said_in
from tests.slack.doubles import MemoryRecords
from tests.slack.driver import words
from tests.slack.escalating import CallingAnswers

DAY = 24 * 60


@pytest.fixture
async def bot(
    config: SlackConfig, records: MemoryRecords, database: AsyncEngine
) -> AsyncIterator[AlertingBot]:
    bot = AlertingBot(config, CallingAnswers(records), records, database=database)
    await bot.start()
    yield bot
    await bot.engine.stop()
    await bot.stop()


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """What differs between databases is shown where alerts are kept."""
    url: str = request.getfixturevalue("sqlite_url")
    return url


def reminders(ws: LocalWorkspace) -> list[str]:
    """Those in the thread of the only card."""
    (card,) = cards_in(ws)
    return [words(one) for one in ws.replies(card) if "⏰" in words(one)]


async def test_what_fails_on_is_remembered_once_a_day_in_the_channel_too(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(DAY - 1)
    assert reminders(ws) == []
    await bot.report(bot.failure("oom_orders", run=2))
    await bot.engine.pass_time(DAY)
    (said,) = reminders(ws)
    assert "Still failing after 24 h" in said or "Still failing after 1 d" in said
    assert "oom_orders.load. It was oom." in said
    (posted,) = [one for one in ws.calls("chat.postMessage") if one.arguments.get("thread_ts")]
    assert posted.arguments["reply_broadcast"] is True
    await bot.engine.pass_time(DAY)
    assert len(reminders(ws)) == 2


async def test_nobody_is_reminded_of_what_is_well_nor_for_ever(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(30 * DAY)
    assert len(reminders(ws)) == 7
    assert not bot.engine.waiting(kind="alert_remind")
    await bot.succeed("oom_orders")
    await bot.engine.pass_time(1)
    await bot.report(bot.failure("oom_orders", run=3))
    await bot.engine.pass_time(1)
    await bot.succeed("oom_orders", run=4)
    await bot.engine.pass_time(3 * DAY)
    assert len(reminders(ws)) == 7


async def test_a_reminder_looks_first_whether_all_is_well(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    bot.patience = replace(bot.patience, reminds=timedelta(hours=24))
    cluster = bot.clusters["prod"]
    assert isinstance(cluster, FakeCluster)
    cluster.down = True
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(DAY - 1)
    await bot.succeed("oom_orders")
    await bot.engine.pass_time(0.1)
    cluster.down = False
    await bot.engine.pass_time(DAY)
    assert reminders(ws) == []
    assert "Recovered" in said_in(ws)[0]


async def test_a_reminder_waits_for_the_end_of_quiet_hours(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(2)
    minute = bot.engine.now().hour * 60 + bot.engine.now().minute
    quiet = QuietHours("UTC", (minute - 60) % 1440, (minute + 120) % 1440)
    key = PolicyKey(await bot._team(), SUPPORT_CHANNEL)
    bot.policies.kept[key] = ChannelPolicy(quiet=quiet)
    await bot.engine.pass_time(DAY + 60)
    assert reminders(ws) == []
    await bot.engine.pass_time(70)
    assert len(reminders(ws)) == 1


async def test_reminders_can_be_switched_off(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords, database: AsyncEngine
) -> None:
    bot = AlertingBot(
        config,
        CallingAnswers(records),
        records,
        database=database,
        patience=Patience(reminds=timedelta()),
    )
    await bot.start()
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(3 * DAY)
    assert reminders(ws) == []
    await bot.engine.stop()
    await bot.stop()


def only_general(bot: AlertingBot) -> None:
    """A channel in which the bot is no member."""
    bot.router = replace(bot.router, routes=(Route((GENERAL_CHANNEL,), dags=("*",)),))


async def test_what_its_channel_does_not_take_is_told_in_the_default_one_with_the_remedy(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    only_general(bot)
    await bot.report(bot.failure("oom_orders"), bot.failure("oom_sales"))
    await bot.engine.pass_time(2)
    (said,) = said_in(ws)
    assert "2 Dags: oom_orders and oom_sales" in said
    assert "Meant for" in said
    assert "I am no member there. Invite me there (/invite)" in said
    assert said_in(ws, GENERAL_CHANNEL) == []

    await bot.report(bot.failure("oom_orders", run=2))
    await bot.engine.pass_time(2)
    (said,) = said_in(ws)
    assert "3 runs" in said
    for dag_id in ("oom_orders", "oom_sales"):
        await bot.succeed(dag_id, run=3)
    await bot.engine.pass_time(2)
    assert "Recovered" in said_in(ws)[0]


@pytest.mark.parametrize("why", ["archived", "I am no member there. Invite me there"])
async def test_a_reminder_that_its_channel_does_not_take_is_told_in_the_default_one(
    ws: LocalWorkspace, bot: AlertingBot, why: str
) -> None:
    bot.router = replace(bot.router, routes=(Route((ONCALL_CHANNEL,), dags=("*",)),))
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(2)
    assert len(said_in(ws, ONCALL_CHANNEL)) == 1
    if why == "archived":
        ws.actors.archive(ONCALL_CHANNEL)
    else:
        ws.actors.remove_app(ONCALL_CHANNEL, AUTHOR.id)
    await bot.engine.pass_time(DAY)
    (said,) = said_in(ws)
    assert "oom_orders" in said
    assert "Meant for" in said
    assert why in said
    await bot.engine.pass_time(DAY)
    assert len(reminders(ws)) == 1
    assert len(ws.messages(ONCALL_CHANNEL)) == 1
    await bot.succeed("oom_orders", run=3)
    await bot.engine.pass_time(2)
    assert "Recovered" in said_in(ws)[0]


async def test_what_the_default_channel_may_not_see_is_said_to_be_untold(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    general = Rule("general", channels=frozenset({GENERAL_CHANNEL}), dags=("oom_*",))
    bot.sights.access.rules = Rules((general,))
    only_general(bot)
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(2)
    (said,) = said_in(ws)
    assert "1 failure of Dags that this channel may not see could not be told" in said
    assert GENERAL_CHANNEL in said
    assert "oom" not in said


async def test_a_list_that_its_channel_does_not_take_is_told_elsewhere_too(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    only_general(bot)
    names = [f"c{number}_dag" for number in range(16)]
    await bot.report(*(bot.failure(name) for name in names))
    await bot.engine.pass_time(15)
    said = "".join(said_in(ws))
    assert [name for name in names if f"{name}" not in said] == []
