"""What went over the wire, newest last, for tests to look back on and the inspector to show."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from bot.playground.workspace.values import Json

KEPT = 2_000
"""Entries kept of each kind; the oldest go first."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One Web API call; tokens are never part of `arguments`."""

    number: int
    at: float
    method: str
    arguments: Json
    status: int  # HTTP; 0 where the connection was cut
    response: Json
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to hand something to the app. `reason` says why it failed, "" if it did not."""

    number: int
    at: float
    kind: str  # events_api, slash_commands or interactive
    name: str  # the event's type, the command, or the interaction's type
    via: str  # socket or http
    attempt: int  # 0 for the first
    payload: Json
    reason: str
    ack: Json | str | None


class Journal:
    """The last calls and deliveries."""

    def __init__(self) -> None:
        self.calls: deque[ApiCall] = deque(maxlen=KEPT)
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)

    def clear(self) -> None:
        self.calls.clear()
        self.deliveries.clear()
