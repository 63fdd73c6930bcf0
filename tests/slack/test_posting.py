"""Each message is said once, whatever Slack does while it is said, and the newest words stand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

import pytest
from slack_sdk.errors import SlackApiError

from bot.domain.answers import Apology, Reply
from bot.domain.work import Job, Queue
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.hub import Limits
from bot.playground.workspace.world import AUTHOR, ONCALL, SUPPORT_CHANNEL
from bot.slack.arrivals import Place
from bot.slack.blocks.message import SlackMessage
from bot.slack.client import web_client
from bot.slack.draw import Style
from bot.slack.gestures import Gestures
from bot.slack.outgoing import Outgoing
from bot.slack.posting import PERSISTENT, Poster
from bot.slack.posts import ANSWER, SORRY, WORKING, Mark, Notice, Post, Sent
from bot.slack.refusals import SlackRefused
from tests.fakes.work import FakePostLedger, Killed
from tests.slack.driver import by_bot, words
from tests.slack.engine import MemorySteps, Power, PoweredLedger
from tests.slack.replies import CODE, HELP
from tests.slack.running import RunningBot

POST = "chat.postMessage"


@pytest.fixture
def ledger() -> PoweredLedger:
    return PoweredLedger(Power())


@pytest.fixture
async def question(ws: LocalWorkspace) -> Message:
    return await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why?")


@pytest.fixture
def poster(slack: RunningBot, ledger: PoweredLedger) -> Poster:
    return poster_of(slack, ledger)


def poster_of(bot: RunningBot, ledger: PoweredLedger) -> Poster:
    """As a process of its own would have it."""
    client = web_client(bot.config, bot.config.bot_token)
    return Poster(
        Outgoing(client),
        Gestures(client),
        ledger,
        Style(),
        bot.services.now,
        sleep=ledger.sleep,
    )


def post_in(question: Message, content: Reply | Notice = CODE, revision: int = ANSWER) -> Post:
    place = Place(question.channel, AUTHOR.id, question.root_ts)
    return Post("turn-1", revision, place, content, turn_id="turn-1", workspace="T1")


def a_step(bot: RunningBot) -> MemorySteps:
    return MemorySteps(bot.engine, Job("post:turn-1", "post", None, Queue.POSTS, "C1"))


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.DONE_ERROR])
async def test_a_post_that_was_taken_though_slack_said_otherwise_is_found_again(
    ws: LocalWorkspace,
    slack: RunningBot,
    poster: Poster,
    ledger: PoweredLedger,
    question: Message,
    kind: FaultKind,
) -> None:
    ws.faults.add(Fault(kind, POST))
    sent = await poster.work(post_in(question), a_step(slack))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert sent == Sent(answer.ts)
    assert len(ws.calls(POST)) == 1
    # Not looked for before Slack's read side must have caught up.
    assert sum(ledger.slept) >= 12


async def test_a_post_that_slack_did_not_take_is_tried_again(
    ws: LocalWorkspace, slack: RunningBot, poster: Poster, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, POST, times=5))
    await poster.work(post_in(question), a_step(slack))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
    assert slack.engine.pauses == [1, 2, 4, 8, 16]


def test_trying_goes_on_for_ten_minutes() -> None:
    pauses = [
        min(PERSISTENT.pause * 2**number, PERSISTENT.longest)
        for number in range(PERSISTENT.attempts - 1)
    ]
    assert sum(pauses) >= 600


async def test_what_slack_shows_late_is_waited_for(
    ws: LocalWorkspace, slack: RunningBot, question: Message
) -> None:
    ws.faults.read_lag = 0.6
    ws.faults.add(Fault(FaultKind.CUT, POST))
    client = web_client(slack.config, slack.config.bot_token)
    poster = Poster(
        Outgoing(client),
        Gestures(client),
        WallClockLedger(),
        Style(),
        slack.services.now,
        doubt_after=1.0,
    )
    await poster.work(post_in(question), a_step(slack))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


class WallClockLedger(PoweredLedger):
    def __init__(self) -> None:
        super().__init__(Power())
        self.kept = FakePostLedger(time.monotonic)


async def test_a_long_retry_after_is_slept_out_before_the_next_try(
    ws: LocalWorkspace, poster: Poster, ledger: PoweredLedger, question: Message
) -> None:
    patient = poster.outgoing._client.retry_handlers
    patient.clear()  # the SDK's own waiting is used up
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, POST, seconds=77))
    with pytest.raises(SlackApiError):
        await poster.put(post_in(question))
    assert ledger.slept == [77]
    await poster.put(post_in(question))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


@pytest.mark.parametrize("error", ["is_archived", "not_in_channel", "token_revoked", "no_text"])
async def test_what_slack_refuses_for_good_ends_at_once(
    ws: LocalWorkspace, slack: RunningBot, poster: Poster, question: Message, error: str
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, POST, times=None, error=error))
    with pytest.raises(SlackRefused, match=error):
        await poster.work(post_in(question), a_step(slack))
    assert len(ws.calls(POST)) == 1


async def test_two_workers_at_once_say_it_once(
    ws: LocalWorkspace, slack: RunningBot, ledger: PoweredLedger, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.DONE_SLOW, POST, seconds=0.2))
    workers = [poster_of(slack, ledger) for _ in range(4)]
    sent = await asyncio.gather(*(worker.put(post_in(question)) for worker in workers))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert {one.ts for one in sent} == {answer.ts}


async def test_revisions_converge_on_the_newest_in_any_order(
    ws: LocalWorkspace, poster: Poster, question: Message
) -> None:
    await poster.put(post_in(question, HELP, ANSWER + 1))
    await poster.put(post_in(question, CODE, ANSWER))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "tell you why" in words(answer)
    assert ws.calls("chat.update") == []


async def test_an_apology_never_takes_the_place_of_an_answer(
    ws: LocalWorkspace, poster: Poster, question: Message
) -> None:
    await poster.put(post_in(question, Apology("ABCDEF", "Sorry."), SORRY))
    await poster.put(post_in(question, CODE))
    await poster.put(post_in(question, Apology("ABCDEF", "Sorry."), SORRY))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "KeyError" in words(answer)


async def test_progress_does_not_overwrite_an_answer(
    ws: LocalWorkspace, poster: Poster, question: Message
) -> None:
    sign = post_in(question, Notice("Looking"), WORKING)
    await poster.put(sign)
    await poster.amend(replace(sign, content=Notice("Reading")))
    (shown,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "Reading" in words(shown)
    await poster.put(post_in(question))
    await poster.amend(replace(sign, content=Notice("Reading on")))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert answer.ts == shown.ts
    assert "KeyError" in words(answer)


@pytest.mark.parametrize("error", ["message_not_found", "edit_window_closed"])
async def test_a_message_that_cannot_be_changed_is_replaced_once(
    ws: LocalWorkspace,
    slack: RunningBot,
    poster: Poster,
    ledger: PoweredLedger,
    question: Message,
    error: str,
) -> None:
    first = await poster.put(post_in(question))
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.update", times=2, error=error))
    ws.faults.add(Fault(FaultKind.CUT, POST))
    sent = await poster.work(post_in(question, HELP, ANSWER + 1), a_step(slack))
    old, new = by_bot(ws, SUPPORT_CHANNEL)
    assert (old.ts, new.ts) == (first.ts, sent.ts)
    assert "tell you why" in words(new)
    await poster.put(post_in(question, CODE, ANSWER + 2))
    assert [one.ts for one in by_bot(ws, SUPPORT_CHANNEL)] == [old.ts, new.ts]
    assert "KeyError" in words(ws.current(new))


@pytest.mark.parametrize("in_thread", [True, False])
async def test_a_message_in_doubt_is_looked_for_on_every_page(
    ws: LocalWorkspace,
    slack: RunningBot,
    poster: Poster,
    ledger: PoweredLedger,
    question: Message,
    in_thread: bool,
) -> None:
    ws.hub.limits = Limits(page=15)
    post = post_in(question)
    if not in_thread:
        post = replace(post, place=replace(post.place, thread=None))
    ledger.power.fails_at = 2  # after Slack took it, before that is recorded
    with pytest.raises(Killed):
        await poster.put(post)
    ledger.power.fails_at, ledger.power.is_off = None, False
    for number in range(40):
        thread = question.ts if in_thread else None
        await ws.say(SUPPORT_CHANNEL, ONCALL.id, f"message {number}", thread)
    await poster_of(slack, ledger).put(post)
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
    looks = "conversations.replies" if in_thread else "conversations.history"
    assert len(ws.calls(looks)) >= 3


async def test_a_mark_that_somebody_else_copied_is_not_ours(
    ws: LocalWorkspace, slack: RunningBot, poster: Poster, question: Message
) -> None:
    me = await poster.gestures.identity()
    outgoing, thread = poster.outgoing, question.ts
    await outgoing.post(
        SUPPORT_CHANNEL, SlackMessage("hi"), thread=thread, mark=Mark("turn-1", ANSWER)
    )
    stranger = replace(me, user_id="U0STRANGER", bot_id="B0STRANGER")
    look = {"channel": SUPPORT_CHANNEL, "thread": thread, "key": "turn-1"}
    assert await find(outgoing, look, me) is not None
    assert await find(outgoing, look, stranger) is None
    assert await find(outgoing, {**look, "key": "turn-2"}, me) is None


async def find(outgoing: Outgoing, look: Mapping[str, str], me: object) -> object:
    return await outgoing.find(**look, since=0.0, me=me)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", ["missing_scope", "not_allowed_token_type", "thread_not_found"])
async def test_where_it_cannot_be_looked_for_a_second_answer_is_better_than_none(
    ws: LocalWorkspace, poster: Poster, slack: RunningBot, question: Message, error: str
) -> None:
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, POST))
    ws.faults.add(Fault(FaultKind.REFUSE, "conversations.replies", times=None, error=error))
    await poster.work(post_in(question), a_step(slack))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


async def test_where_looking_fails_for_now_it_is_looked_for_again(
    ws: LocalWorkspace, poster: Poster, slack: RunningBot, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.CUT, POST))
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, "conversations.replies", times=3))
    await poster.work(post_in(question), a_step(slack))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


async def test_a_file_whose_outcome_is_unknown_is_not_sent_again(
    ws: LocalWorkspace, poster: Poster, question: Message
) -> None:
    place = post_in(question).place
    ws.faults.add(Fault(FaultKind.CUT, "files.completeUploadExternal"))
    assert not await poster.attach("press-1", place, "a.txt", "words")
    assert not await poster.attach("press-1", place, "a.txt", "words")
    assert await poster.attach("press-2", place, "a.txt", "words")
    assert await poster.attach("press-2", place, "a.txt", "words")
    assert len(ws.files()) == 2


@pytest.mark.parametrize("times", [1, 2])
async def test_a_whisper_of_unknown_outcome_is_said_once_more_and_no_more(
    ws: LocalWorkspace, poster: Poster, slack: RunningBot, question: Message, times: int
) -> None:
    whisper = replace(post_in(question, HELP), whispers=True)
    ws.faults.add(Fault(FaultKind.CUT, "chat.postEphemeral", times=times))
    await poster.work(whisper, a_step(slack))
    assert len(ws.calls("chat.postEphemeral")) == 2


async def test_every_call_is_counted_with_its_outcome(
    ws: LocalWorkspace, slack: RunningBot, question: Message
) -> None:
    client = web_client(slack.config, slack.config.bot_token, slack.meter)
    outgoing = Outgoing(client, slack.meter)
    slack.meter.slack_calls.clear()
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, POST, seconds=1))
    mark = Mark("turn-1", ANSWER)
    await outgoing.post(SUPPORT_CHANNEL, SlackMessage("hi"), thread=None, mark=mark)
    for kind, error in ((FaultKind.REFUSE, "is_archived"), (FaultKind.SERVER_ERROR, "")):
        ws.faults.add(Fault(kind, POST, error=error))
        with pytest.raises(SlackApiError):
            await outgoing.post(SUPPORT_CHANNEL, SlackMessage("hi"), thread=None, mark=mark)
    place = Place(SUPPORT_CHANNEL, AUTHOR.id, response_url=f"{ws.hub.url}/hooks/gone")
    await outgoing.whisper(place, SlackMessage("hi"))
    assert slack.meter.slack_calls == [
        (POST, "rate_limited"),
        (POST, "ok"),
        (POST, "is_archived"),
        (POST, "unreadable_reply"),
        ("response_url", "http_404"),
        ("chat.postEphemeral", "ok"),
    ]
