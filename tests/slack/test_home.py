"""The Home tab and the prompts, as people see and use them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.channel_policies import ChannelPolicy, PolicyKey
from bot.domain.evidence import DagDetails, DagRun, TaskInstance
from bot.domain.people import Preferences, Profile
from bot.playground.workspace import LocalWorkspace, View
from bot.playground.workspace.faults import Fault, FaultKind
from bot.playground.workspace.world import AUTHOR, GENERAL_CHANNEL, ONCALL, SUPPORT_CHANNEL
from bot.slack.config import SlackConfig
from tests.fakes.cluster import FakeCluster
from tests.fakes.people import FakeProfiles
from tests.slack.asking import answered, mention
from tests.slack.doubles import NOW, MemoryRecords, ScriptedAnswers, always
from tests.slack.replies import CODE
from tests.slack.running import RunningBot

FAILED = TaskInstance(
    dag_id="orders_daily",
    run_id="manual__1",
    task_id="load",
    state="failed",
    end=NOW - timedelta(hours=1),
)
RUN = DagRun("manual__1", "orders_daily", "failed", run_after=NOW - timedelta(hours=2))
PROD = FakeCluster(
    name="prod",
    dags={"orders_daily": (RUN,), "billing": ()},
    tasks={"orders_daily": (FAILED,), "billing": (replace(FAILED, dag_id="billing"),)},
    details={"orders_daily": DagDetails("orders_daily", owners=("dag-author",))},
)
PROFILES = FakeProfiles({AUTHOR.id: Profile(AUTHOR.id, ("Dag author",), "dag-author@example.com")})


@pytest.fixture
async def connected(
    ws: LocalWorkspace, config: SlackConfig, answers: ScriptedAnswers, records: MemoryRecords
) -> AsyncIterator[RunningBot]:
    bot = RunningBot(config, answers, records, clusters={"prod": PROD}, profiles=PROFILES)
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()
    yield bot
    await bot.engine.stop()
    await bot.stop()


def said(view: View | None) -> str:
    assert view is not None, "nothing was published"
    return json.dumps(view.definition["blocks"], ensure_ascii=False)


async def looked(ws: LocalWorkspace, bot: RunningBot, user: str = AUTHOR.id) -> str:
    """What somebody sees who opens the tab, once all is there."""
    before = len(ws.deliveries("app_home_opened"))
    ws.actors.open_app_home(user)
    await ws.wait_for(lambda: len(ws.deliveries("app_home_opened")) > before)
    await bot.idle()
    return said(ws.home(user))


async def test_the_tab_shows_what_is_the_asker_s_and_how_it_was_matched(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    shown = await looked(ws, connected)
    assert "1 Dag of yours failed in the last 24 hours" in shown
    assert "orders_daily" in shown
    assert "owner dag-author, your name" in shown
    assert "billing" not in shown
    assert "prod" in shown
    assert "None of yours is open." in shown
    assert "You have not asked me anything yet." in shown


async def test_somebody_else_sees_their_own_tab(ws: LocalWorkspace, connected: RunningBot) -> None:
    shown = await looked(ws, connected, ONCALL.id)
    assert "None of your Dags" in shown
    assert "Slack does not tell me who you are" in shown


async def test_recent_threads_are_linked(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    answer = await answered(ws, connected, await mention(ws))
    shown = await looked(ws, connected)
    assert f"/archives/{SUPPORT_CHANNEL}/p{answer.ts.replace('.', '')}" in shown
    assert "A field that the code expects is missing" in shown


async def test_several_looks_within_seconds_are_one(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    event = {"type": "app_home_opened", "user": AUTHOR.id, "channel": "D1", "tab": "home"}
    for _ in range(3):
        ws.dispatcher.send_event({**event, "event_ts": "1700000000.000100"})
    await ws.wait_for(lambda: len(ws.deliveries("app_home_opened")) == 3)
    await connected.idle()
    assert len(ws.calls("views.publish")) == 2  # that it is looking, and what it found


async def test_what_changed_meanwhile_gives_way_to_what_was_just_seen(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    await looked(ws, connected)
    event = {"type": "app_home_opened", "user": AUTHOR.id, "channel": "D1", "tab": "home"}
    stale = {**event, "event_ts": "1700000009.000100", "view": {"hash": "long ago"}}
    calls = len(ws.calls("views.publish"))
    ws.dispatcher.send_event(stale)
    await ws.wait_for(lambda: len(ws.calls("views.publish")) == calls + 2)
    refused, published = ws.calls("views.publish")[-2:]
    assert refused.response["error"] == "hash_conflict"
    assert published.response["ok"]
    await connected.idle()


async def test_a_pattern_makes_a_dag_theirs(ws: LocalWorkspace, connected: RunningBot) -> None:
    await looked(ws, connected)
    home = ws.home(AUTHOR.id)
    assert home is not None
    await ws.actors.act_in_view(home.id, "my_dags")
    form = await ws.wait_for(lambda: next(iter(ws.modals(AUTHOR.id)), None))
    await ws.submit(form, {"patterns": {"patterns": "bill*\norders_daily"}})
    await connected.idle()
    assert connected.preferences.kept[ws.team_id, AUTHOR.id].patterns == ("bill*", "orders_daily")
    shown = said(ws.home(AUTHOR.id))
    assert "your pattern bill*" in shown


@pytest.mark.parametrize(
    ("typed", "fault"),
    [("orders/../etc", "can be no Dag id"), (" ".join(f"d{n}" for n in range(30)), "too many")],
)
async def test_a_pattern_that_is_none_is_said_to_be(
    ws: LocalWorkspace, connected: RunningBot, typed: str, fault: str
) -> None:
    await looked(ws, connected)
    home = ws.home(AUTHOR.id)
    assert home is not None
    await ws.actors.act_in_view(home.id, "my_dags")
    form = await ws.wait_for(lambda: next(iter(ws.modals(AUTHOR.id)), None))
    await ws.submit(form, {"patterns": {"patterns": typed}})
    (still_open,) = ws.modals(AUTHOR.id)
    assert fault in (still_open.errors or {})["patterns"]
    assert connected.preferences.kept == {}


async def test_the_privacy_switch_is_kept_and_shown(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    await looked(ws, connected)
    for keeps, words in ((False, "is not kept"), (True, "is kept with my answer")):
        home = ws.home(AUTHOR.id)
        assert home is not None
        await ws.actors.act_in_view(home.id, "keeping")
        await connected.idle()
        expected = Preferences(keeps_conversations=keeps)
        assert connected.preferences.kept[ws.team_id, AUTHOR.id] == expected
        assert words in said(ws.home(AUTHOR.id))


async def test_switching_it_off_deletes_what_was_kept_and_the_button_says_so_before(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, records: MemoryRecords
) -> None:
    answers.script = always(CODE)
    asked = [await mention(ws, f"why did orders_{number} fail?") for number in range(2)]
    for message in asked:
        await answered(ws, connected, message)
    (theirs,) = [replace(one, id="T:C:1.0") for one in list(records.turns.values())[:1]]
    question = replace(theirs.question, asker=replace(theirs.question.asker, user_id=ONCALL.id))
    records.add(replace(theirs, question=question))
    assert "also deletes what was kept so far" in await looked(ws, connected)
    home = ws.home(AUTHOR.id)
    assert home is not None
    await ws.actors.act_in_view(home.id, "keeping")
    await connected.idle()
    assert list(records.turns) == ["T:C:1.0"]
    assert "What was kept before is deleted." in said(ws.home(AUTHOR.id))
    assert "orders_0" not in " ".join(connected.engine.jobs.values())


async def test_what_cannot_be_seen_is_said_on_the_tab(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    connected.preferences.down = True
    shown = await looked(ws, connected)
    assert "could not see your settings, your Dags" in shown
    assert "I could not look for your Dags just now." in shown


async def test_slack_in_trouble_has_the_tab_shown_later(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "views.publish", times=2, error="internal_error"))
    assert "Your Dags" in await looked(ws, connected)


async def test_over_the_messages_stand_prompts_about_the_own_dags(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    ws.actors.open_app_home(AUTHOR.id, "messages")
    direct = ws.state.direct_channel(AUTHOR.id)
    assert direct is not None
    prompts = await ws.wait_for(lambda: ws.state.prompts.get(direct.id))
    assert [one["title"] for one in prompts.prompts] == [
        "Why did orders_daily fail?",
        "Is the platform healthy?",
        "What failed last night?",
        "How do I backfill safely?",
    ]
    await connected.idle()
    assert "thread_ts" not in ws.calls("assistant.threads.setSuggestedPrompts")[0].arguments


async def prompted(ws: LocalWorkspace, bot: RunningBot, calls: int) -> list[str]:
    """The titles of the prompts over the author's messages, once they were set so often."""
    method = "assistant.threads.setSuggestedPrompts"
    await ws.wait_for(lambda: len(ws.calls(method)) >= calls)
    await bot.idle()
    direct = ws.state.direct_channel(AUTHOR.id)
    assert direct is not None
    return [one["title"] for one in ws.state.prompts[direct.id].prompts]


async def test_prompts_follow_the_channel_that_somebody_looks_at(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    key = PolicyKey(ws.team_id, SUPPORT_CHANNEL)
    connected.policies.kept[key] = ChannelPolicy(dags=("bill*",), version=1)

    ws.actors.look_at(AUTHOR.id, SUPPORT_CHANNEL)
    there = await prompted(ws, connected, 1)
    ws.actors.look_at(AUTHOR.id, GENERAL_CHANNEL)
    elsewhere = await prompted(ws, connected, 2)
    ws.actors.open_app_home(AUTHOR.id, "messages", beside=SUPPORT_CHANNEL)
    again = await prompted(ws, connected, 3)

    assert there[:2] == ["Why did billing fail?", "Why did orders_daily fail?"]
    assert elsewhere[:2] == ["Why did orders_daily fail?", "Is the platform healthy?"]
    assert again == there


async def test_prompts_name_no_dag_that_somebody_may_not_see(
    ws: LocalWorkspace, config: SlackConfig, answers: ScriptedAnswers, records: MemoryRecords
) -> None:
    bot = RunningBot(config, answers, records, clusters={}, profiles=PROFILES)
    key = PolicyKey(ws.team_id, SUPPORT_CHANNEL)
    bot.policies.kept[key] = ChannelPolicy(cluster="prod", dags=("*",), version=1)
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()

    ws.actors.look_at(AUTHOR.id, SUPPORT_CHANNEL)
    titles = await prompted(ws, bot, 1)

    assert not [title for title in titles if title.startswith("Why did")]
    await bot.engine.stop()
    await bot.stop()
