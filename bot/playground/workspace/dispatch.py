"""Hands events, commands and interactions to the app, and tries events again as Slack does."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from bot.playground.workspace.changes import MemberLeft, Reset
from bot.playground.workspace.events import Event, envelope, events_of
from bot.playground.workspace.hub import Hub, Notice
from bot.playground.workspace.journal import Delivery
from bot.playground.workspace.values import Json


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt. `reason` is Slack's retry reason, "" where the app took it."""

    reason: str = ""
    ack: Json | str | None = None
    may_retry: bool = True

    @property
    def taken(self) -> bool:
        return not self.reason


class Transport(Protocol):
    """A way to the app: Socket Mode or signed HTTP. `offer` never raises for the app's faults."""

    @property
    def name(self) -> str: ...

    async def offer(self, kind: str, payload: Json, attempt: int, reason: str) -> Outcome: ...


class Dispatcher:
    """Listens to the hub and sends what the app's manifest subscribes to."""

    def __init__(self, hub: Hub, transport: Transport, chance: random.Random) -> None:
        self.transport = transport
        self._chance = chance
        self._hub = hub
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Json] = []
        hub.listen(self._on_notice)

    def _on_notice(self, notice: Notice) -> None:
        if isinstance(notice, Reset):
            self._cancel()
            return
        for event in events_of(self._hub, notice):
            if self._concerns_app(event, notice):
                self.send_event(event.body)

    def _concerns_app(self, event: Event, notice: Notice) -> bool:
        app = self._hub.world.app
        if event.subscription not in app.events:
            return False
        if not event.channel:
            return True
        members = self._hub.state.channels[event.channel].members
        left_itself = isinstance(notice, MemberLeft) and notice.user == app.bot_user_id
        return app.bot_user_id in members or left_itself

    def send_event(self, body: Json) -> str:
        """Sends one event, whatever the manifest says; returns its `event_id`."""
        payload = envelope(self._hub, body)
        faults = self._hub.faults.delivery
        copies = [payload] * (1 + faults.duplicates)
        copies += [envelope(self._hub, body) for _ in range(faults.twins)]
        for copy in copies:
            if faults.hold:
                self._held.append(copy)
            else:
                late = faults.delay + self._chance.uniform(0.0, faults.jitter)
                self._spawn(self._deliver(copy, late))
        return str(payload["event_id"])

    @property
    def held(self) -> int:
        """How many events are held back."""
        return len(self._held)

    @property
    def under_way(self) -> int:
        """How many events are being delivered, wait to be late, or for their next try."""
        return len(self._tasks)

    def release(self, *, reverse: bool = False) -> None:
        """Sends the events held back, in their order or the other way round."""
        held, self._held = self._held, []
        for payload in reversed(held) if reverse else held:
            self._spawn(self._deliver(payload, 0.0))

    async def _deliver(self, payload: Json, delay: float) -> None:
        if delay:
            await self._hub.clock.sleep(delay)
        reason = ""
        for attempt in range(1 + len(self._hub.limits.retries)):
            if attempt:
                await self._hub.clock.sleep(self._hub.limits.retries[attempt - 1])
            outcome = await self._attempt("events_api", payload, attempt, reason)
            if outcome.taken or not outcome.may_retry:
                return
            reason = outcome.reason

    async def interact(self, kind: str, payload: Json) -> Outcome:
        """Sends a command or an interaction once and waits for its answer."""
        return await self._attempt(kind, payload, 0, "")

    async def _attempt(self, kind: str, payload: Json, attempt: int, reason: str) -> Outcome:
        at = self._hub.clock.now()
        transport = self.transport
        outcome = await transport.offer(kind, payload, attempt, reason)
        self._hub.record_delivery(
            Delivery(
                0,
                at,
                kind,
                _name(kind, payload),
                transport.name,
                attempt,
                payload,
                outcome.reason,
                outcome.ack,
            )
        )
        return outcome

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _cancel(self) -> None:
        self._held.clear()
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Ends all deliveries and retries under way."""
        tasks = tuple(self._tasks)
        self._cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _name(kind: str, payload: Json) -> str:
    if kind == "events_api":
        event = payload["event"]
        return str(event.get("subtype") or event["type"])
    return str(payload["command"] if kind == "slash_commands" else payload["type"])
