"""A mention becomes one right answer in its thread, through the whole bot and over real HTTP."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.domain.answers import Diagnosis
from bot.domain.conversations import Score
from bot.playground.workspace import DeliveryFaults
from bot.slack.presses import Press, rating_value
from tests.end_to_end.conftest import Stage, bot_between, recording, shown, stored_in
from tests.fakes import model_server
from tests.fakes.model_server import ModelServer
from tests.waiting import until

VARIABLE = "pipeline_62808"  # an Airflow Variable that does not exist
POOL = "pipeline_51797"  # a pool without a free slot
LEAK = "pipeline_81938"  # prints a token that Airflow does not know as a secret
PAUSED = "pipeline_52874"
MISSING = "pipeline_33735"  # no such Dag


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_a_mention_gets_one_answer_in_its_thread(tmp_path: Path, mode: str) -> None:
    async with bot_between(tmp_path, (VARIABLE,), mode=mode) as stage:
        asked = await stage.ask(f"why did {VARIABLE} fail?")
        card = await stage.card(asked, "Your code")
        assert "VARIABLE_NOT_FOUND" in shown(card) or "fx_rates_bucket" in shown(card)
        assert len(stage.answers(asked)) == 1
        assert all(m.thread_ts == asked.ts for m in stage.answers(asked))


async def test_the_same_message_delivered_twice_is_answered_once(tmp_path: Path) -> None:
    async with bot_between(tmp_path, (VARIABLE,)) as stage:
        stage.ws.faults.delivery = DeliveryFaults(duplicates=1)
        asked = await stage.ask(f"why did {VARIABLE} fail?")
        await stage.card(asked, "Your code")
        follow_up = await stage.ask("and the health?", asked.ts)
        await stage.card(follow_up, "lab")
        assert len([m for m in stage.answers(asked) if "Your code" in shown(m)]) == 1


async def test_a_follow_up_needs_no_mention_where_the_bot_is_engaged(tmp_path: Path) -> None:
    async with bot_between(tmp_path, (VARIABLE, POOL)) as stage:
        asked = await stage.ask(f"why did {VARIABLE} fail?")
        await stage.card(asked, "Your code")
        await stage.ws.say(stage.channel, stage.asker, f"and why is {POOL} stuck?", asked.ts)
        await stage.card(asked, "Not your code: capacity")


async def test_two_dags_that_fit_are_offered_and_the_pick_is_answered(tmp_path: Path) -> None:
    async with bot_between(tmp_path, (VARIABLE, POOL)) as stage:
        asked = await stage.ask("why did pipeline fail?")
        choice = await stage.card(asked, VARIABLE)
        press = next(
            element
            for block in choice.blocks
            for element in block.get("elements", ())
            if VARIABLE in str(element)
        )
        await stage.ws.press(choice, press["action_id"], stage.asker)
        await stage.card(asked, "Your code")


async def test_a_name_that_is_nowhere_says_where_it_was_looked_for(tmp_path: Path) -> None:
    async with bot_between(tmp_path, (VARIABLE,)) as stage:
        asked = await stage.ask("why did zzz_unheard_of fail?")
        card = await stage.card(asked, "zzz_unheard_of")
        assert "lab" in shown(card)


async def test_a_cluster_that_is_down_is_said_to_be_down(tmp_path: Path) -> None:
    async with bot_between(tmp_path, (VARIABLE,)) as stage:
        stage.airflow.faults.drop.add("*")
        asked = await stage.ask(f"why did {VARIABLE} fail?")
        card = await stage.card(asked, "lab")
        assert "Your code" not in shown(card)


async def test_a_token_that_airflow_did_not_mask_stays_here(tmp_path: Path) -> None:
    recorded = json.dumps(recording(LEAK))
    (token,) = set(re.findall(r"ghp_\w{8,}", recorded))
    async with bot_between(tmp_path, (LEAK,)) as stage:
        await stage.answer(await stage.ask(f"why did {LEAK} fail?"))
        sent = stage.sent()
    assert "The other system rejected the credentials" in sent
    assert token not in sent
    assert not any(token in text for text in stored_in(tmp_path / "data"))


async def test_the_thumb_of_a_reader_is_kept_and_can_be_changed(tmp_path: Path) -> None:
    async with bot_between(tmp_path, (VARIABLE,)) as stage:
        asked = await stage.ask(f"why did {VARIABLE} fail?")
        card = await stage.card(asked, "Your code")
        turn_id = f"{stage.ws.team_id}:{stage.channel}:{asked.ts}"
        turn = await stage.parts.store.turn(turn_id)
        assert turn is not None
        assert isinstance(turn.reply, Diagnosis)
        assert turn.evidence is not None
        for score in Score:
            value = rating_value(turn_id, score)
            await stage.ws.press(card, Press.RATE.value, stage.asker, chosen=value)
            await settled(stage, turn_id, score)


async def settled(stage: Stage, turn_id: str, score: Score) -> None:
    """Waits, for a bounded time, until that is the one rating."""

    async def is_kept() -> bool:
        return [one.score for one in await stage.parts.store.ratings(turn_id)] == [score]

    await until(is_kept, f"the rating {score}")


MODEL = {"model": {"name": "test-model", "timeout": 4}}


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (model_server.grounded, "test-model"),
        (model_server.hang, "model"),
        (model_server.status(500), "model"),
        (model_server.refusing, "model"),
        (model_server.broken_json, "model"),
        (model_server.truncated, "model"),
    ],
    ids=["grounded", "hanging", "failing", "refusing", "rubbish", "truncated"],
)
async def test_whatever_the_model_does_the_verdict_stands(
    tmp_path: Path, behaviour: model_server.Behaviour, told: str
) -> None:
    async with ModelServer(behaviour) as model:
        more = {"model": {**MODEL["model"], "base_url": model.base_url}}
        environ = {"AIRFLOW_BOT_MODEL__API_KEY": model_server.API_KEY}
        async with bot_between(tmp_path, (VARIABLE,), more=more, environ=environ) as stage:
            asked = await stage.ask(f"why did {VARIABLE} fail?")
            await stage.card(asked, "Your code")
            refined = await stage.card(asked, told)
            assert "Your code" in shown(refined)
            assert len(stage.answers(asked)) == 1
