"""What listeners hand work to: it is taken on at once and done behind their backs."""

from __future__ import annotations

from typing import Protocol

from bot.domain.conversations import Rating, Turn
from bot.domain.questions import Question
from bot.services.ports import ReplyChannel
from bot.slack.arrivals import Place, RatingPress


class Desk(Protocol):
    """Every method returns as soon as the work is taken on, well inside Slack's three seconds."""

    async def ask(self, question: Question, place: Place) -> None: ...

    async def ask_if_engaged(self, question: Question, place: Place) -> None:
        """Answers only where the bot is part of the conversation already; else stays silent."""
        ...

    async def pick(self, turn_id: str, option: int, question: Question, place: Place) -> None:
        """One of the targets offered in that turn was chosen."""
        ...

    async def evidence(self, turn_id: str, place: Place) -> None: ...

    async def log_excerpt(self, turn_id: str, place: Place) -> None: ...

    async def rate(self, press: RatingPress) -> None:
        """Keeps the rating. A thumb down that can still open a form opens one that asks why."""
        ...


class Answers(Protocol):
    """The use case behind the desk."""

    async def handle(self, question: Question, channel: ReplyChannel) -> Turn | None:
        """Answers through `channel`; None where nothing was to be said."""
        ...

    async def pick(
        self, turn_id: str, option: int, question: Question, channel: ReplyChannel
    ) -> Turn | None:
        """Answers for the option of that turn. Raises `BadRequest` where it is not known."""
        ...


class Records(Protocol):
    """The part of the conversation store that buttons need."""

    async def turn(self, turn_id: str) -> Turn | None: ...

    async def rate(self, rating: Rating) -> None: ...
