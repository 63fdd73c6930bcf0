"""What a step came to, as it is kept in the database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """The step's result, or the error that it ended in. `tries`: how often its work began."""

    value: object = None
    error: object = None  # a BotError; as a value, so that no class is asked for in its name
    tries: int = 1
