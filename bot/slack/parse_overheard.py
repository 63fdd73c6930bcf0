"""Reads a message that calls nobody, for whether it is a question that may go unanswered."""

from __future__ import annotations

from bot.questions.overheard import looks_like_question
from bot.slack.arrivals import Identity, Overheard
from bot.slack.plain import Flat
from bot.slack.reading import asker_of
from bot.slack.shapes import MessageEvent

_KINDS = frozenset({"channel", "group"})


def overheard(
    event: MessageEvent, flat: Flat, bot: Identity, *, is_shared: bool
) -> Overheard | None:
    """What is kept names the message; its words are read again when it is due."""
    begins = event.thread_ts is None or event.thread_ts == event.ts
    if event.channel_type not in _KINDS or not begins or event.subtype or flat.mentions:
        return None
    if not looks_like_question(flat.text):
        return None
    team = event.user_team or event.source_team or event.team or ""
    asker = asker_of(event.user or "", team, bot)
    return Overheard(asker, bot.team_id, event.channel, event.ts, is_shared)
