"""Counts from what stands in the workspace, never from what the bot says of itself."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.changes import MessageEdited, MessagePosted
from bot.playground.workspace.hub import Notice
from bot.playground.workspace.journal import ApiCall, Delivery
from tests.chaos.asks import Answer, Ask, Pressed
from tests.chaos.reading import said, words
from tests.chaos.town import FAILURES

_DAG = re.compile(r"\bpipeline_\d{5}\b")
_ADDING = "is adding its words"
_WORKING = "⏳"  # also stands in answers, for what Airflow has queued


class Tally:
    """Listens to everything that happens in the workspace from the beginning."""

    def __init__(self, ws: LocalWorkspace) -> None:
        self.asks: list[Ask] = []
        self.presses: list[Pressed] = []
        self.redelivered = 0
        self.refusals: Counter[str] = Counter()  # why deliveries of questions were not taken
        self.unanswered_calls = 0  # Web API calls that a fault spoilt
        self.last_write = 0.0  # epoch seconds of the bot's latest change
        self.ws = ws
        self._finals: dict[tuple[str, str], Answer] = {}
        self._aside: dict[tuple[str, str], tuple[Ask, Answer]] = {}
        self._by_message: dict[tuple[str, str], Ask] = {}
        self._by_place: dict[tuple[str, str], list[Ask]] = defaultdict(list)
        self._commands: dict[tuple[str, str, str], Ask] = {}
        self._stop = ws.hub.listen(self._hear)

    def close(self) -> None:
        self._stop()

    def add(self, ask: Ask) -> None:
        """From the moment that the words stand in the workspace."""
        self.asks.append(ask)
        self._by_place[ask.place].append(ask)
        if ask.ts:
            self._by_message[ask.channel, ask.ts] = ask
        else:
            self._commands[ask.user, ask.channel, ask.text] = ask

    # What is heard

    def _hear(self, notice: Notice) -> None:
        match notice:
            case Delivery():
                self._delivered(notice)
            case MessagePosted(message) | MessageEdited(after=message) if message.bot_id:
                self._written(message)
            case ApiCall():
                self.unanswered_calls += bool(notice.fault)

    def _written(self, message: Message) -> None:
        now = self.ws.hub.clock.now()
        self.last_write = now
        if message.ephemeral_to is not None:
            self._whispered(message)
            return
        key = (message.channel, message.ts)
        if message.channel == FAILURES:
            return
        word = said(message)
        if word is None:
            return
        if key in self._finals:
            self._finals[key].said = word
            return
        self._finals[key] = answer = Answer(message.channel, message.ts, now, word)
        if asker := self._asker_of(answer):
            asker.answers.append(answer)

    def _whispered(self, message: Message) -> None:
        waiting = (
            press
            for press in self.presses
            if (press.user, press.channel) == (message.ephemeral_to, message.channel)
            and message.root_ts in (press.root, message.ts)
        )
        fitting = sorted(waiting, key=lambda press: press.shown)
        if fitting:
            fitting[0].shown += 1
        else:
            self._answered_aside(message)

    def _answered_aside(self, message: Message) -> None:
        """Somebody of whom Slack does not say who it is, is answered alone. A private answer
        cannot be changed, so a model's words follow it in a message that has them alone."""
        word, shown = said(message), words(message)
        asked = [
            *self._by_place[message.channel, message.root_ts],
            *self._by_place[message.channel, ""],
        ]
        theirs = [one for one in asked if one.user == message.ephemeral_to]
        about = ((one, message.text if one.answers else shown) for one in theirs)
        ask = next((one for one, said_of in about if one.dag in said_of), None)
        if ask is None or word is None:
            return
        now = self.last_write
        known = self._aside.get((message.channel, message.ts))
        if known is not None:
            known[1].said = word
            return
        answer = Answer(message.channel, message.ts, now, word)
        self._aside[message.channel, message.ts] = ask, answer
        ask.answers.append(answer)

    def _delivered(self, delivery: Delivery) -> None:
        ask = self._concerned(delivery)
        self.redelivered += delivery.attempt > 0
        if ask is None:
            return
        ask.attempts += 1
        if delivery.reason:
            self.refusals[delivery.reason] += 1
        ask.offered = min(ask.offered or delivery.at, delivery.at)
        if not delivery.reason and ask.acked is None:
            ask.acked = self.ws.hub.clock.now()

    def _concerned(self, delivery: Delivery) -> Ask | None:
        if delivery.kind == "slash_commands":
            sent = delivery.payload
            ask = self._commands.get((sent["user_id"], sent["channel_id"], sent["text"]))
            if ask is not None:
                ask.key = str(sent["trigger_id"])
            return ask
        if delivery.kind != "events_api" or delivery.name not in ("app_mention", "message"):
            return None
        event = delivery.payload["event"]
        return self._by_message.get((event["channel"], event["ts"]))

    # What stands there

    def settle(self) -> list[Answer]:
        """Gives every answer to its question anew; returns those that belong to none."""
        for ask in self.asks:
            ask.answers.clear()
        left: list[Answer] = []
        for answer in self._finals.values():
            message = self.ws.state.message(answer.channel, answer.ts)
            word = said(message) if message is not None else None
            answer.gone, answer.said = word is None, word or answer.said
        for answer in sorted(self._finals.values(), key=lambda one: (one.at, one.ts)):
            asker = self._asker_of(answer)
            if asker is None:
                left.append(answer)
            else:
                asker.answers.append(answer)
        for ask, answer in self._aside.values():
            ask.answers.append(answer)
        return left

    def _asker_of(self, answer: Answer) -> Ask | None:
        message = self.ws.state.message(answer.channel, answer.ts)
        if message is None:
            return None
        payload = (message.metadata or {}).get("event_payload") or {}
        key = str(payload.get("key", ""))
        beside = [*self._by_place[message.channel, message.root_ts], *self._commanded(message)]
        named = [ask for ask in beside if (ask.ts or ask.key or "-") in key]
        if named:
            return named[0]
        # Without a mark of its own: who asked about it, and above all who has no answer yet.
        dags = set(_DAG.findall(words(message)))
        return next(
            iter(sorted(beside, key=lambda ask: (bool(ask.answers), ask.dag not in dags))), None
        )

    def _commanded(self, message: Message) -> list[Ask]:
        """The commands that this message, which shows who asked what, may answer."""
        if message.is_reply:
            return []
        shown = words(message)
        return [
            ask
            for ask in self._by_place[message.channel, ""]
            if ask.user in shown and ask.dag in shown
        ]

    def rested(self) -> float:
        """Seconds since the bot last changed anything."""
        return self.ws.hub.clock.now() - self.last_write

    @property
    def is_settled(self) -> bool:
        """Whether everything that was taken has been answered, and nothing is under way."""
        waiting = any(ask.acked is not None and not ask.answers for ask in self.asks)
        return not (waiting or self.unheeded() or self.hanging())

    def unheeded(self) -> list[Pressed]:
        """Buttons whose press was acknowledged and that brought nothing up."""
        return [press for press in self.presses if press.taken and not press.shown]

    def misplaced(self) -> Iterator[tuple[Ask, Message]]:
        """Answers that name Dags, but not the one that was asked about."""
        for ask in self.asks:
            for answer in ask.answers:
                message = self.ws.state.message(answer.channel, answer.ts)
                dags = set(_DAG.findall(words(message))) if message else set()
                if message and ask.dag and dags and ask.dag not in dags:
                    yield ask, message

    def disordered(self) -> list[tuple[Ask, Ask]]:
        """Questions of one thread that were answered the other way round, though the first had
        been taken before the second was so much as offered."""
        threads: dict[tuple[str, str], list[Ask]] = defaultdict(list)
        for ask in self.asks:
            # That a question was called off is told whenever that was, in no order.
            if ask.answers and ask.acked is not None and not ask.cancelled:
                threads[ask.place].append(ask)
        return [
            (first, second)
            for asks in threads.values()
            for first, second in _pairs(asks)
            if first.root
            if first.answers[0].at > second.answers[0].at
        ]

    def hanging(self) -> list[str]:
        """Signs of work that nobody does any more."""
        state = self.ws.state
        left = [
            f"status {status.text!r} in {channel} {thread}"
            for (channel, thread), status in state.statuses.items()
        ]
        for messages in state.messages.values():
            for message in messages.values():
                if message.bot_id and message.ephemeral_to is None:
                    left += [
                        f"{sign!r} in {message.channel} {message.ts}" for sign in _signs(message)
                    ]
        return left


def _signs(message: Message) -> Iterator[str]:
    """What in a message says that work on it goes on."""
    shown = words(message)
    if _ADDING in shown:
        yield _ADDING
    if _WORKING in shown and said(message) is None:
        yield _WORKING


def _pairs(asks: Iterable[Ask]) -> Iterator[tuple[Ask, Ask]]:
    """Those of which one had been taken before the other was offered."""
    for first in (listed := list(asks)):
        for second in listed:
            if first.acked and second.offered and first.acked < second.offered:
                yield first, second
