"""People who ask: in channels, threads and direct messages, by command and by button."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.blocks import find_element
from bot.slack.presses import Press
from tests.chaos.asks import Ask, Kind, Pressed
from tests.chaos.pauses import pause
from tests.chaos.tally import Tally
from tests.chaos.town import FAILURES

_PAUSE_IN_BURST = (0.05, 1.5)
_TALKED_OF = 40  # the newest answers that people go on about


class People:
    """Asks at random, with `chance` deciding everything but what the bot has answered so far."""

    def __init__(
        self, ws: LocalWorkspace, tally: Tally, dags: Sequence[str], chance: random.Random
    ) -> None:
        self._ws = ws
        self._tally = tally
        self._dags = dags
        self._chance = chance
        self._users = [person.id for person in ws.hub.world.people]
        self._channels = [channel for channel in ws.state.channels if channel != FAILURES]
        self._commanded: set[tuple[str, str, str]] = set()
        self._pressed: set[tuple[str, str]] = set()
        self._under_way: set[asyncio.Task[None]] = set()

    async def talk(self, rate: float, done: asyncio.Event) -> None:
        """Asks `rate` questions a second on average until `done`."""
        while not done.is_set():
            self._start(self._deed()())
            await pause(min(self._chance.expovariate(rate), 5 / rate), done)

    async def finish(self) -> None:
        """Returns once nobody is in the middle of something; bounded by Slack's own times."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _start(self, deed: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(deed)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _deed(self) -> Callable[[], Coroutine[Any, Any, None]]:
        deeds = (
            (52, self.mention),
            (12, self._burst),
            (12, self._direct),
            (8, self._command),
            (8, self._follow_up),
            (8, self._press),
        )
        weights, choices = zip(*deeds, strict=True)
        deed: Callable[[], Coroutine[Any, Any, None]] = self._chance.choices(choices, weights)[0]
        return deed

    # What they do

    async def mention(self) -> None:
        """Somebody asks something in some channel."""
        await self._ask(Kind.MENTION, self._channel(), *self._question())

    async def chat(self) -> None:
        """Somebody says something that is not for the bot."""
        await self._ws.say(self._channel(), self._user(), "lunch at noon?", raw=True)

    async def _burst(self) -> None:
        """Several questions in one thread, by several people, faster than they are answered."""
        channel = self._channel()
        first = await self._ask(Kind.MENTION, channel, *self._question())
        others = self._chance.sample([dag for dag in self._dags if dag != first.dag], 3)
        for dag in others[: self._chance.randint(1, 3)]:
            await asyncio.sleep(self._chance.uniform(*_PAUSE_IN_BURST))
            await self._ask(Kind.MENTION, channel, f"why did {dag} fail?", dag, first.ts)

    async def _direct(self) -> None:
        channel = self._ws.hub.open_direct(self._user()).id
        await self._ask(Kind.DIRECT, channel, *self._question())

    async def _follow_up(self) -> None:
        """A question without a mention, in a thread where the bot has answered."""
        answered = self._answered()
        dag = self._chance.choice(self._dags)
        if answered is None:
            return
        await self._ask(
            Kind.FOLLOW_UP, answered.channel, f"and why did {dag} fail?", dag, answered.root_ts
        )

    async def _command(self) -> None:
        """Each person asks about a Dag once in a channel, so that the answers can be told apart."""
        user, channel, dag = self._user(), self._channel(), self._chance.choice(self._dags)
        if (user, channel, dag) in self._commanded:
            return
        self._commanded.add((user, channel, dag))
        number, text = len(self._tally.asks), f"why {dag}"
        ask = Ask(number, Kind.COMMAND, channel, user, text, time.time(), dag=dag)
        self._tally.add(ask)
        await self._ws.command("/airflow", text, channel, user)

    async def _press(self) -> None:
        """Opens the evidence under an answer, each person once for each answer."""
        answered, user = self._answered(), self._user()
        if answered is None or (answered.ts, user) in self._pressed:
            return
        shown = find_element(answered.blocks, Press.EVIDENCE)
        if shown is None:
            return
        self._pressed.add((answered.ts, user))
        press = Pressed(user, answered.channel, answered.root_ts, time.time(), taken=False)
        self._tally.presses.append(press)
        outcome = await self._ws.press(answered, Press.EVIDENCE, user)
        press.taken = outcome.taken

    # What they say

    async def _ask(
        self, kind: Kind, channel: str, text: str, dag: str, thread: str | None = None
    ) -> Ask:
        user = self._user_of(channel)
        called = kind is Kind.MENTION
        said = f"{self._ws.mention} {text}" if called else text
        message = await self._ws.say(channel, user, said, thread, raw=True)
        ask = Ask(
            len(self._tally.asks), kind, channel, user, text, float(message.ts), message.ts,
            message.root_ts, dag,
        )  # fmt: skip
        self._tally.add(ask)
        return ask

    def _question(self) -> tuple[str, str]:
        dag = self._chance.choice(self._dags)
        forms = (
            (70, f"why did {dag} fail?", dag),
            (15, f"status of {dag}", dag),
            (10, "how do I clear a task?", ""),
            (5, "hello", ""),
        )
        _, text, about = self._chance.choices(forms, [form[0] for form in forms])[0]
        return text, about

    def _user(self) -> str:
        return self._chance.choice(self._users)

    def _user_of(self, channel: str) -> str:
        members = self._ws.state.channels[channel].members
        return self._chance.choice([user for user in self._users if user in members])

    def _channel(self) -> str:
        return self._chance.choice(self._channels)

    def _answered(self) -> Message | None:
        """One of the newest diagnoses in a channel, as it stands now."""
        asks = [ask for ask in self._tally.asks if ask.answers and ask.kind is Kind.MENTION]
        place = self._chance.random()
        if not asks:
            return None
        newest = asks[-_TALKED_OF:]
        answer = newest[int(place * len(newest))].answers[0]
        message = self._ws.state.message(answer.channel, answer.ts)
        if message is None or find_element(message.blocks, Press.EVIDENCE) is None:
            return None
        return message
