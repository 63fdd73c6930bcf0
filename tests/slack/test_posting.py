"""Each message is said once, whatever Slack does while it is said, and the newest words stand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import count

import pytest
from slack_sdk.errors import SlackApiError

from bot.domain.answers import Apology
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.hub import Limits
from bot.playground.workspace.world import AUTHOR, ONCALL, SUPPORT_CHANNEL
from bot.slack.arrivals import Place
from bot.slack.blocks.message import SlackMessage
from bot.slack.client import web_client
from bot.slack.outgoing import Outgoing
from bot.slack.pace import Pace
from bot.slack.posting import Poster
from bot.slack.posts import ANSWER, SORRY, WORKING, Later, Mark, Notice
from bot.slack.refusals import (
    ResponseUrlRefused,
    SlackRefused,
    SlackUnavailable,
    is_passing,
    is_unsure,
    wait_asked_for,
)
from bot.slack.uploads import Upload
from bot.slack.workspaces import in_workspace
from tests.fakes.work import Killed
from tests.slack.driver import by_bot, words
from tests.slack.engine import PoweredLedger
from tests.slack.replies import CODE, HELP
from tests.slack.running import RunningBot
from tests.slack.wanting import Wanting, post_in, poster_of, put
from tests.waiting import until

POST = "chat.postMessage"


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


async def test_newer_words_wait_until_a_lost_change_cannot_come_any_more(
    ws: LocalWorkspace, poster: Poster, ledger: PoweredLedger, question: Message
) -> None:
    def shown() -> str:
        (message,) = by_bot(ws, SUPPORT_CHANNEL)
        return words(message)

    await put(poster, post_in(question, Notice("Looking …"), WORKING))
    ws.faults.add(Fault(FaultKind.LATE, "chat.update", seconds=0.3))
    with pytest.raises(SlackUnavailable):
        await poster.put(post_in(question, Notice("lost")))
    # In its own place nobody has to wait for it.
    await put(poster, post_in(question, Notice("tried again")))
    assert "tried again" in shown()
    newer = post_in(question, Notice("newer"), ANSWER + 1)
    assert await poster.put(newer) == Later(poster.call_timeout)
    await until(lambda: "lost" in shown(), "the lost change")
    await ledger.sleep(poster.call_timeout)
    await put(poster, newer)
    assert "newer" in shown()


async def test_an_apology_never_takes_the_place_of_an_answer(
    ws: LocalWorkspace, poster: Poster, question: Message
) -> None:
    await poster.put(post_in(question, Apology("ABCDEF", "Sorry."), SORRY))
    await poster.put(post_in(question, CODE))
    await poster.put(post_in(question, Apology("ABCDEF", "Sorry."), SORRY))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "KeyError" in words(answer)


async def test_progress_does_not_overwrite_an_answer(
    ws: LocalWorkspace, poster: Poster, ledger: PoweredLedger, question: Message
) -> None:
    sign = post_in(question, Notice("Looking"), WORKING)
    await poster.put(sign)
    await ledger.sleep(1)
    assert await poster.amend(replace(sign, content=Notice("Reading")))
    (shown,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "Reading" in words(shown)
    await poster.put(post_in(question))
    await ledger.sleep(1)
    assert await poster.amend(replace(sign, content=Notice("Reading on")))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert answer.ts == shown.ts
    assert "KeyError" in words(answer)


async def test_progress_is_not_shown_in_the_same_second_as_a_message_or_against_slacks_wish(
    ws: LocalWorkspace, poster: Poster, ledger: PoweredLedger, question: Message
) -> None:
    sign = post_in(question, Notice("Looking"), WORKING)
    await poster.put(sign)
    reading = replace(sign, content=Notice("Reading"))
    assert not await poster.amend(reading)
    await ledger.sleep(1)
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, "chat.update", seconds=30))
    with pytest.raises(SlackApiError):
        await poster.amend(reading)
    await ledger.sleep(29)
    assert not await poster.amend(reading)
    assert len(ws.calls("chat.update")) == 1
    await ledger.sleep(1)
    assert await poster.amend(reading)
    (shown,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "Reading" in words(shown)


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
    assert not await poster.attach("press-1", place, Upload("a.txt", "words"))
    assert not await poster.attach("press-1", place, Upload("a.txt", "words"))
    assert await poster.attach("press-2", place, Upload("a.txt", "words"))
    assert await poster.attach("press-2", place, Upload("a.txt", "words"))
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
    client, seconds = web_client(slack.config, slack.config.bot_token, slack.meter), count()
    outgoing = Outgoing(client, slack.meter, Pace(lambda: next(seconds)))
    slack.meter.slack_calls.clear()
    mark = Mark("turn-1", ANSWER)
    await outgoing.post(SUPPORT_CHANNEL, SlackMessage("hi"), thread=None, mark=mark)
    for kind, error in (
        (FaultKind.RATE_LIMITED, ""),
        (FaultKind.REFUSE, "is_archived"),
        (FaultKind.SERVER_ERROR, ""),
    ):
        ws.faults.add(Fault(kind, POST, error=error, seconds=0))
        with pytest.raises(SlackApiError):
            await outgoing.post(SUPPORT_CHANNEL, SlackMessage("hi"), thread=None, mark=mark)
    place = Place(SUPPORT_CHANNEL, AUTHOR.id, response_url=f"{ws.hub.url}/hooks/gone")
    await outgoing.whisper(place, SlackMessage("hi"))
    assert slack.meter.slack_calls == [
        (POST, "ok"),
        (POST, "rate_limited"),
        (POST, "refused"),
        (POST, "failed"),
        ("response_url", "refused"),
        ("chat.postEphemeral", "ok"),
    ]


async def test_what_one_workspace_does_not_know_is_still_shown_in_the_others(
    ws: LocalWorkspace, slack: RunningBot, question: Message
) -> None:
    outgoing = Outgoing(web_client(slack.config, slack.config.bot_token, slack.meter))
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "one"}]]}
    message, mark = SlackMessage("hi", (table,)), Mark("turn-1", ANSWER)
    ws.faults.add(Fault(FaultKind.REFUSE, POST, times=1, error="invalid_blocks"))
    kinds = []
    for workspace in ("T0OLD00001", "T0OLD00001", "T0NEW00001"):
        with in_workspace(workspace):
            ts = await outgoing.post(SUPPORT_CHANNEL, message, thread=None, mark=mark)
        (posted,) = (one for one in by_bot(ws, SUPPORT_CHANNEL) if one.ts == ts)
        kinds.append((posted.blocks or ())[0]["type"] == "table")
    assert kinds == [False, False, True]
