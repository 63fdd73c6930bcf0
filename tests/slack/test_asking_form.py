"""The form that asks what is to be looked at, filled in by people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.evidence import TaskInstance
from bot.domain.questions import Asker, Intent
from bot.domain.targets import Target
from bot.playground.workspace import LocalWorkspace, View
from bot.playground.workspace.world import AUTHOR, GENERAL_CHANNEL, SUPPORT_CHANNEL
from bot.services.dag_names import DagNames
from bot.services.sight import everything
from bot.slack.asking_form import Field, Where
from bot.slack.config import SlackConfig
from bot.slack.parse_shortcut import ASK
from tests.fakes.cluster import FakeCluster
from tests.slack.doubles import MemoryRecords, ScriptedAnswers, always
from tests.slack.driver import by_bot, words
from tests.slack.replies import CODE
from tests.slack.running import RunningBot

MANY = {f"team_{n % 7}_pipeline_{n:05}": () for n in range(30_000)}
TASKS = [TaskInstance("orders_daily", "run", one) for one in ("load", "extract", "load_late")]
PROD = FakeCluster(
    name="prod",
    dags={**MANY, "orders_daily": (), "orders_hourly": ()},
    tasks={"orders_daily": TASKS},
)
TEST = FakeCluster(name="test", dags={"orders_daily": ()})
CLUSTERS = {"prod": PROD, "test": TEST}
AS_TYPED = {"text": {"type": "plain_text", "text": "“load”, as typed"}, "value": "load"}
NAMES = DagNames(tuple(CLUSTERS), everything(CLUSTERS))


@pytest.fixture
async def connected(
    ws: LocalWorkspace, config: SlackConfig, answers: ScriptedAnswers, records: MemoryRecords
) -> AsyncIterator[RunningBot]:
    bot = RunningBot(config, answers, records, names=NAMES)
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()
    yield bot
    await bot.engine.stop()
    await bot.stop()


async def opened(ws: LocalWorkspace, text: str | None = None) -> View:
    """The form: by the command with this text, else by the shortcut."""
    if text is None:
        await ws.shortcut(ASK, AUTHOR.id)
    else:
        await ws.command("/airflow", text, SUPPORT_CHANNEL, AUTHOR.id)
    return await ws.wait_for(lambda: next(iter(ws.modals(AUTHOR.id)), None))


def filled(**fields: Any) -> dict[str, dict[str, Any]]:
    return {Field[name.upper()]: {Field[name.upper()]: value} for name, value in fields.items()}


async def dag(ws: LocalWorkspace, view: View, typed: str, **others: Any) -> dict[str, Any]:
    return (await ws.suggest(view, Field.DAG, typed, filled(**others)))[0]


async def test_the_shortcut_asks_and_the_answer_comes_as_a_direct_message(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    view = await opened(ws)
    chosen = await dag(ws, view, "orders_daily", cluster="prod")
    task = (await ws.suggest(view, Field.TASK, "lo", filled(dag=chosen)))[0]
    await ws.submit(view, filled(dag=chosen, run="yesterday", task=task, cluster="prod"))
    await connected.idle()
    assert ws.modals(AUTHOR.id) == []
    (question,) = answers.asked
    assert question.chosen == Target("prod", "orders_daily", None, "load")
    assert question.text == "yesterday"
    assert question.intent is Intent.DIAGNOSE
    direct = ws.state.direct_channel(AUTHOR.id)
    assert direct is not None
    (answer,) = by_bot(ws, direct.id)
    assert "KeyError" in words(answer)
    assert question.thread.thread == answer.ts


async def test_a_command_without_its_words_opens_the_form_with_what_was_said(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    view = await opened(ws, "logs")
    (menu,) = (b for b in view.definition["blocks"] if b["block_id"] == Field.WHAT)
    assert menu["element"]["initial_option"]["value"] == "logs"
    assert Field.CHANNEL not in {block["block_id"] for block in view.definition["blocks"]}
    await ws.submit(view, filled(words="the import of shipments"))
    await connected.idle()
    assert answers.asked[0].intent is Intent.LOGS
    assert answers.asked[0].text == "the import of shipments"
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "/airflow logs the import of shipments" in words(answer)


async def test_asked_for_oneself_alone_nobody_else_sees_the_answer(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    view = await opened(ws, "why")
    await ws.submit(view, filled(words="orders_daily", where=Where.PRIVATE))
    await connected.idle()
    assert by_bot(ws, SUPPORT_CHANNEL) == []
    assert "KeyError" in words(ws.ephemerals(AUTHOR.id)[-1])


@pytest.mark.parametrize("channel", [SUPPORT_CHANNEL, GENERAL_CHANNEL])
async def test_a_channel_can_be_chosen_also_one_that_the_bot_is_not_in(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, channel: str
) -> None:
    answers.script = always(CODE)
    view = await opened(ws)
    asked = filled(words="orders_daily", where=Where.CHANNEL, channel=channel)
    await ws.submit(view, asked)
    await connected.idle()
    said = by_bot(ws, channel) or ws.ephemerals(AUTHOR.id)
    assert "KeyError" in words(said[-1])
    assert bool(by_bot(ws, channel)) == (channel == SUPPORT_CHANNEL)


@pytest.mark.parametrize(
    ("fields", "block"),
    [
        ({}, Field.DAG),
        ({"words": "orders", "run": "2099-01-01"}, Field.RUN),
        ({"words": "orders", "run": "2026-02-30"}, Field.RUN),
        ({"words": "orders", "run": "when the moon was full"}, Field.RUN),
        ({"words": "orders", "where": Where.CHANNEL}, Field.CHANNEL),
        ({"task": AS_TYPED}, Field.TASK),
    ],
)
async def test_what_cannot_be_is_said_in_the_form_and_nothing_is_asked(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    fields: dict[str, Any],
    block: Field,
) -> None:
    view = await opened(ws)
    await ws.submit(view, filled(**fields))
    (still_open,) = ws.modals(AUTHOR.id)
    assert block in (still_open.errors or {})
    assert answers.asked == []
    assert connected.engine.jobs == {}


async def test_a_run_id_goes_into_the_target_and_a_health_question_needs_no_dag(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    view = await opened(ws)
    run_id = "scheduled__2026-11-21T02:00:00+00:00"
    await ws.submit(view, filled(dag=await dag(ws, view, "orders_hourly"), run=run_id))
    await ws.submit(await opened(ws), filled(what="health"))
    await connected.idle()
    target = Target("prod", "orders_hourly", run_id)
    assert {one.chosen for one in answers.asked} == {target, None}
    assert {one.intent for one in answers.asked} == {Intent.DIAGNOSE, Intent.HEALTH}


async def test_of_tens_of_thousands_of_dags_a_hundred_are_offered_and_that_is_said(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    view = await opened(ws)
    groups = await ws.actors.suggest(view.id, Field.DAG, "team_3 pipe")
    assert sum(len(group["options"]) for group in groups) == 100
    assert groups[0]["label"]["text"] == "prod: 100 of 4,286, type on"
    assert all("team_3" in one["text"]["text"] for one in groups[0]["options"])


async def test_the_same_dag_on_two_clusters_is_offered_twice_unless_one_is_chosen(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    view = await opened(ws)
    values = {one["value"] for one in await ws.suggest(view, Field.DAG, "orders_daily")}
    assert values == {"prod|orders_daily", "test|orders_daily"}
    narrowed = await ws.suggest(view, Field.DAG, "orders_daily", filled(cluster="test"))
    assert [one["value"] for one in narrowed] == ["test|orders_daily"]


async def test_a_cluster_that_is_down_leaves_the_others_to_choose_from() -> None:
    names = DagNames(("a", "b"), everything({"a": FakeCluster(name="a", down=True), "b": TEST}))
    found = await names.find(Asker("U1"), "orders")
    assert found.names == (("b", "orders_daily"),)
    assert found.silent == ("a",)


async def test_a_very_long_dag_id_is_found_by_its_beginning(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    view = await opened(ws)
    long = {"text": {"type": "plain_text", "text": "x"}, "value": "prod|" + "d" * 144 + "…"}
    await ws.submit(view, filled(dag=long))
    await connected.idle()
    assert answers.asked[0].chosen is None
    assert answers.asked[0].text == "d" * 144


async def test_an_unknown_word_gets_help_with_the_nearest_command(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    await ws.command("/airflow", "statuz orders_daily", SUPPORT_CHANNEL, AUTHOR.id)
    await connected.idle()
    assert "“statuz” is none of my commands; status is." in words(ws.ephemerals(AUTHOR.id)[-1])


async def offered(ws: LocalWorkspace, view: View, typed: str, **others: Any) -> list[str]:
    """The values of the options for a task."""
    return [one["value"] for one in await ws.suggest(view, Field.TASK, typed, filled(**others))]


async def test_tasks_of_the_chosen_dag_are_offered_as_one_types(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    view = await opened(ws)
    orders = await dag(ws, view, "orders_daily", cluster="prod")
    elsewhere = await dag(ws, view, "orders_daily", cluster="test")

    assert await offered(ws, view, "", dag=orders) == ["extract", "load", "load_late"]
    assert await offered(ws, view, "LOAD", dag=orders) == ["load", "load_late", "LOAD"]
    assert await offered(ws, view, "load", dag=orders) == ["load", "load_late"]
    assert await offered(ws, view, "load", dag=elsewhere) == ["load"]


@pytest.mark.parametrize("typed", ["", "import  users"])
async def test_without_a_dag_a_task_is_what_was_typed(
    ws: LocalWorkspace, connected: RunningBot, typed: str
) -> None:
    view = await opened(ws)
    assert await offered(ws, view, typed) == ([" ".join(typed.split())] if typed else [])


async def test_a_cluster_that_is_down_leaves_what_was_typed(
    ws: LocalWorkspace, connected: RunningBot
) -> None:
    view = await opened(ws)
    orders = await dag(ws, view, "orders_daily", cluster="prod")
    PROD.down = True
    try:
        assert await offered(ws, view, "load", dag=orders) == ["load"]
    finally:
        PROD.down = False
