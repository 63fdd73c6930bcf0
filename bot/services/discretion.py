"""What may be kept of a turn: all of it, or where the asker is no one of ours, that it was."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.answers import Apology, Choice, NotFound, Reply
from bot.domain.conversations import Turn
from bot.domain.questions import Question
from bot.words import mark

_NOT_KEPT = mark("Nothing is kept of what people outside of this workspace ask.")


def kept_of(turn: Turn) -> Turn:
    """The turn as it may be stored: without words where they are a guest's or of another
    organisation. What can still be chosen from an offer is our own."""
    if not (turn.question.asker.is_external or turn.question.is_shared):
        return turn
    return replace(
        turn, question=without_words(turn.question), reply=_without_words(turn.reply), evidence=None
    )


def without_words(question: Question) -> Question:
    return replace(question, text="", links=(), earlier=())


def _without_words(reply: Reply) -> Reply:
    match reply:
        case Choice():
            return reply
        case NotFound(nowhere=nowhere):
            return replace(reply, nowhere=replace(nowhere, looked_for=mark("what you named")))
    return Apology(reply.reference, _NOT_KEPT)
