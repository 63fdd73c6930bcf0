"""Answers in direct messages: a plan that grows, and becomes the answer, whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from bot.domain.cases import Case, Retrieved
from bot.domain.conversations import Turn
from bot.domain.evidence import Evidence, Gap, GapReason, TaskInstance
from bot.domain.questions import Intent, Question
from bot.domain.targets import Found, Target
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, ManualClock, Message
from bot.playground.workspace.world import AUTHOR, InstalledApp, World
from bot.services.looked_at import looked_at
from bot.services.ports import DurableSteps, ReplyChannel
from bot.slack.arrivals import Place
from bot.slack.config import SlackConfig
from bot.slack.draw import Style
from bot.slack.manifest import manifest
from bot.slack.narrating import Narrator
from bot.slack.posts import ANSWER, Post
from bot.slack.surfaces import all_surfaces
from bot.slack.work_plan import Stage, StageState, WorkPlan
from tests.slack.asking import answered, mention
from tests.slack.doubles import NOW, Gate, MemoryRecords, ScriptedAnswers
from tests.slack.driver import hand_in, words
from tests.slack.payloads import says
from tests.slack.replies import CODE, EXPLAINED
from tests.slack.running import RunningBot
from tests.slack.test_crashes import SteppedAnswers, at_every_point

REFINED = replace(CODE, explanation=EXPLAINED)
MODELS_WORDS = "The upstream export renamed"
TARGET = Target("production", "orders_daily", "manual__1", "load")
TASK = TaskInstance("orders_daily", "manual__1", "load", state="failed", try_number=2)
CASE = Case(
    Intent.DIAGNOSE,
    Found(TARGET, "the latest run"),
    Evidence(
        TARGET,
        task_instance=TASK,
        tries=(TASK, TASK),
        gaps=(Gap("event log", GapReason.FORBIDDEN),),
    ),
    (),
)


class DiagnosedAnswers(SteppedAnswers):
    """Takes the steps of a diagnosis, as the service does."""

    async def handle(
        self, question: Question, channel: ReplyChannel, steps: DurableSteps
    ) -> Turn | None:
        async def gather() -> Case:
            await self.look(channel)
            return CASE

        async def retrieve() -> Retrieved:
            return Retrieved((), NOW)

        await steps.run("gather", gather)
        await steps.run("retrieve", retrieve)
        return await super().handle(question, channel, steps)

    async def look(self, channel: ReplyChannel) -> None:
        await channel.progress("Reading every try of orders_daily.load …")
        looked_at("tries")
        looked_at("log")


async def asks(ws: LocalWorkspace, bot: RunningBot) -> Message:
    message = await ws.say_directly(AUTHOR.id, "why did orders_daily fail?")
    payload = says(
        "message_im", message.text, channel=message.channel, ts=message.ts, event_ts=message.ts
    )
    assert (await hand_in(bot, payload)).status == 200
    return message


def said_in(ws: LocalWorkspace, message: Message) -> list[Message]:
    return [one for one in ws.replies(message) if one.bot_id]


def titles(message: Message) -> list[str]:
    """Of the plan that a message shows, its own first."""
    plan = next(block for block in message.blocks if block["type"] == "plan")
    return [plan["title"], *(task["title"] for task in plan["tasks"])]


@pytest.fixture
def diagnosed(records: MemoryRecords) -> DiagnosedAnswers:
    return DiagnosedAnswers(records, replies=(CODE,))


@pytest.fixture
async def bot(config: SlackConfig, diagnosed: DiagnosedAnswers) -> AsyncIterator[RunningBot]:
    running = RunningBot(config, diagnosed, diagnosed.records)
    await running.start()
    yield running
    await running.engine.stop()
    await running.stop()


async def test_a_direct_question_is_answered_in_the_message_that_grew(
    ws: LocalWorkspace, bot: RunningBot
) -> None:
    message = await asks(ws, bot)
    await bot.idle()

    (answer,) = said_in(ws, message)
    assert answer.stream is None
    assert answer.metadata is not None
    assert titles(answer) == [
        "What I looked at",
        "Found orders_daily.load",
        "Status and every try: failed, 2 tries",
        "Task log: there is none",
        "Not seen: event log",
        "Runbooks: nothing on this",
    ]
    plan = answer.blocks[0]
    assert {task["status"] for task in plan["tasks"]} == {"complete"}
    assert "KeyError" in words(answer)
    assert len(ws.calls("chat.startStream")) == len(ws.calls("chat.stopStream")) == 1
    said = [one for call in ws.calls("chat.appendStream") for one in call.arguments["chunks"]]
    assert "Reading the log" in [one["title"] for one in said]
    assert not ws.calls("chat.postMessage")
    assert not ws.calls("chat.update")
    assert ws.state.statuses == {}


async def test_an_answer_that_looked_at_nothing_stands_without_a_plan(
    ws: LocalWorkspace, slack: RunningBot
) -> None:
    message = await asks(ws, slack)
    await slack.idle()

    (answer,) = said_in(ws, message)
    assert answer.stream is None
    assert "plan" not in [block["type"] for block in answer.blocks]


async def test_in_channels_nothing_grows(ws: LocalWorkspace, connected: RunningBot) -> None:
    message = await mention(ws)
    await answered(ws, connected, message)

    assert not ws.calls("chat.startStream")
    assert ws.calls("assistant.threads.setStatus")


@pytest.mark.parametrize(
    ("explained", "lasting"), [(False, True), (True, True), (False, False)], ids=str
)
async def test_a_direct_question_has_one_answer_wherever_the_machine_goes_down(
    ws: LocalWorkspace,
    config: SlackConfig,
    diagnosed: DiagnosedAnswers,
    explained: bool,
    lasting: bool,
) -> None:
    """Also where the message has stopped growing by itself until somebody goes on."""
    diagnosed.replies = (CODE, REFINED) if explained else (CODE,)
    if not lasting:
        ws.hub.limits = replace(ws.hub.limits, stream=0.0)

    async def scene(bot: RunningBot) -> Callable[[], None]:
        message = await asks(ws, bot)

        def check() -> None:
            (answer,) = said_in(ws, message)
            assert answer.stream is None
            assert "KeyError" in words(answer)
            assert (MODELS_WORDS in words(answer)) is explained
            assert ws.state.statuses == {}

        return check

    assert await at_every_point(config, diagnosed, scene) > 20


async def test_a_dead_stream_becomes_the_answer_all_the_same(
    config: SlackConfig, records: MemoryRecords
) -> None:
    clock = ManualClock()
    app = InstalledApp.from_manifest(manifest(all_surfaces()))
    async with LocalWorkspace.started(World(app=app), clock=clock) as ws:
        gate = Gate(CODE)
        answers = ScriptedAnswers(records, gate)
        there = replace(config, bot_token=ws.bot_token, api_url=ws.base_url)
        bot = RunningBot(replace(there, signing_secret=ws.signing_secret), answers, records)
        await bot.start()
        message = await asks(ws, bot)
        await gate.entered.wait()
        clock.advance(301)
        gate.let_go.set()
        await bot.idle()
        await bot.stop()

        (answer,) = said_in(ws, message)
        assert ws.state.statuses == {}
    assert "KeyError" in words(answer)
    assert answer.stream is None


@pytest.mark.parametrize("error", ["unknown_method", "missing_scope", "channel_type_not_supported"])
async def test_a_workspace_without_streams_is_asked_for_one_once(
    ws: LocalWorkspace, bot: RunningBot, error: str
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.startStream", times=None, error=error))

    for _ in range(2):
        message = await asks(ws, bot)
        await bot.idle()
        (answer,) = said_in(ws, message)
        assert "KeyError" in words(answer)
        assert "plan" not in [block["type"] for block in answer.blocks]
    assert len(ws.calls("chat.startStream")) == 1
    assert ws.calls("assistant.threads.setStatus")


async def test_without_streams_and_status_lines_a_message_becomes_the_answer(
    ws: LocalWorkspace, bot: RunningBot
) -> None:
    for method in ("chat.startStream", "assistant.threads.setStatus"):
        ws.faults.add(Fault(FaultKind.REFUSE, method, times=None, error="unknown_method"))

    message = await asks(ws, bot)
    await bot.idle()

    (answer,) = said_in(ws, message)
    assert "KeyError" in words(answer)


async def test_a_workspace_that_cannot_show_plans_shows_the_answer(
    ws: LocalWorkspace, bot: RunningBot
) -> None:
    refused = Fault(FaultKind.REFUSE, "chat.stopStream", times=1, error="invalid_blocks")
    ws.faults.add(refused)

    message = await asks(ws, bot)
    await bot.idle()

    (answer,) = said_in(ws, message)
    assert answer.stream is None
    assert "KeyError" in words(answer)


async def test_the_stop_button_of_a_growing_message_ends_the_work(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    gate = Gate(CODE)
    answers.script = gate
    turn = connected.engine.hold()
    message = await ws.say_directly(AUTHOR.id, "why did orders_daily fail?")
    await gate.entered.wait()
    (growing,) = said_in(ws, message)
    assert ws.state.statuses[message.channel, message.ts].can_stop
    ws.actors.stop_session(message.channel, message.ts, AUTHOR.id)
    turn.set()
    await ws.wait_for(lambda: "Stopped." in words(ws.current(growing)) or None)
    await connected.idle()

    (answer,) = said_in(ws, message)
    assert answer.stream is None
    assert "KeyError" not in words(answer)
    assert ws.state.statuses == {}


async def test_work_that_breaks_says_so_in_the_growing_message(
    ws: LocalWorkspace, bot: RunningBot, diagnosed: DiagnosedAnswers
) -> None:
    diagnosed.replies = ()

    message = await asks(ws, bot)
    await bot.idle()

    (answer,) = said_in(ws, message)
    assert answer.stream is None
    assert "broke" in words(answer)


async def test_a_question_that_is_deleted_takes_its_growing_message_along(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    gate = Gate(CODE)
    answers.script = gate
    message = await ws.say_directly(AUTHOR.id, "why did orders_daily fail?")
    await gate.entered.wait()
    ws.actors.delete(message.channel, message.ts, AUTHOR.id)
    await connected.idle()

    assert not said_in(ws, message)


async def test_a_thread_of_direct_messages_goes_by_what_it_is_about(
    ws: LocalWorkspace, bot: RunningBot
) -> None:
    message = await asks(ws, bot)
    await bot.idle()

    title = ws.state.titles[message.channel, message.ts]
    assert title == f"orders_daily.load: {CODE.verdict.title}"


def test_a_narrator_tells_of_each_piece_as_it_comes_in() -> None:
    shown: list[WorkPlan] = []
    narrator = Narrator(shown.append)
    narrator.begun("gather")
    narrator.said("Reading every try …")
    narrator.seen("tries")

    assert shown[-1].title == "Reading every try …"
    assert [one.state for one in shown[-1].stages] == [
        StageState.DONE,
        StageState.DONE,
        StageState.UNDER_WAY,
        StageState.UNDER_WAY,
    ]
    narrator.broke()
    assert StageState.UNDER_WAY not in [one.state for one in shown[-1].stages]


async def test_a_workspace_that_takes_no_plans_keeps_its_native_buttons(
    ws: LocalWorkspace, bot: RunningBot, diagnosed: DiagnosedAnswers
) -> None:
    diagnosed.replies = (CODE, REFINED)
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.update", times=1, error="invalid_blocks"))

    message = await asks(ws, bot)
    await bot.idle()

    (answer,) = said_in(ws, message)
    kinds = [block["type"] for block in answer.blocks]
    assert "plan" not in kinds
    assert "context_actions" in kinds
    assert MODELS_WORDS in words(answer)


async def test_one_thread_that_takes_no_stream_says_nothing_of_others(
    ws: LocalWorkspace, bot: RunningBot
) -> None:
    odd = Fault(FaultKind.REFUSE, "chat.startStream", times=1, error="invalid_thread_ts")
    ws.faults.add(odd)

    for _ in range(2):
        await asks(ws, bot)
        await bot.idle()
    assert len(ws.calls("chat.startStream")) == 2
    assert len(ws.calls("chat.stopStream")) == 1


async def test_a_thread_is_named_by_the_newer_method_where_the_older_is_gone(
    ws: LocalWorkspace, bot: RunningBot
) -> None:
    gone = Fault(FaultKind.REFUSE, "assistant.threads.setTitle", times=None, error="unknown_method")
    ws.faults.add(gone)
    message = await asks(ws, bot)
    await bot.idle()

    assert ws.state.titles[message.channel, message.ts].startswith("orders_daily.load")


def test_a_plan_gives_way_to_an_answer_that_needs_all_the_room() -> None:
    plan = WorkPlan("What I looked at", tuple(Stage(str(n), "x" * 200) for n in range(30)))
    small = WorkPlan("What I looked at", plan.stages[:2])
    post = Post("turn", ANSWER, Place("D1", "U1", "1.1"), CODE, turn_id="turn")

    with_both = Style().draw(replace(post, plan=small))
    assert with_both.blocks[0]["type"] == "plan"
    assert Style().draw(replace(post, plan=plan)) == Style().draw(post)
    assert with_both.without_plan() == Style().draw(post)
