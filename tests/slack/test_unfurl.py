"""What is shown under links to Airflow in people's messages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping

import pytest

from bot.domain.evidence import DagDetails, DagRun, TaskInstance
from bot.domain.questions import Asker
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL, InstalledApp, World
from bot.questions.links import ClusterAddress
from bot.services.link_cards import LinkCards
from bot.services.ports import Cluster
from bot.services.sight import SeenBy, everything
from bot.slack.config import SlackConfig
from bot.slack.manifest import manifest
from bot.slack.surfaces import all_surfaces
from tests.fakes.cluster import FakeCluster
from tests.slack.doubles import NOW, MemoryRecords, ScriptedAnswers
from tests.slack.running import RunningBot

HOST = "https://airflow.example.com"
RUN = DagRun("manual__1", "orders", "failed", run_after=NOW, end=NOW, duration=90.0)
LOAD = TaskInstance(
    "orders", "manual__1", "load", state="failed", try_number=2, end=NOW, duration=61.0
)
PROD = FakeCluster(
    name="prod",
    dags={"orders": (RUN, DagRun("manual__0", "orders", "success", run_after=NOW))},
    tasks={"orders": (LOAD, TaskInstance("orders", "manual__1", "extract", state="success"))},
    details={"orders": DagDetails("orders", owners=("orders-team",), is_paused=True)},
)
ADDRESSES = (ClusterAddress("prod", (HOST,)),)


@pytest.fixture
async def ws() -> AsyncIterator[LocalWorkspace]:
    made = manifest(all_surfaces(), unfurl_domains=["airflow.example.com", "wiki.example.com"])
    async with LocalWorkspace.started(World(app=InstalledApp.from_manifest(made))) as workspace:
        yield workspace


async def shared(
    ws: LocalWorkspace, config: SlackConfig, links: LinkCards | None, text: str
) -> Message:
    """The message as it stands once all work on it is done."""
    records = MemoryRecords()
    bot = RunningBot(config, ScriptedAnswers(records), records, links=links)
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()
    message = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, text)
    await ws.wait_for(lambda: ws.deliveries("link_shared"))
    await bot.idle()
    await bot.engine.stop()
    await bot.stop()
    return ws.current(message)


def cards(seen: SeenBy | None = None) -> LinkCards:
    return LinkCards(seen or everything({"prod": PROD}), ADDRESSES)


async def test_a_link_to_a_task_shows_how_it_stands(
    ws: LocalWorkspace, config: SlackConfig
) -> None:
    url = f"{HOST}/dags/orders/runs/manual__1/tasks/load"
    message = await shared(ws, config, cards(), f"look at {url} please")
    (preview,) = message.attachments
    assert preview["from_url"] == url
    said = json.dumps(preview["blocks"], ensure_ascii=False)
    for words in ("orders.load", "failed", "try 2", "owner: orders-team", "paused", "on prod"):
        assert words in said
    assert [call.method for call in ws.calls() if call.method.startswith("chat.")] == [
        "chat.unfurl"
    ]


async def test_each_known_link_of_a_message_has_its_own_card(
    ws: LocalWorkspace, config: SlackConfig
) -> None:
    text = f"{HOST}/dags/orders and {HOST}/dags/orders/runs/manual__1 and {HOST}/dags/none"
    message = await shared(ws, config, cards(), text)
    latest, run = (json.dumps(one["blocks"]) for one in message.attachments)
    assert "latest run failed" in latest
    assert "Failed: load" in run


async def nothing(asker: Asker, channel: str) -> Mapping[str, Cluster]:
    assert channel == SUPPORT_CHANNEL
    return {}


@pytest.mark.parametrize(
    ("links", "text"),
    [
        (None, f"{HOST}/dags/orders"),  # not switched on
        (cards(nothing), f"{HOST}/dags/orders"),  # hidden from the channel
        (cards(), "https://wiki.example.com/dags/orders"),  # of no known cluster
        (cards(), f"{HOST}/dags/unknown"),
        (cards(), f"{HOST}/dags/orders/runs/manual__1/tasks/unknown"),
        (cards(), f"{HOST}/dags/orders/runs/unknown"),
        (cards(everything({"prod": FakeCluster(name="prod", down=True)})), f"{HOST}/dags/orders"),
    ],
)
async def test_where_there_is_nothing_to_show_slack_is_not_even_called(
    ws: LocalWorkspace, config: SlackConfig, links: LinkCards | None, text: str
) -> None:
    message = await shared(ws, config, links, text)
    assert message.attachments == ()
    assert ws.calls("chat.unfurl") == []


async def test_what_is_late_is_left_out() -> None:
    found = await LinkCards(everything({"prod": PROD}), ADDRESSES, seconds=0.0).of(
        Asker("U1"), "C1", [f"{HOST}/dags/orders"]
    )
    assert found == {}
