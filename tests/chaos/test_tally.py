"""The tally tells an answer from a message that only says why there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.answers import Apology, Help, Reply
from bot.playground.workspace import LocalWorkspace
from bot.slack.blocks.render import render
from bot.slack.outgoing import METADATA_EVENT
from bot.slack.posts import ANSWER, CALLED_OFF, SORRY
from tests.chaos.asks import Ask, Kind
from tests.chaos.reading import Said
from tests.chaos.tally import Tally
from tests.chaos.town import town

ASKER, PLACE = "U0PERSON01", "C0TEAM0003"
HELP, SORRY_FOR_IT = Help("ABC234", ("lab",)), Apology("ABC234", "Something broke on my side.")


@pytest.fixture
async def ws() -> AsyncIterator[LocalWorkspace]:
    async with LocalWorkspace.started(town()) as started:
        yield started


async def asked(ws: LocalWorkspace, tally: Tally) -> Ask:
    """A question that the bot took."""
    said = await ws.say(PLACE, ASKER, "why?", raw=True)
    ask = Ask(len(tally.asks), Kind.MENTION, PLACE, ASKER, "why?", float(said.ts), said.ts, said.ts)
    ask.acked = ask.said_at
    tally.add(ask)
    return ask


async def reply(
    ws: LocalWorkspace, ask: Ask, content: Reply, revision: int | None, instead: str = ""
) -> str:
    """As the bot posts it, or puts it in place of the message `instead`; without a mark where
    `revision` is None."""
    message = render(content, "turn")
    payload = {"key": ask.work_key, "revision": revision}
    marked = {"event_type": METADATA_EVENT, "event_payload": payload}
    client = AsyncWebClient(ws.bot_token, ws.base_url)
    where = {"ts": instead} if instead else {"thread_ts": ask.root}
    sent = await client.api_call(
        "chat.update" if instead else "chat.postMessage",
        json={
            "channel": ask.channel,
            "text": message.text,
            "blocks": list(message.blocks),
            "metadata": marked if revision is not None else None,
            **where,
        },
    )
    return str(sent["ts"])


@pytest.mark.parametrize(
    ("content", "revision", "expected"),
    [
        (HELP, ANSWER, Said.ANSWER),
        (HELP, None, Said.ANSWER),
        (SORRY_FOR_IT, SORRY, Said.APOLOGY),
        (SORRY_FOR_IT, CALLED_OFF, Said.CALLED_OFF),
        (SORRY_FOR_IT, ANSWER, Said.APOLOGY),
        (SORRY_FOR_IT, None, Said.APOLOGY),
    ],
)
async def test_an_apology_is_no_answer_however_it_is_marked(
    ws: LocalWorkspace, content: Reply, revision: int | None, expected: Said
) -> None:
    tally = Tally(ws)
    ask = await asked(ws, tally)
    await reply(ws, ask, content, revision)
    tally.settle()

    assert ask.said is expected


async def test_an_answer_in_place_of_an_apology_counts_as_one(ws: LocalWorkspace) -> None:
    tally = Tally(ws)
    ask = await asked(ws, tally)
    ts = await reply(ws, ask, SORRY_FOR_IT, SORRY)
    await reply(ws, ask, HELP, ANSWER, instead=ts)
    tally.settle()

    assert ask.said is Said.ANSWER
    assert len(ask.answers) == 1


async def test_a_question_without_a_word_is_lost(ws: LocalWorkspace) -> None:
    tally = Tally(ws)
    ask = await asked(ws, tally)

    assert ask.said is None
    assert not tally.is_settled


async def test_a_private_answer_counts_and_a_models_words_after_it_do_not(
    ws: LocalWorkspace,
) -> None:
    tally = Tally(ws)
    ask = Ask(0, Kind.COMMAND, PLACE, ASKER, "why pipeline_00001", 1.0, dag="pipeline_00001")
    ask.acked = 2.0
    tally.add(ask)
    client = AsyncWebClient(ws.bot_token, ws.base_url)
    for user, dag in (("U0PERSON02", "pipeline_00001"), (ASKER, "pipeline_00002")):
        await client.chat_postEphemeral(channel=PLACE, user=user, text=f"{dag} failed. Ref ABC234")
    assert ask.said is None
    await client.chat_postEphemeral(
        channel=PLACE, user=ASKER, text="pipeline_00001 failed. Ref ABC234"
    )
    tally.settle()

    assert ask.said is Said.APOLOGY  # no small print
    assert tally.is_settled

    explained = [{"type": "section", "text": {"type": "mrkdwn", "text": "pipeline_00001 ran out."}}]
    more = {"blocks": explained, "text": "Explained by a model. Ref ABC234"}
    await client.chat_postEphemeral(channel=PLACE, user=ASKER, **more)
    assert len(ask.answers) == 1

    again = "pipeline_00001 failed. Ref ABC234"
    await client.chat_postEphemeral(channel=PLACE, user=ASKER, text=again)
    assert len(ask.answers) == 2
