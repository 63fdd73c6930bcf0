"""The machine goes down at every point of the work in turn: what people see is the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from bot.domain.answers import Reply
from bot.domain.conversations import Turn
from bot.domain.questions import Asker, Intent, Origin, Question, ThreadKey
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.services.ports import DurableSteps, ReplyChannel
from bot.slack.config import SlackConfig
from tests.slack.doubles import NOW, MemoryRecords
from tests.slack.driver import by_bot, hand_in, words
from tests.slack.payloads import event, load, press, says
from tests.slack.replies import CODE, EXPLAINED, LOG
from tests.slack.running import RunningBot

REFINED = replace(CODE, explanation=EXPLAINED)
QUESTION = Question("failure:1", Origin.WEBHOOK, Asker(""), ThreadKey("", "", ""), "", "Why?", NOW)
MODELS_WORDS = "The upstream export renamed"


@dataclass
class SteppedAnswers:
    """Answers in steps: looks, says each of `replies` in turn, breaks where there is none."""

    records: MemoryRecords
    replies: tuple[Reply, ...] = (CODE, REFINED)
    leaves_alone: bool = False

    async def handle(
        self, question: Question, channel: ReplyChannel, steps: DurableSteps
    ) -> Turn | None:
        async def look() -> str:
            # Of a remark it has to be found out first whether it is for us.
            await channel.acknowledge()
            await channel.progress("Reading the log")
            return "seen"

        assert await steps.run("look", look) == "seen"
        if self.leaves_alone:
            return None
        if not self.replies:
            raise RuntimeError("no reply")
        for reply in self.replies:
            ts = await channel.post(reply, question.id)
        turn = Turn(question.id, question, Intent.DIAGNOSE, reply, None, NOW, 0.1, ts)
        self.records.turns[turn.id] = turn
        return turn

    async def pick(
        self,
        turn_id: str,
        option: int,
        question: Question,
        channel: ReplyChannel,
        steps: DurableSteps,
    ) -> Turn | None:
        return await self.handle(question, channel, steps)


@pytest.fixture
def stepped(records: MemoryRecords) -> SteppedAnswers:
    return SteppedAnswers(records)


Scene = Callable[[RunningBot], Awaitable[Callable[[], None]]]
"""Has something happen, and returns what must be true afterwards."""


async def at_every_point(config: SlackConfig, answers: SteppedAnswers, scene: Scene) -> int:
    """Plays the scene once for every point at which the machine can go down, and once whole.

    Returns how many points there were.
    """
    at, points = 1, 1
    while at <= points + 1:
        bot = RunningBot(config, answers, answers.records)
        await bot.start()
        bot.engine.power.passed.clear()
        bot.engine.power.fails_at = at
        check = await scene(bot)
        await bot.idle()
        passed = bot.engine.power.passed
        await bot.engine.stop()
        bot.engine.power.fails_at = None
        await bot.stop()
        point = passed[at - 1] if at <= len(passed) else "no point"
        try:
            check()
        except AssertionError as error:
            raise AssertionError(f"after the power failed at {point} ({at})") from error
        points = len(passed) if at > len(passed) else max(points, at)
        at += 1
    return points


async def mentioned(ws: LocalWorkspace, bot: RunningBot) -> Message:
    message = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why?", raw=True)
    payload = says("app_mention", message.text, ts=message.ts, event_ts=message.ts)
    assert (await hand_in(bot, payload)).status == 200
    return message


def said_in(ws: LocalWorkspace, message: Message) -> list[Message]:
    return [one for one in ws.replies(message) if one.bot_id and one.ephemeral_to is None]


@pytest.mark.parametrize("has_status_lines", [True, False])
async def test_a_mention_has_one_answer_and_no_sign_of_work_left(
    ws: LocalWorkspace, config: SlackConfig, stepped: SteppedAnswers, has_status_lines: bool
) -> None:
    if not has_status_lines:
        method = "assistant.threads.setStatus"
        ws.faults.add(Fault(FaultKind.REFUSE, method, times=None, error="unknown_method"))

    async def scene(bot: RunningBot) -> Callable[[], None]:
        message = await mentioned(ws, bot)

        def check() -> None:
            (answer,) = said_in(ws, message)
            assert MODELS_WORDS in words(answer)
            assert ws.state.statuses == {}
            assert [one.name for one in ws.current(message).reactions] == ["eyes"]

        return check

    assert await at_every_point(config, stepped, scene) > 20


@pytest.mark.parametrize("leaves_alone", [True, False])
async def test_a_remark_has_one_answer_or_leaves_no_trace(
    ws: LocalWorkspace,
    config: SlackConfig,
    stepped: SteppedAnswers,
    records: MemoryRecords,
    leaves_alone: bool,
) -> None:
    stepped.leaves_alone = leaves_alone
    head = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hm")
    thread = ThreadKey(ws.team_id, SUPPORT_CHANNEL, head.ts)
    earlier = replace(QUESTION, id="earlier", thread=thread)
    records.turns["earlier"] = Turn("earlier", earlier, Intent.HELP, CODE, None, NOW, 0.1)

    async def scene(bot: RunningBot) -> Callable[[], None]:
        before = len(said_in(ws, head))
        remark = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "and try 1?", head.ts)
        inner = {"ts": remark.ts, "event_ts": remark.ts, "thread_ts": head.ts}
        assert (await hand_in(bot, event("message_in_thread", **inner))).status == 200

        def check() -> None:
            said = said_in(ws, head)[before:]
            assert len(said) == (0 if leaves_alone else 1)
            assert ws.state.statuses == {}
            eyes = [one.name for one in ws.current(remark).reactions]
            assert eyes == ([] if leaves_alone else ["eyes"])

        return check

    assert await at_every_point(config, stepped, scene) > 8


async def test_a_command_opens_one_thread_and_its_head_becomes_the_answer(
    ws: LocalWorkspace, config: SlackConfig, stepped: SteppedAnswers
) -> None:
    asked = 0

    async def scene(bot: RunningBot) -> Callable[[], None]:
        nonlocal asked
        asked += 1
        payload = load("command", text="why orders_daily", trigger_id=f"1.2.{asked}")
        assert (await hand_in(bot, payload)).status == 200
        so_far = asked

        def check() -> None:
            said = by_bot(ws, SUPPORT_CHANNEL)
            assert len(said) == so_far
            assert MODELS_WORDS in words(said[-1])
            assert "/airflow why orders_daily" in words(said[-1])

        return check

    assert await at_every_point(config, stepped, scene) > 10


async def test_an_apology_is_said_once(
    ws: LocalWorkspace, config: SlackConfig, stepped: SteppedAnswers
) -> None:
    stepped.replies = ()

    async def scene(bot: RunningBot) -> Callable[[], None]:
        message = await mentioned(ws, bot)

        def check() -> None:
            (sorry,) = said_in(ws, message)
            assert "Something broke" in words(sorry)
            assert ws.state.statuses == {}
            (arrival,) = [key for key in bot.engine.deliveries if message.ts in key]
            assert "no reply" in str(bot.engine.failed(arrival))

        return check

    await at_every_point(config, stepped, scene)


async def test_a_remark_that_wants_no_answer_leaves_no_trace(
    ws: LocalWorkspace, config: SlackConfig, stepped: SteppedAnswers
) -> None:
    method = "assistant.threads.setStatus"
    ws.faults.add(Fault(FaultKind.REFUSE, method, times=None, error="unknown_method"))
    stepped.leaves_alone = True

    async def scene(bot: RunningBot) -> Callable[[], None]:
        message = await mentioned(ws, bot)

        def check() -> None:
            assert said_in(ws, message) == []
            assert ws.current(message).reactions == ()

        return check

    await at_every_point(config, stepped, scene)


async def test_a_log_comes_with_its_file_once_at_most(
    ws: LocalWorkspace, config: SlackConfig, stepped: SteppedAnswers
) -> None:
    stepped.replies = (LOG,)

    async def scene(bot: RunningBot) -> Callable[[], None]:
        message = await mentioned(ws, bot)

        def check() -> None:
            said = said_in(ws, message)
            assert len([one for one in said if one.blocks]) == 1
            assert len([one for one in said if one.files]) <= 1

        return check

    await at_every_point(config, stepped, scene)


async def test_a_whisper_of_unknown_outcome_is_repeated_once_at_most(
    ws: LocalWorkspace, config: SlackConfig, stepped: SteppedAnswers, records: MemoryRecords
) -> None:
    turn = Turn("turn-1", QUESTION, Intent.DIAGNOSE, CODE, None, NOW, 0.1)
    records.turns[turn.id] = turn
    pressed = 0

    async def scene(bot: RunningBot) -> Callable[[], None]:
        nonlocal pressed
        pressed += 1
        before = len(ws.ephemerals(AUTHOR.id))
        payload = press(
            "press_button", action_id="evidence", value="turn-1", action_ts=f"17.{pressed}"
        )
        assert (await hand_in(bot, payload)).status == 200

        def check() -> None:
            assert 1 <= len(ws.ephemerals(AUTHOR.id)) - before <= 2

        return check

    await at_every_point(config, stepped, scene)
