"""What all readers of payloads share: who it was, when, and words without secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from bot.domain.questions import Asker, Origin
from bot.slack.arrivals import Identity
from bot.slack.limits import Limit

Shape = TypeVar("Shape")
Redact = Callable[[str], str]

# A question with a pasted log: its words are at the head, what broke is at the end.
_HEAD, _TAIL = Limit(4_000), Limit(12_000)


@dataclass(frozen=True, slots=True)
class Reading:
    """`redact` masks secrets; `now` serves where a payload has no time of its own (UTC). With
    `overhears` questions that call nobody are noted as well, with `bridges` what people in a thread
    say to one another."""

    redact: Redact
    now: Callable[[], datetime]
    origin: Origin = Origin.SLACK
    command: str = "/airflow"
    overhears: bool = False
    bridges: bool = False

    def clean(self, text: str) -> str:
        """Redacted before it is cut: half a secret passes every pattern."""
        text = self.redact(text)
        if len(text) <= _HEAD.characters + _TAIL.characters:
            return text
        return f"{_HEAD.head(text)}\n{_TAIL.tail(text)}"


def read(payload: object, shape: type[Shape]) -> Shape:
    """Raises `msgspec.ValidationError`, whose text names the field."""
    return msgspec.convert(payload, shape)


def asker_of(user_id: str, team_id: str, bot: Identity) -> Asker:
    home = {bot.team_id, bot.enterprise_id, ""}
    return Asker(user_id, team_id or bot.team_id, is_external=team_id not in home)


def moment_of(ts: str) -> datetime | None:
    """When it was, by its ts; None where that is no time."""
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None
