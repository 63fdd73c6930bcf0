"""Slack's payloads become typed arrivals, or are ignored with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.conversations import Score
from bot.domain.questions import Intent, Origin
from bot.slack.arrivals import (
    Asked,
    Button,
    ButtonPress,
    Command,
    Ignored,
    Pick,
    RatingPress,
    Way,
)
from bot.slack.parse import Parsed, Parser
from bot.slack.presses import Words, words_value
from tests.slack.payloads import AUTHOR, BOT, CHANNEL, DIRECT, MENTION_TS, event, load, press, says

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def mask(text: str) -> str:
    return text.replace("hunter2", "****")


PARSER = Parser(redact=mask, now=lambda: NOW)


def parse(payload: Any) -> Parsed:
    return PARSER.parse(payload, BOT)


def asked(payload: Any) -> Asked:
    arrival = parse(payload)
    assert isinstance(arrival, Asked), arrival
    return arrival


def test_a_mention_becomes_a_question_without_markup_and_calls() -> None:
    arrival = asked(load("app_mention"))
    question = arrival.question
    assert question.text == "why did orders_daily fail? see this run cc someone"
    assert question.links == ("https://airflow.example.com/dags/orders_daily/runs/r1",)
    assert question.id == f"{BOT.team_id}:{CHANNEL}:{MENTION_TS}"
    assert question.thread.thread == MENTION_TS
    assert question.asker.user_id == AUTHOR
    assert not question.asker.is_external
    assert question.asked_at == datetime.fromtimestamp(1700000100.0001, UTC)
    assert arrival.way is Way.MENTION
    assert arrival.place.thread == arrival.place.asked_in == MENTION_TS


def test_the_message_and_the_mention_of_one_text_are_one_question() -> None:
    assert asked(load("app_mention")) == asked(load("message_with_mention"))


def test_a_direct_message_needs_no_mention() -> None:
    arrival = asked(load("message_im"))
    assert arrival.way is Way.DIRECT
    assert arrival.question.is_direct
    assert arrival.place.channel == DIRECT


def test_a_message_in_a_thread_is_a_follow_up_that_calls_nobody() -> None:
    arrival = asked(load("message_in_thread"))
    assert arrival.way is Way.FOLLOW_UP
    assert not arrival.question.is_addressed
    assert arrival.question.thread.thread == MENTION_TS


def test_a_mention_deep_in_a_thread_keeps_the_thread() -> None:
    arrival = asked(event("app_mention", thread_ts="1699990000.000001"))
    assert arrival.question.thread.thread == "1699990000.000001"
    assert arrival.question.message_ts == MENTION_TS
    assert arrival.place.asked_in == MENTION_TS


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (load("message_changed"), "edit of no words"),
        (load("channel_join"), "subtype channel_join"),
        (load("bot_message"), "subtype bot_message"),
        (load("app_message"), "another app"),
        (load("own_message"), "own message"),
        (event("message_in_thread", thread_ts=None), "does not call the bot"),
        (says("message_in_thread", "what do you think, <@U0ONCALL01>?"), "calls somebody else"),
        (event("app_mention", type="emoji_changed"), "event emoji_changed"),
        (load("press_link"), "press of open:0"),
        (load("command", command="/deploy"), "command /deploy"),
        ({"type": "shortcut", "callback_id": "x"}, "unexpected shape"),
        ({"type": "workflow_step_edit"}, "'workflow_step_edit'"),
        ({}, "None"),
    ],
)
def test_what_is_no_question_is_ignored_with_a_reason(payload: Any, reason: str) -> None:
    arrival = parse(payload)
    assert isinstance(arrival, Ignored)
    assert reason in arrival.reason


def test_a_message_of_another_shape_is_ignored_by_the_name_of_the_field() -> None:
    arrival = parse(event("app_mention", channel={"id": CHANNEL}))
    assert isinstance(arrival, Ignored)
    assert "$.channel" in arrival.reason


def test_a_pasted_snippet_brings_its_first_lines_with_it() -> None:
    text = asked(load("file_share")).question.text
    assert text.startswith("what does this mean?\ntraceback.txt\nTraceback")
    assert "KeyError: 'amount'" in text


def test_a_forwarded_alert_is_part_of_the_question() -> None:
    question = asked(load("forwarded_alert")).question
    assert question.text.startswith("what about this one?")
    assert "Dag: billing_hourly\nTask: charge" in question.text


def test_somebody_from_another_workspace_is_external() -> None:
    asker = asked(load("shared_channel_mention")).question.asker
    assert asker.is_external
    assert asker.team_id == "T0PARTNER1"


def test_secrets_are_masked_in_words_and_links() -> None:
    question = asked(
        says("message_im", "why? password=hunter2 <https://x.example.com/?token=hunter2|link>")
    ).question
    assert question.text == "why? password=**** link"
    assert question.links == ("https://x.example.com/?token=****",)


def test_a_secret_across_the_cut_of_a_long_message_is_masked_before_the_cut() -> None:
    text = "a" * 3_998 + "hunter2" + "b" * 20_000
    assert "hunt" not in asked(says("message_im", text)).question.text


def test_of_a_long_paste_head_and_end_are_kept() -> None:
    text = "why does this fail?\n" + "line\n" * 6_000 + "KeyError: 'amount'"
    kept = asked(says("message_im", text)).question.text
    assert kept.startswith("why does this fail?")
    assert kept.endswith("KeyError: 'amount'")
    assert len(kept) < 17_000


def test_a_command_says_its_intent() -> None:
    arrival = parse(load("command"))
    assert isinstance(arrival, Command)
    assert arrival.question.intent is Intent.DIAGNOSE
    assert arrival.question.text == "orders_daily & https://airflow.example.com/dags/x"
    assert arrival.question.links == ("https://airflow.example.com/dags/x",)
    assert arrival.question.asked_at == NOW
    assert arrival.place.thread is None
    assert arrival.place.echo == "/airflow why orders_daily & https://airflow.example.com/dags/x"
    assert arrival.place.response_url


@pytest.mark.parametrize("text", ["what failed last night?", "orders_daily is red, why?"])
def test_what_begins_with_no_command_is_a_question_in_words(text: str) -> None:
    arrival = parse(load("command", text=text))
    assert isinstance(arrival, Command)
    assert (arrival.question.intent, arrival.question.text) == (None, text)
    assert arrival.place.is_private
    assert arrival.place.echo == f"/airflow {text}"
    assert arrival.place.mistyped == ()


@pytest.mark.parametrize("text", ["", "help", "destroy", "  "])
def test_an_unknown_subcommand_asks_for_help_in_private(text: str) -> None:
    arrival = parse(load("command", text=text))
    assert isinstance(arrival, Command)
    assert arrival.question.intent is Intent.HELP
    assert arrival.place.is_private


@pytest.mark.parametrize("word", ["status", "STATUS"])
def test_subcommands_may_be_written_in_capitals(word: str) -> None:
    arrival = parse(load("command", text=f"{word} orders"))
    assert isinstance(arrival, Command)
    assert arrival.question.intent is Intent.STATUS


def test_a_press_names_its_turn_and_the_thread_it_belongs_to() -> None:
    arrival = parse(load("press_button"))
    assert isinstance(arrival, ButtonPress)
    assert (arrival.button, arrival.turn_id) == (Button.EVIDENCE, "turn-1")
    assert arrival.place.thread == MENTION_TS
    assert arrival.place.user == AUTHOR


def test_a_choice_names_the_option_by_button_and_by_menu() -> None:
    by_button, by_menu = parse(load("press_choice")), parse(load("press_menu"))
    assert isinstance(by_button, Pick)
    assert isinstance(by_menu, Pick)
    assert (by_button.turn_id, by_button.option) == ("turn-1", 1)
    assert (by_menu.turn_id, by_menu.option) == ("turn-1", 6)
    assert by_menu.question.text == "orders_weekly"
    assert by_button.question.thread.thread == MENTION_TS


def test_a_double_click_on_a_choice_is_one_question() -> None:
    first, second = load("press_choice"), press("press_choice", action_ts="1700000161.000000")
    keys = {arrival.key for arrival in (parse(first), parse(second)) if isinstance(arrival, Pick)}
    assert len(keys) == 1


def test_a_thumb_is_a_rating_of_the_turn() -> None:
    arrival = parse(load("press_thumb"))
    assert isinstance(arrival, RatingPress)
    assert arrival.rating.turn_id == "turn-1"
    assert arrival.rating.score is Score.UP
    assert arrival.rating.user_id == AUTHOR
    assert arrival.trigger_id


def test_the_form_behind_a_thumb_down_gives_reason_and_comment() -> None:
    arrival = parse(load("view_submission"))
    assert isinstance(arrival, RatingPress)
    assert arrival.rating.score is Score.DOWN
    assert arrival.rating.reason == "wrong_verdict"
    assert arrival.rating.comment == "it was the network"


def test_ask_again_carries_the_words_of_the_question() -> None:
    value = words_value(Words("why did orders fail?", ("https://a.example.com/x",)))
    arrival = asked(press("press_button", action_id="ask_again", value=value))
    assert arrival.way is Way.AGAIN
    assert arrival.question.text == "why did orders fail?"
    assert arrival.question.links == ("https://a.example.com/x",)
    assert arrival.question.thread.thread == MENTION_TS


@pytest.mark.parametrize("value", ["", "nonsense", "-1|turn", "x|turn", "[1]", "{}"])
@pytest.mark.parametrize("action_id", ["choose:0", "rate", "ask_again"])
def test_a_value_that_we_never_wrote_is_ignored(action_id: str, value: str) -> None:
    assert isinstance(parse(press("press_button", action_id=action_id, value=value)), Ignored)


def test_the_origin_is_what_the_parser_was_told() -> None:
    parser = Parser(redact=str, now=lambda: NOW, origin=Origin.PLAYGROUND)
    arrival = parser.parse(load("app_mention"), BOT)
    assert isinstance(arrival, Asked)
    assert arrival.question.origin is Origin.PLAYGROUND


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)
_NAMES = ("app_mention", "message_im", "press_button", "press_menu", "view_submission", "command")


@given(st.sampled_from(_NAMES), st.data())
def test_no_payload_makes_the_parser_raise(name: str, data: st.DataObject) -> None:
    payload = load(name)
    spoiled: Any = payload
    while isinstance(spoiled, dict) and spoiled:
        key = data.draw(st.sampled_from(sorted(spoiled)))
        if not isinstance(spoiled[key], dict) or data.draw(st.booleans()):
            spoiled[key] = data.draw(_JSON)
            break
        spoiled = spoiled[key]
    parse(payload)


@given(st.dictionaries(st.sampled_from(["type", "event", "command", "actions", "view"]), _JSON))
def test_no_made_up_payload_makes_the_parser_raise(payload: dict[str, Any]) -> None:
    parse(payload)
