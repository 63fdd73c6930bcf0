"""How what went wrong in durable work is told to whoever waits for it, now or after a crash."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.errors import BotError

_LONGEST = 500  # characters of a foreign error's text


class StepFailed(BotError):
    """Something unforeseen ended a step or a job; the message names its class and its words."""


class Interrupted(BaseException):
    """The database failed while DBOS was keeping what work came to: it is to be done again.

    Not an `Exception`: nobody on the way shall take it for how the work ended, and tell of it.
    """


class StepsChanged(BaseException):
    """Work was begun by a version of the bot that had other steps, and cannot be gone on with.

    Not an `Exception`: no step that would tell of it could be taken either.
    """


def as_bot_error(error: BaseException, redact: Callable[[str], str] = str) -> BotError:
    """`error` itself where the project raised it on purpose, else `StepFailed` in its place.

    Only these are kept in the database, so a step raises the same when it is read back.
    """
    if isinstance(error, BotError):
        return error
    text = redact(str(error))[:_LONGEST]
    name = type(error).__name__
    return StepFailed(f"{name}: {text}" if text else name)


def error_class(name: str) -> type[BotError] | None:
    """The class of this name among all errors that the project raises on purpose."""
    waiting: list[type[BotError]] = [BotError]
    while waiting:
        found = waiting.pop()
        if found.__name__ == name:
            return found
        waiting.extend(found.__subclasses__())
    return None
