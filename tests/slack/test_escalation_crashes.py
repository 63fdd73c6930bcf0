"""The machine goes down once at every step of an escalation: what people see is the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import pytest

from bot.domain.escalations import Kind
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.dispatch import Outcome
from bot.playground.workspace.values import Json
from bot.playground.workspace.world import AUTHOR, ONCALL, ONCALL_CHANNEL, PLATFORM
from bot.slack.config import SlackConfig
from bot.slack.side import Handler
from tests.fakes.work import Killed
from tests.slack.asking import mention
from tests.slack.doubles import MemoryRecords
from tests.slack.driver import hand_in, words
from tests.slack.engine import Power
from tests.slack.escalating import CallingBot, action, card_of, cards_of, running, status_of
from tests.waiting import until

LEVEL = "you are on call for this (level {}). Please acknowledge it above."
DRAFT = "A runbook for the next time, to be finished and saved as case_{}.md:"
_AT_ONCE = ("auth#test: ok", "apps#connections#open: ok", "views#open: ok")
_NUMBERS = re.compile(r"[A-Z0-9]{8,}|[0-9.]+")


@dataclass
class OnceEverywhere(Power):
    """Goes down the first time that it comes to a point of some kind."""

    survived: set[str] = field(default_factory=lambda: set(_AT_ONCE))
    is_armed: bool = False

    def point(self, name: str) -> None:
        kind = _NUMBERS.sub("#", name)
        if self.is_off:
            raise Killed(name)
        if self.is_armed and kind not in self.survived:
            self.survived.add(kind)
            self.is_off = True
            raise Killed(name)


@dataclass
class Direct:
    """Hands what happens to the process that runs now, without a line that has to be opened."""

    bot: CallingBot
    name: str = "direct"

    async def offer(self, kind: str, payload: Json, attempt: int, reason: str) -> Outcome:
        response = await hand_in(self.bot, payload)
        return Outcome("" if response.status == 200 else "http_error")


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> AsyncIterator[CallingBot]:
    async with running(ws, config, records) as bot:
        power = OnceEverywhere()
        bot.engine.power = bot.ledger.power = bot.meter._power = power

        async def alive() -> Mapping[str, Handler]:
            armed, power.is_armed = power.is_armed, False
            handlers = await bot.start()
            power.is_armed = armed
            return handlers

        bot.engine.alive = alive
        await bot.slack.stop_taking()
        await alive()
        ws.dispatcher.transport = Direct(bot)
        yield bot


async def until_quiet(ws: LocalWorkspace, bot: CallingBot) -> None:
    async def has_arrived() -> bool:
        return ws.dispatcher.under_way == 0

    await until(has_arrived, "the end of all deliveries")
    await bot.idle()


async def press(
    ws: LocalWorkspace, bot: CallingBot, name: str, user: str, chosen: object = None
) -> None:
    card = card_of(ws)
    await ws.press(card, action(card, f"escalation_{name}"), user, chosen)
    await until_quiet(ws, bot)


async def story(ws: LocalWorkspace, bot: CallingBot) -> list[Message]:
    """From two questions to the end, by way of every transition; the questions."""
    asked = []
    for text in ("why did it fail?", "why is it red?"):
        asked.append(await mention(ws, text))
        await until_quiet(ws, bot)
        await bot.engine.pass_time(0.1)
    await bot.engine.pass_time(25)
    await press(ws, bot, "acknowledge", ONCALL.id)
    await ws.say(ONCALL_CHANNEL, ONCALL.id, "which file was it?", card_of(ws).ts)
    await until_quiet(ws, bot)
    await press(ws, bot, "hand_to", ONCALL.id, PLATFORM.id)
    await press(ws, bot, "take_over", ONCALL.id)
    await press(ws, bot, "snooze", ONCALL.id, "60")
    await bot.engine.pass_time(61)
    await press(ws, bot, "mitigate", ONCALL.id)
    await press(ws, bot, "resolve", ONCALL.id)
    (form,) = ws.modals(ONCALL.id)
    said = {
        "was_wrong": {"was_wrong": "A leak"},
        "fixed_by": {"fixed_by": "Restarted it"},
        "bot_was": {"bot_was": "no"},
    }
    await ws.submit(form, said)
    await until_quiet(ws, bot)
    await press(ws, bot, "reopen", AUTHOR.id)
    await bot.engine.pass_time(1)
    return asked


async def test_the_machine_goes_down_at_every_step_and_nobody_sees_it(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    power = bot.engine.power
    assert isinstance(power, OnceEverywhere)
    power.is_armed = True
    asked = await story(ws, bot)
    power.is_armed = False
    await bot.engine.pass_time(0.1)

    assert len(power.survived) > 60
    only = await bot.only()
    opened, title = only.id, only.subject.title
    done = [one.deed.kind for one in await bot.escalations.deeds(opened)]
    once = (Kind.OPENED, Kind.JOINED, Kind.ACKNOWLEDGED, Kind.WOKEN, Kind.RESOLVED)
    assert [done.count(kind) for kind in once] == [1] * len(once)
    assert [done.count(kind) for kind in (Kind.LEVEL_RAISED, Kind.CHANNEL_CALLED)] == [3, 2]
    assert len({(page.key, page.level) for page in bot.fake_on_call.pages}) == 3
    assert len(cards_of(ws)) == 1
    out = Counter(one.text for one in ws.replies(card_of(ws)) if one.bot_id)
    assert out == {
        LEVEL.format(1): 2,  # once more after it was opened again
        LEVEL.format(2): 1,
        f"🔔 {title}\nNobody has acknowledged this yet. Who can look?": 2,
        "this is yours now. Please acknowledge it above.": 2,
        DRAFT.format(opened.lower()): 1,  # a file is sent at most once, and this may have been
    }
    for question in asked:
        assert "nobody has acknowledged it yet" in status_of(ws, question)
        carried = [one for one in ws.replies(question) if "which file" in words(one)]
        assert len(carried) == 1
