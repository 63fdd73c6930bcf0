"""Each message is said once, whatever Slack does while it is said, and the newest words stand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import pytest
from slack_sdk.errors import SlackApiError

from bot.domain.answers import Apology, Reply
from bot.domain.work import Job, Queue
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.hub import Limits
from bot.playground.workspace.world import AUTHOR, ONCALL, SUPPORT_CHANNEL
from bot.slack import jobs
from bot.slack.arrivals import Place
from bot.slack.blocks.message import SlackMessage
from bot.slack.client import web_client
from bot.slack.draw import Style
from bot.slack.gestures import Gestures
from bot.slack.outgoing import Outgoing
from bot.slack.posting import Poster
from bot.slack.posts import ANSWER, SORRY, WORKING, Later, Mark, Notice, Post, Sent
from bot.slack.refusals import (
    ResponseUrlRefused,
    SlackRefused,
    is_passing,
    is_unsure,
    wait_asked_for,
)
from bot.slack.saying import Saying
from tests.fakes.work import FakePostLedger, Killed
from tests.slack.driver import by_bot, words
from tests.slack.engine import MemoryEngine, MemorySteps, Power, PoweredLedger
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


def poster_of(bot: RunningBot, ledger: PoweredLedger, api_url: str = "") -> Poster:
    """As a process of its own would have it."""
    config = replace(bot.config, api_url=api_url or bot.config.api_url)
    client = web_client(config, config.bot_token)
    return Poster(
        Outgoing(client),
        Gestures(client, ledger.sleep),
        ledger,
        Style(),
        bot.services.now,
        sleep=ledger.sleep,
    )


def post_in(question: Message, content: Reply | Notice = CODE, revision: int = ANSWER) -> Post:
    place = Place(question.channel, AUTHOR.id, question.root_ts)
    return Post("turn-1", revision, place, content, turn_id="turn-1", workspace="T1")


@dataclass
class Wanting:
    """Somebody who waits until a message is said, in jobs that have Slack's clock."""

    poster: Poster

    def __post_init__(self) -> None:
        handlers = {jobs.POST: self.poster.work}
        self.engine = MemoryEngine(handlers=handlers, wait=self.poster.sleep)
        job = Job("turn-1", jobs.ARRIVAL, None, Queue.QUESTIONS, "thread")
        self.saying = Saying(MemorySteps(self.engine, job), "T1", job.key)

    async def say(self, post: Post) -> Sent:
        return await self.saying.say(post)


@pytest.fixture
def wanting(poster: Poster) -> Wanting:
    return Wanting(poster)


async def put(poster: Poster, post: Post) -> Sent:
    sent = await poster.put(post)
    assert isinstance(sent, Sent)
    return sent


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
    assert wanting.engine.delays == [12]
    assert ledger.slept == [12]


async def test_a_post_that_slack_did_not_take_is_tried_again(
    ws: LocalWorkspace, wanting: Wanting, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, POST, times=5))
    await wanting.say(post_in(question))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
    assert wanting.engine.delays == [12, 30, 60, 120, 300]


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


async def test_while_nothing_listens_at_slacks_address_nothing_is_announced(
    ws: LocalWorkspace, slack: RunningBot, ledger: PoweredLedger, question: Message
) -> None:
    poster = poster_of(slack, ledger, "http://127.0.0.1:9/api/")
    wanting = Wanting(poster)
    said: list[float] = []

    async def back(seconds: float) -> None:
        said.append(seconds)
        poster.outgoing._client.base_url = slack.config.api_url

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


def at_least(lag: float) -> Callable[[float], Awaitable[None]]:
    """Waits for a bit of doubt for real, and not for the pauses of an outage."""

    async def wait(seconds: float) -> None:
        assert seconds >= lag
        await asyncio.sleep(lag)

    return wait


async def test_what_was_cut_short_by_a_crash_is_looked_for_once_its_call_must_have_ended(
    ws: LocalWorkspace,
    slack: RunningBot,
    poster: Poster,
    ledger: PoweredLedger,
    question: Message,
) -> None:
    ledger.power.fails_at = 1  # announced; the call goes out and on without us
    with pytest.raises(Killed):
        await poster.put(post_in(question))
    ledger.power.fails_at, ledger.power.is_off = None, False
    config = slack.config
    assert await poster_of(slack, ledger).put(post_in(question)) == Later(
        config.call_timeout + config.read_lag
    )


class WallClockLedger(PoweredLedger):
    def __init__(self) -> None:
        super().__init__(Power())
        self.kept = FakePostLedger(time.monotonic)


@pytest.mark.parametrize("error", ["is_archived", "not_in_channel", "token_revoked", "no_text"])
async def test_what_slack_refuses_for_good_ends_at_once(
    ws: LocalWorkspace, wanting: Wanting, question: Message, error: str
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, POST, times=None, error=error))
    with pytest.raises(SlackRefused, match=error):
        await wanting.say(post_in(question))
    assert len(ws.calls(POST)) == 1


async def test_two_workers_at_once_say_it_once(
    ws: LocalWorkspace, slack: RunningBot, ledger: PoweredLedger, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.DONE_SLOW, POST, seconds=0.2))
    workers = [poster_of(slack, ledger) for _ in range(4)]
    sent = await asyncio.gather(*(put(worker, post_in(question)) for worker in workers))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert {one.ts for one in sent} == {answer.ts}


async def test_revisions_converge_on_the_newest_in_any_order(
    ws: LocalWorkspace, poster: Poster, question: Message
) -> None:
    await poster.put(post_in(question, HELP, ANSWER + 1))
    before = len(ws.calls())
    await poster.put(post_in(question, CODE, ANSWER))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "tell you why" in words(answer)
    # What is outdated costs no call at all.
    assert len(ws.calls()) == before


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
    poster: Poster,
    wanting: Wanting,
    question: Message,
    error: str,
) -> None:
    first = await put(poster, post_in(question))
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.update", times=2, error=error))
    ws.faults.add(Fault(FaultKind.CUT, POST))
    sent = await wanting.say(post_in(question, HELP, ANSWER + 1))
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
    await Wanting(poster_of(slack, ledger)).say(post)
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
    ws: LocalWorkspace, wanting: Wanting, question: Message, error: str
) -> None:
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, POST))
    ws.faults.add(Fault(FaultKind.REFUSE, "conversations.replies", times=None, error=error))
    await wanting.say(post_in(question))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


async def test_where_looking_fails_for_now_it_is_looked_for_again(
    ws: LocalWorkspace, wanting: Wanting, question: Message
) -> None:
    ws.faults.add(Fault(FaultKind.CUT, POST))
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, "conversations.replies", times=3))
    await wanting.say(post_in(question))
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


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_whisper_of_unknown_outcome_is_said_until_slack_says_that_it_took_it(
    ws: LocalWorkspace, wanting: Wanting, question: Message, times: int
) -> None:
    whisper = replace(post_in(question, HELP), whispers=True)
    ws.faults.add(Fault(FaultKind.CUT, "chat.postEphemeral", times=times))
    await wanting.say(whisper)
    assert len(ws.calls("chat.postEphemeral")) == times + 1
    await wanting.poster.put(whisper)
    assert len(ws.calls("chat.postEphemeral")) == times + 1


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.RATE_LIMITED])
async def test_a_whisper_that_slack_did_not_take_is_said_in_the_end_and_once(
    ws: LocalWorkspace, wanting: Wanting, question: Message, kind: FaultKind
) -> None:
    ws.faults.add(Fault(kind, "chat.postEphemeral", times=8, seconds=0))
    await wanting.say(replace(post_in(question, HELP), whispers=True))
    assert len(ws.ephemerals(AUTHOR.id)) == 1


async def test_a_response_url_that_asks_for_time_gets_it(
    ws: LocalWorkspace, poster: Poster, question: Message
) -> None:
    error = ResponseUrlRefused(429, "slow down", 30.0)
    assert wait_asked_for(error) == 30
    assert is_passing(error)
    assert not is_unsure(error)


async def test_every_call_is_counted_with_its_outcome(
    ws: LocalWorkspace, slack: RunningBot, question: Message
) -> None:
    client = web_client(slack.config, slack.config.bot_token, slack.meter)
    outgoing = Outgoing(client, slack.meter)
    slack.meter.slack_calls.clear()
    mark = Mark("turn-1", ANSWER)
    await outgoing.post(SUPPORT_CHANNEL, SlackMessage("hi"), thread=None, mark=mark)
    for kind, error in (
        (FaultKind.RATE_LIMITED, ""),
        (FaultKind.REFUSE, "is_archived"),
        (FaultKind.SERVER_ERROR, ""),
    ):
        ws.faults.add(Fault(kind, POST, error=error))
        with pytest.raises(SlackApiError):
            await outgoing.post(SUPPORT_CHANNEL, SlackMessage("hi"), thread=None, mark=mark)
    place = Place(SUPPORT_CHANNEL, AUTHOR.id, response_url=f"{ws.hub.url}/hooks/gone")
    await outgoing.whisper(place, SlackMessage("hi"))
    assert slack.meter.slack_calls == [
        (POST, "ok"),
        (POST, "rate_limited"),
        (POST, "is_archived"),
        (POST, "unreadable_reply"),
        ("response_url", "http_404"),
        ("chat.postEphemeral", "ok"),
    ]
