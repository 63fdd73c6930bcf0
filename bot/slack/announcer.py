"""What an earlier version handed in to tell of a failure; alerts have taken its place."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.questions import Question
from bot.slack.arrivals import Place


@dataclass(frozen=True, slots=True)
class Announcement:
    """The body of a job of kind "announcement": `question` is answered in a thread that opens at
    `place`."""

    question: Question
    place: Place
