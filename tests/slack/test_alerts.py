"""Failures that nobody asked about, from the report to what people see of it in their channels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.answering.headline import NOTHING_FAILED
from bot.domain.access import Rule, Rules
from bot.domain.alerts import Route
from bot.domain.channel_policies import ChannelPolicy, PolicyKey, QuietHours
from bot.domain.evidence import DagDetails, DagRun, TaskInstance
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.changes import MessagePosted
from bot.playground.workspace.values import Message
from bot.playground.workspace.world import (
    AUTHOR,
    GENERAL_CHANNEL,
    ONCALL_CHANNEL,
    SUPPORT_CHANNEL,
)
from bot.slack.config import SlackConfig
from tests.fakes.cluster import FakeCluster
from tests.slack.alerting import AlertingBot, cards_in, said_in
from tests.slack.doubles import MemoryRecords
from tests.slack.driver import words
from tests.slack.escalating import CallingAnswers, cards_of


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


async def test_a_failure_is_told_once_with_what_it_was(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    for _ in range(2):
        await bot.report(bot.failure("oom_orders"))
        await bot.engine.pass_time(1)

    (said,) = said_in(ws)
    assert "Failed at" in said
    assert "It was oom" in said
    assert bot.looks.looked == ["oom_orders"]
    (turn,) = bot.turns.kept.values()
    assert turn.question.thread.thread == cards_in(ws)[0].ts == turn.reply_ts


async def test_failures_of_one_cause_are_one_thread_that_counts_them_once_a_minute(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.idle()
    await bot.report(*(bot.failure(f"oom_{n}", index=n) for n in range(5)))
    await bot.engine.pass_time(0.5)
    assert len(ws.calls("chat.update")) == 0
    await bot.engine.pass_time(1)

    (said,) = said_in(ws)
    assert "6 task instances · 6 runs · 6 Dags: " in said
    assert len(ws.calls("chat.update")) == 1


async def test_what_fails_on_is_counted_without_another_look(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_orders", run=1))
    await bot.engine.pass_time(1)
    await bot.report(bot.failure("oom_orders", run=2), bot.failure("oom_orders", run=3))
    await bot.engine.pass_time(2)

    (said,) = said_in(ws)
    assert "Failing since" in said
    assert "3 task instances · 3 runs · 1 Dag" in said
    assert bot.looks.looked == ["oom_orders"]


async def test_a_dag_that_fails_for_days_stays_in_its_thread_and_another_cause_gets_its_own(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    for day in range(3):
        await bot.report(bot.failure("oom_orders", run=day))
        await bot.engine.pass_time(24 * 60)
    assert len(said_in(ws)) == 1
    assert "3 runs" in said_in(ws)[0]

    bot.looks.causes["oom_orders"] = "disk"
    await bot.report(bot.failure("oom_orders", run=9))
    await bot.engine.pass_time(1)
    assert len(said_in(ws)) == 2


async def test_another_dag_much_later_is_another_incident(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(90)
    await bot.report(bot.failure("oom_sales"))
    await bot.engine.pass_time(1)
    assert len(said_in(ws)) == 2


async def test_a_thread_says_once_that_all_runs_well_again(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_orders"), bot.failure("oom_sales"))
    await bot.engine.pass_time(2)
    await bot.succeed("oom_orders")
    await bot.engine.pass_time(2)
    assert "1 of 2 Dags run well again. Still failing: oom_sales.load." in said_in(ws)[0]
    await bot.succeed("oom_sales")
    await bot.succeed("oom_sales", run=3)
    await bot.engine.pass_time(2)

    (card,) = cards_in(ws)
    assert "✅" in words(card)
    assert "Recovered at" in words(card)
    (news,) = ws.replies(card)
    assert "2 Dags run well again" in words(news)


async def test_what_flaps_changes_its_thread_and_calls_nobody_again(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    for turn in range(4):
        await bot.report(bot.failure("oom_orders", run=2 * turn))
        await bot.engine.pass_time(2)
        await bot.succeed("oom_orders", run=2 * turn + 1)
        await bot.engine.pass_time(2)

    (card,) = cards_in(ws)
    assert "Recovered at" in words(card)
    assert "Failed again 3 times soon after it had recovered." in words(card)
    (news,) = ws.replies(card)
    assert "✅" in words(news)


async def test_after_its_recovery_a_failure_is_a_first_one(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(1)
    await bot.succeed("oom_orders")
    await bot.engine.pass_time(31)
    await bot.report(bot.failure("oom_orders", run=3))
    await bot.engine.pass_time(1)
    assert ["Recovered" in said for said in said_in(ws)] == [True, False]


async def test_a_failure_that_comes_after_its_answer_is_not_told(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    late = bot.failure("oom_orders")
    await bot.engine.pass_time(1)
    await bot.succeed("oom_orders")
    assert (await bot.report(late)).answered == 1
    await bot.engine.pass_time(1)
    assert said_in(ws) == []


async def test_what_runs_well_before_it_was_told_is_not_told(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(*(bot.failure(f"{n}_dag") for n in range(8)))
    await bot.engine.pass_time(0.5)
    await bot.succeed("7_dag")
    await bot.engine.pass_time(3)
    assert len(said_in(ws)) == 7


async def test_the_bot_looks_itself_whether_it_runs_again(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    due = bot.engine.now()
    cluster = bot.clusters["prod"]
    assert isinstance(cluster, FakeCluster)
    await bot.report(bot.failure("oom_orders", run_after=due))
    await bot.engine.pass_time(4)
    end = bot.engine.now()
    well = TaskInstance("oom_orders", "run_2", "load", state="success", end=end, run_after=due)
    cluster.tasks = {"oom_orders": [well]}
    await bot.engine.pass_time(3)
    assert "Recovered" in said_in(ws)[0]


async def test_looking_for_a_recovery_ends_after_some_days(bot: AlertingBot) -> None:
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(6 * 24 * 60)
    watched = [key for key in bot.engine.jobs if ":watch:" in key]
    assert 30 < len(watched) < 60
    assert not bot.engine.waiting(kind="alert_watch")


async def test_each_owner_hears_of_their_own_and_nobody_else_does(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    bot.clusters["prod"].details = {
        "oom_orders": DagDetails("oom_orders", owners=("orders-team",)),
        "oom_sales": DagDetails("oom_sales", tags=("gold",)),
    }
    route = Route((ONCALL_CHANNEL,), owners=frozenset({"orders-team"}))
    gold = Route((ONCALL_CHANNEL, SUPPORT_CHANNEL), tags=frozenset({"gold"}))
    bot.router = replace(bot.router, routes=(route, gold))
    await bot.report(*(bot.failure(name) for name in ("oom_orders", "oom_sales", "oom_other")))
    await bot.engine.pass_time(2)

    assert "2 Dags: oom_orders and oom_sales" in said_in(ws, ONCALL_CHANNEL)[0]
    assert "2 Dags: oom_other and oom_sales" in said_in(ws)[0]


async def test_a_channel_hears_nothing_of_what_it_may_not_see(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    seen = (Rule("own", channels=frozenset({ONCALL_CHANNEL}), dags=("oom_*",)),
            Rule("all", channels=frozenset({SUPPORT_CHANNEL}), dags=("secret_*",)))  # fmt: skip
    bot.sights.access.rules = Rules(seen)
    bot.router = replace(bot.router, routes=(Route((ONCALL_CHANNEL,), dags=("*",)),))
    await bot.report(*(bot.failure(name) for name in ("oom_orders", "secret_pay", "other_dag")))
    await bot.engine.pass_time(2)

    assert "oom_orders" in said_in(ws, ONCALL_CHANNEL)[0]
    assert "secret" not in "".join(said_in(ws, ONCALL_CHANNEL))
    (said,) = said_in(ws)
    assert "secret_pay" in said
    assert "other_dag" not in said


async def test_quiet_hours_hold_all_back_and_then_one_thread_tells_it(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    now = bot.engine.now()
    minute = now.hour * 60 + now.minute
    quiet = QuietHours("UTC", (minute - 1) % 1440, (minute + 30) % 1440)
    key = PolicyKey(await bot._team(), SUPPORT_CHANNEL)
    bot.policies.kept[key] = ChannelPolicy(quiet=quiet)
    await bot.report(*(bot.failure(f"oom_{n}") for n in range(5)))
    await bot.engine.pass_time(20)
    assert said_in(ws) == []
    await bot.succeed("oom_4")
    await bot.engine.pass_time(15)
    (said,) = said_in(ws)
    assert "4 Dags" in said


async def test_a_cluster_that_is_down_is_one_message_which_becomes_what_it_was(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    bot.looks.down.add("prod")
    await bot.report(*(bot.failure(name) for name in ("oom_a", "oom_b", "disk_c")))
    await bot.engine.pass_time(2)
    (card,) = cards_in(ws)
    assert "prod reported failures and does not answer now" in words(card)
    assert "3 Dags" in words(card)

    bot.looks.down.clear()
    await bot.engine.pass_time(10)
    first, second = cards_in(ws)
    assert first.ts == card.ts
    assert "does not answer" not in words(first)
    named = {dag for dag in ("oom_a", "oom_b", "disk_c") if dag in words(first) + words(second)}
    assert len(named) == 3


async def test_looks_in_vain_end_after_a_day(ws: LocalWorkspace, bot: AlertingBot) -> None:
    bot.looks.down.add("prod")
    await bot.report(bot.failure("oom_a"))
    await bot.engine.pass_time(30 * 60)
    assert 100 < len(bot.looks.looked) < 200
    assert not bot.engine.waiting(kind="alert_look")
    assert len(said_in(ws)) == 1


async def test_more_causes_than_a_channel_bears_are_named_in_one_list(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(*(bot.failure(f"c{n}_dag") for n in range(30)))
    await bot.engine.pass_time(4)

    threads = [said for said in said_in(ws) if "Failed at" in said]
    (said,) = [said for said in said_in(ws) if "Failed at" not in said]
    assert len(threads) == 18
    assert "12 more failures than there is room for threads" in said
    named = [name for name in (f"c{n}_dag" for n in range(30)) if name in "".join(said_in(ws))]
    assert len(named) == 30


async def test_an_escalation_of_the_same_incident_is_named_and_nobody_is_called_twice(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    bot.looks.escalator = bot.escalator
    await bot.report(*(bot.failure(f"oom_killed_{n}") for n in range(3)))
    for dag in range(3):
        bot.looks.causes[f"oom_killed_{dag}"] = "oom_killed"
    await bot.engine.pass_time(3)

    (oncall,) = cards_of(ws)
    assert "Task" in words(oncall) or "It was oom_killed" in words(oncall)
    (escalation,) = await bot.escalations.list()
    (card,) = cards_in(ws)
    assert f"escalation {escalation.id}" in words(card)
    statuses = [one for one in ws.replies(card) if escalation.id in words(one)]
    assert len(statuses) == 1


async def test_a_report_that_does_not_say_the_try_is_no_second_failure(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    one = bot.failure("oom_orders")
    await bot.report(one)
    await bot.report(replace(one, target=replace(one.target, try_number=None)))
    await bot.report(replace(one, target=replace(one.target, task_id=None)))
    await bot.engine.pass_time(2)
    (said,) = said_in(ws)
    assert "Failed at" in said


async def test_a_channel_that_takes_nothing_costs_no_other_its_alert(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    bot.router = replace(
        bot.router, routes=(Route((GENERAL_CHANNEL, SUPPORT_CHANNEL), dags=("*",)),)
    )
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(2)
    assert len(said_in(ws)) == 1
    assert said_in(ws, GENERAL_CHANNEL) == []


async def test_where_another_app_has_told_of_it_the_card_goes_beneath_that(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    words_of = "Task failed: dag_id: oom_{0}, task_id: load, run_id: run_1"
    for name in ("other", "orders"):
        other = Message(
            SUPPORT_CHANNEL, ws.hub.new_ts(), AUTHOR.id, words_of.format(name), bot_id="B0OTHER01"
        )
        ws.hub.commit(MessagePosted(other))
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(1)
    await bot.succeed("oom_orders")
    await bot.engine.pass_time(1)

    heads = [one for one in ws.messages(SUPPORT_CHANNEL) if not one.thread_ts]
    assert len(heads) == 2
    beneath = [one for one in ws.replies(heads[1]) if "It was oom" in words(one)]
    assert len(beneath) == 1
    (turn,) = bot.turns.kept.values()
    assert (turn.question.thread.thread, turn.reply_ts) == (heads[1].ts, beneath[0].ts)
    assert "well again" in words(ws.replies(heads[1])[-1])


async def test_what_was_only_named_gets_a_thread_once_it_fails_on_and_there_is_room(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(*(bot.failure(f"c{n}_dag") for n in range(20)))
    await bot.engine.pass_time(15)
    before = len(said_in(ws))
    await bot.report(bot.failure("c19_dag", run=2))
    await bot.engine.pass_time(2)
    assert len(said_in(ws)) == before + 1
    assert "2 runs" in said_in(ws)[-1]


async def test_a_cluster_that_answers_again_may_have_told_all_elsewhere(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_a"))
    await bot.engine.pass_time(1)
    bot.looks.down.add("prod")
    await bot.report(bot.failure("oom_b"))
    await bot.engine.pass_time(1)
    assert "does not answer now" in said_in(ws)[1]
    bot.looks.down.clear()
    await bot.engine.pass_time(10)
    first, second = said_in(ws)
    assert "2 Dags: oom_a and oom_b" in first
    assert "Airflow answers again" in second


async def test_what_turns_out_to_be_well_is_not_told_and_what_else_fails_is(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    bot.looks.causes["oom_orders"] = NOTHING_FAILED
    bot.looks.once = True
    await bot.report(bot.failure("oom_orders", run=1), bot.failure("oom_orders", run=2))
    await bot.engine.pass_time(2)
    (said,) = said_in(ws)
    assert "It was oom" in said
    assert "Failed at" in said
    assert bot.looks.looked == ["oom_orders", "oom_orders"]


async def test_looks_that_break_are_tried_again_and_then_told_in_one_message(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    bot.looks.breaks = 2
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(3)
    assert "It was oom" in said_in(ws)[0]

    bot.looks.breaks = 1_000
    await bot.report(*(bot.failure(f"disk_{n}") for n in range(5)))
    await bot.engine.pass_time(5)
    (said,) = said_in(ws)[1:]
    assert "something broke on my side" in said
    assert "5 Dags" in said


async def test_a_run_that_ends_well_makes_no_failed_task_of_it_well(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    """Its last task runs whatever failed before."""
    await bot.report(bot.failure("oom_orders", run=1))
    await bot.succeed("oom_orders", run=1, tasks={"load": "failed", "clean_up": "success"})
    await bot.engine.pass_time(2)
    assert "Failed at" in said_in(ws)[0]
    await bot.succeed("oom_orders", run=2, tasks={"load": "skipped", "clean_up": "success"})
    await bot.engine.pass_time(2)
    assert "Recovered" not in said_in(ws)[0]

    await bot.succeed("oom_orders", run=3)
    await bot.engine.pass_time(2)
    assert "Recovered" in said_in(ws)[0]


async def test_of_a_dag_that_fails_for_two_causes_one_recovers_and_the_other_is_said_to_fail(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    bot.looks.causes["oom_orders"] = "oom"
    await bot.report(bot.failure("oom_orders", task="load"))
    await bot.engine.pass_time(1)
    bot.looks.causes["oom_orders"] = "disk"
    await bot.report(bot.failure("oom_orders", task="transform"))
    await bot.engine.pass_time(1)
    tasks = {"load": "success", "transform": "failed"}
    await bot.succeed("oom_orders", tasks=tasks)
    await bot.engine.pass_time(2)

    oom, disk = cards_in(ws)
    assert "Recovered" in words(oom)
    assert "Recovered" not in words(disk)
    (news,) = ws.replies(oom)
    assert "oom_orders no longer fails for this cause" in words(news)
    assert "Still failing for another cause: oom_orders.transform (It was disk)." in words(news)
    await bot.succeed("oom_orders", run=3, tasks=dict.fromkeys(tasks, "success"))
    await bot.engine.pass_time(2)
    assert "oom_orders runs well again" in words(ws.replies(disk)[0])


async def test_a_task_is_well_again_though_its_run_failed_for_another(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(4)
    cluster = bot.clusters["prod"]
    assert isinstance(cluster, FakeCluster)
    end = bot.engine.now()
    cluster.tasks = {
        "oom_orders": [
            TaskInstance("oom_orders", "run_2", "load", 0, "success", end=end),
            TaskInstance("oom_orders", "run_2", "load", 1, "success", end=end),
            TaskInstance("oom_orders", "run_2", "transform", state="failed", end=end),
        ]
    }
    await bot.engine.pass_time(3)
    assert "Recovered" in said_in(ws)[0]


async def test_a_task_that_the_dag_has_no_more_is_well_once_its_run_ends_well(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    due = bot.engine.now()
    await bot.report(bot.failure("oom_orders", run_after=due))
    await bot.engine.pass_time(4)
    run = DagRun("run_2", "oom_orders", "success", run_after=due, end=bot.engine.now())
    cluster = bot.clusters["prod"]
    assert isinstance(cluster, FakeCluster)
    cluster.dags = {"oom_orders": [run]}
    await bot.engine.pass_time(3)
    assert "Recovered" in said_in(ws)[0]


async def test_a_recovery_that_airflow_did_not_tell_is_asked_for_again(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    await bot.report(bot.failure("oom_orders"))
    await bot.engine.pass_time(1)
    cluster = bot.clusters["prod"]
    assert isinstance(cluster, FakeCluster)
    cluster.down = True
    await bot.succeed("oom_orders")
    await bot.engine.pass_time(0.2)
    cluster.down = False
    await bot.engine.pass_time(1)
    assert "Recovered" in said_in(ws)[0]
