"""Slack or the database in trouble for seconds or hours: each message is said in the end, once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, GENERAL_CHANNEL, SUPPORT_CHANNEL
from bot.slack.blocks.message import SlackMessage
from bot.slack.client import web_client
from bot.slack.draw import Style
from bot.slack.gestures import Gestures
from bot.slack.outgoing import Outgoing
from bot.slack.posting import Poster
from bot.slack.posts import Later, Mark, Post, Sent
from bot.slack.refusals import SlackRefused, SlackUnavailable
from tests.fakes.work import FakePostLedger, Killed
from tests.slack.driver import by_bot
from tests.slack.engine import Power, PoweredLedger
from tests.slack.running import RunningBot
from tests.slack.wanting import Wanting, post_in, poster_of

POST = "chat.postMessage"


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.DONE_ERROR])
async def test_a_post_that_was_taken_though_slack_said_otherwise_is_found_again(
    ws: LocalWorkspace,
    wanting: Wanting,
    ledger: PoweredLedger,
    question: Message,
    kind: FaultKind,
) -> None:
    ws.faults.add(Fault(kind, POST))
    sent = await wanting.say(post_in(question))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert sent == Sent(answer.ts)
    assert len(ws.calls(POST)) == 1
    # Not looked for before Slack's read side must have caught up, and not in the channel's line.
    assert wanting.engine.delays == [20]
    assert ledger.slept == [20]


async def test_a_post_that_slack_did_not_take_is_tried_again(
    ws: LocalWorkspace, wanting: Wanting, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, POST, times=5))
    await wanting.say(post_in(question))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
    assert wanting.engine.delays == [20, 30, 60, 120, 300]


async def test_what_was_certainly_refused_need_not_be_looked_for(
    ws: LocalWorkspace, wanting: Wanting, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, POST, times=3, seconds=2))
    await wanting.say(post_in(question))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
    assert ws.calls("conversations.replies") == []
    # Some seconds are slept where it stands, in the channel's line.
    assert wanting.engine.delays == []


async def test_where_slack_wants_to_be_left_alone_for_long_the_line_goes_on(
    ws: LocalWorkspace, wanting: Wanting, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, POST, seconds=77))
    await wanting.say(post_in(question))
    assert wanting.engine.delays == [77]
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
    assert list(wanting.engine.jobs) == ["post:turn-1:3", "post:turn-1:3:1"]


async def test_while_slack_wants_to_be_left_alone_nobody_else_in_the_line_calls_it(
    ws: LocalWorkspace, poster: Poster, ledger: PoweredLedger, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, POST, seconds=30))
    posts = [replace(post_in(question), key=f"turn-{number}") for number in range(6)]
    came_to = []
    for post in posts:
        came_to.append(await poster.put(post))
        await ledger.sleep(1)
    assert came_to == [Later(30 - number) for number in range(6)]
    assert len(ws.calls(POST)) == 1
    await ledger.sleep(24)
    assert [type(await poster.put(post)) for post in posts] == [Sent] * 6


async def test_the_last_seconds_that_slack_wants_to_be_left_alone_are_slept_in_the_line(
    ws: LocalWorkspace, poster: Poster, ledger: PoweredLedger, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, POST, seconds=30))
    await poster.put(post_in(question))
    await ledger.sleep(26)
    other = replace(post_in(question), key="turn-2")
    with pytest.raises(SlackUnavailable):
        await poster.put(other)
    assert ledger.slept == [26, 4]
    assert isinstance(await poster.put(other), Sent)


async def test_slack_is_left_alone_in_one_channel_and_with_one_method(
    ws: LocalWorkspace, poster: Poster, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, POST, seconds=30))
    assert await poster.put(post_in(question)) == Later(30)
    elsewhere = await ws.say(GENERAL_CHANNEL, AUTHOR.id, "why?")
    assert isinstance(await poster.put(replace(post_in(elsewhere), key="turn-2")), Sent)
    whisper = replace(post_in(question), key="private:turn-3", whispers=True)
    assert await poster.put(whisper) == Sent()
    assert len(ws.calls(POST)) == 2


async def test_while_looking_is_not_wanted_nobody_else_looks(
    ws: LocalWorkspace, poster: Poster, ledger: PoweredLedger, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.CUT, POST, times=3))
    posts = [replace(post_in(question), key=f"turn-{number}") for number in range(3)]
    for post in posts:
        await poster.put(post)
    await ledger.sleep(20)
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, "conversations.replies", seconds=60))
    assert [await poster.put(post) for post in posts] == [Later(60)] * 3
    assert len(ws.calls("conversations.replies")) == 1
    await ledger.sleep(60)
    assert [type(await poster.put(post)) for post in posts] == [Sent] * 3
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 3


async def test_while_nothing_listens_at_slacks_address_nothing_is_announced(
    ws: LocalWorkspace, slack: RunningBot, ledger: PoweredLedger, question: Message
) -> None:
    poster = poster_of(slack, ledger, "http://127.0.0.1:9/api/")
    wanting = Wanting(poster)
    said: list[float] = []

    async def back(seconds: float) -> None:
        said.append(seconds)
        poster.outgoing.client.base_url = slack.config.api_url

    wanting.engine.wait = back
    await wanting.say(post_in(question))
    assert said == [5]
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
    assert ws.calls("conversations.replies") == []


@pytest.mark.parametrize("whispers", [False, True])
@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.RATE_LIMITED])
async def test_an_outage_of_three_hours_ends_with_one_answer(
    ws: LocalWorkspace,
    wanting: Wanting,
    ledger: PoweredLedger,
    question: Message,
    kind: FaultKind,
    whispers: bool,
) -> None:
    hours = Outage(ws, ledger, kind, 3 * 3_600)
    wanting.engine.wait = hours.pass_by
    await wanting.say(replace(post_in(question), whispers=whispers))
    said = ws.ephemerals(AUTHOR.id) if whispers else by_bot(ws, SUPPORT_CHANNEL)
    assert len(said) == 1
    assert 3 * 3_600 <= sum(wanting.engine.delays) < 4 * 3_600


async def test_an_outage_of_the_database_ends_with_one_answer(
    ws: LocalWorkspace, wanting: Wanting, ledger: PoweredLedger, question: Message
) -> None:
    ledger.kept.down = True

    async def wait(seconds: float) -> None:
        await ledger.sleep(seconds)
        ledger.kept.down = sum(ledger.slept) < 3 * 3_600

    wanting.engine.wait = wait
    await wanting.say(post_in(question))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
    assert len(ws.calls(POST)) == 1


async def test_after_a_day_in_vain_it_is_given_up(
    ws: LocalWorkspace, wanting: Wanting, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, POST, times=None, seconds=300))
    with pytest.raises(SlackRefused, match="in_trouble_for_a_day") as refused:
        await wanting.say(post_in(question))
    assert refused.value.closes_the_place
    assert 80_000 < sum(wanting.engine.delays) <= 86_400


@dataclass
class Outage:
    """Slack carries out nothing until so many seconds have passed by the ledger's clock."""

    ws: LocalWorkspace
    ledger: PoweredLedger
    kind: FaultKind
    seconds: float

    def __post_init__(self) -> None:
        self.ws.faults.add(Fault(self.kind, "*", times=None, seconds=0))

    async def pass_by(self, seconds: float) -> None:
        await self.ledger.sleep(seconds)
        if sum(self.ledger.slept) >= self.seconds:
            self.ws.faults.spare_calls()


@pytest.mark.parametrize("taken_after", [0.0, 0.3])
async def test_a_call_that_slack_carries_out_when_it_is_given_up_is_said_once(
    ws: LocalWorkspace, slack: RunningBot, question: Message, taken_after: float
) -> None:
    timeout, lag = 0.6, 1.2
    ws.faults.read_lag = 0.7
    ws.faults.add(Fault(FaultKind.SLOW, POST, seconds=timeout + taken_after))
    client = web_client(slack.config, slack.config.bot_token)
    ledger = WallClockLedger()
    poster = Poster(
        Outgoing(client), Gestures(client), ledger, Style(), slack.services.now, timeout, lag
    )
    wanting = Wanting(poster)
    wanting.engine.wait = at_least(lag)
    await wanting.say(post_in(question))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


@pytest.mark.parametrize("tries", [0, 1, 5])
async def test_a_call_that_slack_carries_out_after_its_process_died_is_said_once(
    ws: LocalWorkspace, slack: RunningBot, question: Message, tries: int
) -> None:
    timeout, lag = 0.6, 1.2
    ws.faults.read_lag = 0.7
    ws.faults.add(Fault(FaultKind.SLOW, POST, seconds=timeout + 0.3))
    client = web_client(slack.config, slack.config.bot_token)
    ledger, dies = WallClockLedger(), DiesCalling(client)
    first, second = (
        Poster(outgoing, Gestures(client), ledger, Style(), slack.services.now, timeout, lag)
        for outgoing in (dies, Outgoing(client))
    )
    post = replace(post_in(question), tries=tries)
    with pytest.raises(Killed):
        await first.put(post)
    for _ in range(3):
        sent = await second.put(post)
        if isinstance(sent, Later):
            await asyncio.sleep(sent.seconds)
    await dies.call
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert sent == Sent(answer.ts)


class DiesCalling(Outgoing):
    """Its process dies once a message is on its way; Slack goes on with the call."""

    async def post(
        self,
        channel: str,
        message: SlackMessage,
        *,
        thread: str | None,
        mark: Mark,
        is_for_channel: bool = False,
    ) -> str:
        said = super().post(channel, message, thread=thread, mark=mark)
        self.call = asyncio.create_task(said)
        await asyncio.sleep(0)
        raise Killed("while the call is on its way")


def at_least(lag: float) -> Callable[[float], Awaitable[None]]:
    """Waits for a bit of doubt for real, and not for the pauses of an outage."""

    async def wait(seconds: float) -> None:
        assert seconds >= lag
        await asyncio.sleep(lag)

    return wait


@pytest.mark.parametrize("tries", [0, 1, 5])
async def test_what_was_cut_short_by_a_crash_is_looked_for_once_its_call_must_have_ended(
    slack: RunningBot,
    poster: Poster,
    ledger: PoweredLedger,
    question: Message,
    tries: int,
) -> None:
    post = replace(post_in(question), tries=tries)
    ledger.power.fails_at = 1  # announced; the call goes out and on without us
    await dies_over(post, poster, ledger)
    config = slack.config
    assert await poster_of(slack, ledger).put(post) == Later(config.call_timeout + config.read_lag)


async def test_a_call_that_dies_after_one_that_was_given_up_is_given_its_time(
    ws: LocalWorkspace,
    slack: RunningBot,
    poster: Poster,
    ledger: PoweredLedger,
    question: Message,
) -> None:
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, POST))
    assert await poster.put(post_in(question)) == Later(slack.config.read_lag)
    await ledger.sleep(slack.config.read_lag)
    ledger.power.fails_at = 3  # announced anew, after it was announced and given up
    await dies_over(post_in(question), poster, ledger)
    config = slack.config
    again = replace(post_in(question), tries=1)
    assert await poster_of(slack, ledger).put(again) == Later(config.call_timeout + config.read_lag)


async def test_what_was_given_up_before_a_crash_is_looked_for_sooner(
    ws: LocalWorkspace,
    slack: RunningBot,
    poster: Poster,
    ledger: PoweredLedger,
    question: Message,
) -> None:
    ws.faults.add(Fault(FaultKind.CUT, POST))
    ledger.power.fails_at = 2
    await dies_over(post_in(question), poster, ledger)
    taken_up = poster_of(slack, ledger)
    assert await taken_up.put(post_in(question)) == Later(slack.config.read_lag)
    await ledger.sleep(slack.config.read_lag)
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert await taken_up.put(post_in(question)) == Sent(answer.ts)


class WallClockLedger(PoweredLedger):
    def __init__(self) -> None:
        super().__init__(Power())
        self.kept = FakePostLedger(time.monotonic)


async def dies_over(post: Post, poster: Poster, ledger: PoweredLedger) -> None:
    """Its process does, and the next one begins."""
    with pytest.raises(Killed):
        await poster.put(post)
    ledger.power.fails_at, ledger.power.is_off = None, False
