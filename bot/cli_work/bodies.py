"""What a piece of work is about, in words that an operator knows it by."""

from __future__ import annotations

from bot.domain.answers import Diagnosis, LogReport, StatusReport, kind_of
from bot.domain.failures import FailureBatch
from bot.slack.announcer import Announcement
from bot.slack.arrivals import Asked, ButtonPress, Command, Pick, RatingPress
from bot.slack.posts import Notice, Post


def describe(body: object) -> str:
    """Holds what people wrote: not redacted and not fit for a terminal yet."""
    match body:
        case Asked(question) | Command(question) | Pick(question=question):
            return f"“{question.text}”" if question.text else "a question without words"
        case Announcement(question):
            return f"reported failure: “{question.text}”"
        case ButtonPress(button=button):
            return f"button {button.value}"
        case RatingPress(rating):
            return f"rating {rating.score.value}"
        case Post(content=Notice(text)):
            return f"message “{text}”"
        case Post(content=Diagnosis() | LogReport() | StatusReport() as reply):
            return f"message about {reply.target.label()}"
        case Post(content=reply) if not isinstance(reply, Notice):
            return f"message: {kind_of(reply).replace('_', ' ')}"
        case FailureBatch():
            return "reported failures to tell of"
    return type(body).__name__
