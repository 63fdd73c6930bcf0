"""What people do in PagerDuty, with its server on loopback, moves the escalation in Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from bot.adapters.oncall.pagerduty import PagerDutySource
from bot.adapters.oncall.pagerduty_api import PagerDutyConfig
from bot.adapters.oncall.sources import LeveledOnCall
from bot.domain.escalations import State
from bot.domain.oncall import PageStatus
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, ONCALL, PLATFORM
from bot.slack.config import SlackConfig
from tests.fakes.pagerduty import BOT, POLICY, SERVICE, TOKEN, PagerDutyFake, Shift, Trouble, User
from tests.slack.asking import mention
from tests.slack.doubles import MemoryRecords
from tests.slack.driver import words
from tests.slack.escalating import CallingBot, action, card_of, place_of, running, status_of

DANA = User("PDANA", "Dana", "dana@example.com")
LEE = User("PLEE", "Lee", "lee@example.com")
SENDER = User("PBOT", "Airflow Support", BOT)
SLACK_USERS = {"dana@example.com": ONCALL.id, "lee@example.com": PLATFORM.id}


class NoSlack:
    async def id_of(self, email: str) -> str:
        return ""

    async def email_of(self, user_id: str) -> str:
        return ""


@pytest.fixture
async def pager() -> AsyncIterator[PagerDutyFake]:
    shifts = [Shift(DANA), Shift(LEE, level=2)]
    async with PagerDutyFake(users=[DANA, LEE, SENDER], shifts=shifts) as fake:
        yield fake


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords, pager: PagerDutyFake
) -> AsyncIterator[CallingBot]:
    slack_users = SLACK_USERS
    given = PagerDutyConfig(TOKEN, BOT, SERVICE, POLICY, pager.api_url, 2.0, slack_users)
    source = PagerDutySource(given, NoSlack())
    levels = [("pagerduty", 1), ("pagerduty", 2)]

    def now() -> datetime:
        return bot.engine.now()

    on_call = LeveledOnCall({"pagerduty": source}, now, levels)
    async with running(ws, config, records, on_call) as bot:
        yield bot
    await source.close()


async def asked(ws: LocalWorkspace, bot: CallingBot) -> Message:
    question = await mention(ws, "why did it fail?")
    await ws.wait_for_reply(question)
    await bot.engine.pass_time(0)
    return question


def change(pager: PagerDutyFake, **values: object) -> None:
    """As a person does it on PagerDuty's pages."""
    next(iter(pager.incidents.values())).update(values)


async def test_an_acknowledgement_in_pagerduty_ends_the_calling(
    ws: LocalWorkspace, bot: CallingBot, pager: PagerDutyFake
) -> None:
    question = await asked(ws, bot)
    assert "https://example.pagerduty.com/incidents/Q000001" in words(card_of(ws))
    details = pager.incidents["Q000001"]["body"]["details"]
    assert place_of(card_of(ws)) in details
    change(pager, status="acknowledged", acknowledgements=[DANA], by=DANA)
    await bot.engine.pass_time(1)

    assert "Somebody is on it" in status_of(ws, question)
    assert ONCALL.id in status_of(ws, question)
    await bot.engine.pass_time(60)
    assert pager.called == ["PDANA"]


async def test_who_it_is_given_to_in_pagerduty_has_it_and_a_resolution_there_ends_it(
    ws: LocalWorkspace, bot: CallingBot, pager: PagerDutyFake
) -> None:
    question = await asked(ws, bot)
    await bot.engine.pass_time(1)
    change(pager, assignments=[LEE])
    await bot.engine.pass_time(1)
    assert "It was handed on" in status_of(ws, question)
    assert PLATFORM.id in words(ws.replies(card_of(ws))[-1])

    change(pager, status="resolved", by=LEE)
    await bot.engine.pass_time(3)
    assert (await bot.only()).state is State.RESOLVED
    assert "Resolved" in status_of(ws, question)
    requests = len(pager.requests)
    await bot.engine.pass_time(60)
    assert len(pager.requests) == requests


async def test_what_is_opened_again_calls_again(
    ws: LocalWorkspace, bot: CallingBot, pager: PagerDutyFake
) -> None:
    await asked(ws, bot)
    change(pager, status="resolved", by=DANA)
    await bot.engine.pass_time(1)
    card = card_of(ws)
    await ws.press(card, action(card, "escalation_reopen"), ONCALL.id)
    await bot.engine.pass_time(1)

    assert (await bot.only()).state is State.OPEN
    assert pager.called == ["PDANA", "PDANA"]
    assert len(pager.incidents) == 2


async def test_while_pagerduty_is_down_the_card_says_so_and_once_it_is_back_it_pages(
    ws: LocalWorkspace, bot: CallingBot, pager: PagerDutyFake
) -> None:
    pager.troubles = [Trouble("POST", 429, {"Retry-After": "120"})]
    pager.troubles += [Trouble("GET", 503, spared=2) for _ in range(2)]
    question = await asked(ws, bot)
    assert "FAILED" in status_of(ws, question)
    assert "rate limit is used up" in words(card_of(ws))
    posts = [one for one in pager.requests if one == ("POST", "/incidents")]
    await bot.engine.pass_time(1.9)
    assert [one for one in pager.requests if one == ("POST", "/incidents")] == posts

    await bot.engine.pass_time(5)
    page = (await bot.only()).page
    assert page is not None
    assert page.status is PageStatus.PAGED
    assert pager.called == ["PDANA"]
    assert "FAILED" not in status_of(ws, question)


async def hand_to(ws: LocalWorkspace, bot: CallingBot, user: str) -> None:
    card = card_of(ws)
    await ws.press(card, action(card, "escalation_hand_to"), ONCALL.id, user)
    await bot.engine.pass_time(1)


async def test_who_it_is_handed_to_in_slack_has_it_in_pagerduty_and_is_called_there_once(
    ws: LocalWorkspace, bot: CallingBot, pager: PagerDutyFake
) -> None:
    await asked(ws, bot)
    pager.troubles = [Trouble("PUT", 503, is_done_first=True)]
    await hand_to(ws, bot, PLATFORM.id)
    assert next(iter(pager.incidents.values()))["assignments"] == [LEE]
    assert pager.called == ["PDANA", "PLEE"]
    assert (await bot.only()).responder == PLATFORM.id
    assert not [one for one in ws.replies(card_of(ws)) if "the pager still has it" in words(one)]


@pytest.mark.parametrize(
    ("user", "status", "reason"),
    [
        (PLATFORM.id, 403, "may not do that"),
        (AUTHOR.id, 0, "no user with the e-mail"),
    ],
)
async def test_where_pagerduty_refuses_a_hand_over_whoever_has_it_now_is_told(
    ws: LocalWorkspace, bot: CallingBot, pager: PagerDutyFake, user: str, status: int, reason: str
) -> None:
    await asked(ws, bot)
    pager.troubles = [Trouble("PUT", status)] if status else []
    await hand_to(ws, bot, user)
    (said,) = [one for one in ws.replies(card_of(ws)) if "the pager still has it" in words(one)]
    assert reason in words(said)
    assert user in words(said)
    assert "Reassign it there: https://example.pagerduty.com/incidents/Q000001" in words(said)
    assert (await bot.only()).responder == user
    assert pager.called == ["PDANA"]
