"""What goes through the database comes back as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.answers import Reply
from bot.domain.work import Delivery
from bot.slack.arrivals import AtOnce, Beside, Ignored, Place
from bot.slack.home_arrivals import Errand
from bot.slack.jobs import delivery_of, job_of
from bot.slack.kept import TYPES
from bot.slack.parse import Parser
from bot.slack.posts import ANSWER, Face, Post, Sent, post_job
from bot.slack.presses import Words
from bot.workflows.serializer import TypedJson
from tests.fakes.work import assert_keepable
from tests.slack.payloads import BOT, load
from tests.slack.strategies import replies

JSON = TypedJson(TYPES)
ARRIVALS = [
    "app_mention",
    "message_im",
    "message_in_thread",
    "command",
    "press_button",
    "press_menu",
    "view_submission",
]
PARSER = Parser(lambda text: text, lambda: datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize("name", ARRIVALS)
def test_every_arrival_is_kept_whole(name: str) -> None:
    arrival = PARSER.parse(load(name), BOT)
    assert not isinstance(arrival, AtOnce | Beside | Errand | Ignored)
    job = job_of(arrival)
    assert_keepable(job)
    assert JSON.deserialize(JSON.serialize(job)) == job
    # The form under a thumb is named after its turn, which here has a made-up name.
    assert job.key.startswith((f"{BOT.team_id}:", "turn-1:"))


@given(replies, st.sampled_from(Face))
def test_every_reply_is_kept_whole(reply: Reply, face: Face) -> None:
    place = Place("C1", "U1", "1.2", response_url="https://example.invalid/x", echo="/airflow")
    post = Post("turn-1", ANSWER, place, reply, face, "turn-1", "T1", Words("why?", ("a",)))
    job = post_job(post, "turn-1")
    assert JSON.deserialize(JSON.serialize(job)) == job


def test_what_came_of_a_post_is_kept() -> None:
    sent = Sent("1.2", is_new=True)
    assert JSON.deserialize(JSON.serialize(sent)) == sent


def test_a_private_question_engages_nobody() -> None:
    arrival = PARSER.parse(load("press_menu"), BOT)
    assert not isinstance(arrival, AtOnce | Beside | Errand | Ignored)
    assert arrival.place is not None
    origin = PARSER.origin
    assert delivery_of(arrival, "", origin).engages
    private = replace(arrival, place=replace(arrival.place, is_private=True))
    assert not delivery_of(private, "", origin).engages


def test_a_command_has_no_thread_yet() -> None:
    arrival = PARSER.parse(load("command"), BOT)
    assert not isinstance(arrival, AtOnce | Beside | Errand | Ignored)
    expected = Delivery(PARSER.origin, "Ev1", None, arrival.place.user if arrival.place else "")
    assert delivery_of(arrival, "Ev1", PARSER.origin) == expected
