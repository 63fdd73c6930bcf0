"""Everything that the bot can say in Slack, once of each kind and in each standing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.alerts import Alert, AlertState, Diverted, Radius
from bot.domain.answers import HumanCalled, SeenIn
from bot.domain.channel_policies import ChannelPolicy, QuietHours
from bot.domain.escalation_rules import ASKED_FOR
from bot.domain.escalations import (
    Escalation,
    PageNote,
    ReachCount,
    Severity,
    State,
    Subject,
    Touched,
    Truth,
    WasRight,
)
from bot.domain.home import Home, OpenEscalation, RecentThread
from bot.domain.link_cards import LinkCard
from bot.domain.oncall import PageStatus
from bot.domain.people import Preferences
from bot.domain.questions import Intent
from bot.slack.alert_values import AlertCard
from bot.slack.arrivals import FormWanted, Place
from bot.slack.blocks.asking import asking_form, task_options
from bot.slack.blocks.escalation_form import resolve_form
from bot.slack.blocks.forms import rating_form
from bot.slack.blocks.home import first_view, home_view, patterns_form
from bot.slack.blocks.link_card import link_card
from bot.slack.blocks.settings import settings_form, settings_shown
from bot.slack.draw import Style
from bot.slack.escalation_values import Attached, CallOut, Draft, Handoff, Relayed
from bot.slack.posts import ANSWER, Face, Post
from bot.slack.settings_form import Subject as FormSubject
from tests.slack import replies as example

AT, LATER = example.AT, example.AT + timedelta(hours=3)
HERE = Place("C0SUPPORT1", "U0AUTHOR01", "1795394414.262951")
STYLE = Style(has_model=True, calls_humans=True)

ESCALATION = Escalation(
    id="E1",
    key="k1",
    state=State.OPEN,
    severity=Severity.NORMAL,
    fired=ASKED_FOR,
    subject=Subject("orders_daily.load", "q1"),
    opened_at=AT,
    since=AT,
    touched_at=AT,
    joined_at=AT,
    count=3,
    responder="U0ONCALL01",
    snoozed_until=LATER,
)
TRUTH = Truth("E1", "U0ONCALL01", AT, "w1", "f1", WasRight.PARTLY)
REACH = tuple(ReachCount(kind, 2, ("r1",)) for kind in Touched)
ALERT = Alert("A1", "C0SUPPORT1", "i1", "t1", "turn", AlertState.OPEN, AT, LATER, AT)
RADIUS = Radius(
    4,
    9,
    12,
    ("d1", "d2", "d3", "d4"),
    recovered=1,
    parts=6,
    well=2,
    failing=("d1.t1", "d2.t2"),
    diverted=(Diverted("C0OTHER001", "not_in_channel"),),
)


def messages() -> Iterator[tuple[str, Post]]:
    for name, reply in example.EVERY.items():
        yield name, said(reply)
    explained = replace(example.CODE, explanation=example.EXPLAINED)
    yield "explained", said(explained)
    for face in (Face.EVIDENCE, Face.LOG_EXCERPT, Face.ADDENDUM, Face.SHARED):
        yield face.value, replace(said(explained), face=face)
    for state in State:
        escalation = replace(ESCALATION, state=state)
        truth = TRUTH if state is State.RESOLVED else None
        yield f"standing_{state}", said(HumanCalled("R1", escalation, truth))
        handoff = Handoff(escalation, example.UNKNOWN, "b1", REACH, 2, truth, ("https://a.b/1",))
        yield f"handoff_{state}", said(handoff)
    for status in PageStatus:
        page = PageNote(1, status, ("p1",), "r1", "https://pager.example.com/1", True)
        yield f"page_{status}", said(Handoff(replace(ESCALATION, page=page), example.CODE))
    for seen_in in (SeenIn.ABOVE, SeenIn.DIRECT):
        yield seen_in.value, said(HumanCalled("R1", ESCALATION, seen_in=seen_in))
    yield "call_out", said(CallOut("Still nobody has acknowledged this.", ("U0ONCALL01",)))
    yield (
        "holder",
        said(
            CallOut(
                "This is yours now. Please acknowledge it there.",
                title="Somebody asks for help",
                link="https://example.slack.com/archives/C0ONCALL01/p1",
            )
        ),
    )
    yield "draft", said(Draft("n1.md", "w1"))
    yield (
        "relayed",
        said(Relayed("u1", "w1", "from those on call", (Attached("f1", "https://a/1"),))),
    )
    for stands in AlertState:
        recovered_at = LATER if stands is AlertState.RECOVERED else None
        alert = replace(ALERT, state=stands, recovered_at=recovered_at, relapses=2)
        yield f"alert_{stands}", said(AlertCard(alert, RADIUS, example.CAPACITY, "E1"))
    moved = said(AlertCard(ALERT, RADIUS))
    yield "moved", moved
    yield "kept_out", replace(moved, place=replace(HERE, may_keep_out=True, mistyped=("w1", "w2")))


def said(content: Any) -> Post:
    return Post("p1", ANSWER, HERE, content, turn_id="T0LOCAL001:C0SUPPORT1:1.1")


def views() -> Mapping[str, Any]:
    """Forms, tabs and previews."""
    quiet = QuietHours("UTC", 1_320, 420, (0, 1, 2, 3, 4))
    policy = ChannelPolicy(15, True, "production", ("team_*",), quiet, "de", 1)
    home = Home(
        AT,
        Preferences(("orders_*",)),
        example.MINE,
        example.HEALTH.clusters,
        (OpenEscalation("t1", "s1", "https://a/1"),),
        (RecentThread("t2", AT, "https://a/2"),),
        ("the clusters", "your threads"),
    )
    empty = Home(AT, Preferences(keeps_conversations=False), None)
    clusters = ["production", "staging"]
    card = LinkCard(example.TARGET, "failed", ended=AT, duration=12.5, failed=("load",))
    return {
        "asking": asking_form(FormWanted("t", Intent.DIAGNOSE, HERE), clusters),
        "asking_anywhere": asking_form(FormWanted("t", Intent.LOGS, Place("", "U1")), clusters),
        "tasks": task_options(("load",), "typed"),
        "resolve": resolve_form("E1"),
        "correct": resolve_form("E1", corrects=True),
        "rating": rating_form("turn"),
        "home": home_view(home),
        "empty_home": home_view(empty),
        "first": first_view(),
        "patterns": patterns_form(Preferences(("orders_*",))),
        "settings": settings_form(policy, FormSubject("C1", 1), clusters, "UTC"),
        "settings_shown": settings_shown(policy, "w1"),
        "link": link_card(card),
    }


GIVEN = (
    (example.MINE, example.HEALTH, example.TARGET),
    ("production staging", "team_* orders_*", "load failed typed", "Europe/Berlin"),
    ("English Deutsch", "/airflow"),
)
"""What views were given to show, and what stays as it is in every language."""
