"""Nobody calls a human without the right to it, whichever door they ask at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.domain.access import READING, Action, Rule, Rules
from bot.domain.audit import Outcome
from bot.domain.escalations import Rule as Called
from bot.domain.oncall import PageOutcome, PageSeen, PageState, PageStatus
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, ONCALL, SUPPORT_CHANNEL
from bot.slack.escalation_readers import NOT_FOR_THIS_CHANNEL
from tests.slack.driver import words
from tests.slack.escalating import cards_of
from tests.slack.guarding import GuardedBot, guarding

RULES = Rules(
    (
        Rule("looks", actions=frozenset({Action.READ, Action.LOGS})),
        Rule("calls", users=frozenset({ONCALL.id}), dags=("alpha_*",), actions=READING),
    )
)
Guard = tuple[LocalWorkspace, GuardedBot]


@pytest.fixture
async def guard() -> AsyncIterator[Guard]:
    async with guarding(RULES) as running:
        yield running


async def settled(ws: LocalWorkspace, bot: GuardedBot) -> None:
    async with asyncio.timeout(20):
        while ws.dispatcher.under_way:  # noqa: ASYNC110 -- it tells nobody
            await asyncio.sleep(0.002)
    await bot.idle()


async def say(guard: Guard, text: str, user: str = AUTHOR.id, thread: str = "") -> Message:
    ws, bot = guard
    said = await ws.say(SUPPORT_CHANNEL, user, f"{ws.mention} {text}", thread or None, raw=True)
    await settled(ws, bot)
    return said


def asked_for(bot: GuardedBot) -> list[Outcome]:
    kept = bot.guarded.audit.kept.values()
    return [one.outcome for one in kept if one.action == Action.ESCALATE.value]


async def called(bot: GuardedBot) -> list[str]:
    """The titles of those that somebody asked for."""
    every = await bot.escalations.list()
    return [one.subject.title for one in every if one.fired.rule is Called.ASKED_FOR]


async def test_a_mention_without_the_right_calls_nobody(guard: Guard) -> None:
    ws, bot = guard
    said = await say(guard, "get me a human")
    assert (asked_for(bot), await called(bot)) == ([Outcome.DENIED], [])
    assert cards_of(ws) == []
    (answer,) = ws.replies(said)
    assert "You may not call a human here" in words(answer)
    assert "the platform team" in words(answer)


async def test_a_command_without_the_right_calls_nobody(guard: Guard) -> None:
    ws, bot = guard
    await ws.command("/airflow", "escalate", SUPPORT_CHANNEL, AUTHOR.id)
    await settled(ws, bot)
    assert (asked_for(bot), await called(bot)) == ([Outcome.DENIED], [])
    assert any("You may not call a human" in words(one) for one in ws.messages(SUPPORT_CHANNEL))


async def test_a_direct_message_without_the_right_calls_nobody(guard: Guard) -> None:
    ws, bot = guard
    await ws.say_directly(AUTHOR.id, "get me a human")
    await settled(ws, bot)
    assert (asked_for(bot), await called(bot)) == ([Outcome.DENIED], [])


async def test_the_button_without_the_right_calls_nobody(guard: Guard) -> None:
    ws, bot = guard
    said = await say(guard, "why did alpha_orders fail?")
    (answer,) = (one for one in ws.replies(said) if "ask_human" in str(one.blocks))
    await ws.press(answer, "ask_human", AUTHOR.id)
    await settled(ws, bot)
    assert (asked_for(bot), await called(bot)) == ([Outcome.DENIED], [])
    assert "You may not call a human here" in words(ws.ephemerals(AUTHOR.id)[-1])


async def test_the_right_to_one_dag_calls_nobody_about_another(guard: Guard) -> None:
    _, bot = guard
    for dag_id in ("beta_billing", "alpha_orders"):
        about = await say(guard, f"why did {dag_id} fail?", ONCALL.id)
        await say(guard, "get me a human", ONCALL.id, about.ts)
    assert asked_for(bot) == [Outcome.DENIED, Outcome.ALLOWED]
    (title,) = await called(bot)
    assert "alpha_orders" in title


async def test_a_page_says_no_more_than_the_card_of_those_on_call() -> None:
    rules = Rules((Rule("team", channels=frozenset({SUPPORT_CHANNEL}), actions=READING),))
    async with guarding(rules) as running:
        ws, bot = running
        pager = bot.fake_on_call
        pager.outcomes = [PageOutcome(PageStatus.UNCERTAIN, "pager", retry_in=1.0)]
        pager.in_pager = PageSeen(PageState.GONE)
        about = await say(running, "why did alpha_orders fail?")
        await say(running, "get me a human for alpha_orders", thread=about.ts)
        await bot.engine.pass_time(1)
        first, *later = pager.pages
        assert first.title == NOT_FOR_THIS_CHANNEL
        assert later, "it was not paged again"
        for page in pager.pages:
            assert "alpha_orders" not in page.title + page.details
        assert "alpha_orders" not in str([one.blocks for one in cards_of(ws)])
