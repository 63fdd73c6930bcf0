"""Conversations that have ended, as many as a report needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.escalations import WasRight
from bot.domain.outcomes import Ended, EndedConversation, Ending
from bot.domain.questions import Origin, ThreadKey
from bot.services.ending_ports import ALL, EndingsQuery

UNTIL = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def ended(
    number: int = 1,
    ending: Ending = Ending.ABANDONED,
    *,
    days: float = 1.0,
    verdict: str = "code",
    cause: str = "python_exception",
    cluster: str = "prod",
    seconds: float = 4.0,
    escalations: tuple[str, ...] = (),
    bot: WasRight = WasRight.NOT_SAID,
) -> EndedConversation:
    """Asked so many days before `UNTIL`."""
    at = UNTIL - timedelta(days=days)
    turn = f"T1:C1:{number}"
    return EndedConversation(
        thread=ThreadKey("T1", "C1", str(number)),
        origin=Origin.SLACK,
        ended=Ended(ending, bot=bot),
        turn_ids=(turn,),
        turn_id=turn,
        asked_at=at,
        last_at=at,
        seconds=seconds,
        verdict=verdict,
        predicted=cause,
        cluster=cluster,
        escalations=escalations,
    )


@dataclass
class FakeEndings:
    """The port `Endings` over a list."""

    every: Sequence[EndedConversation] = ()

    async def ended(self, query: EndingsQuery = ALL) -> AsyncIterator[EndedConversation]:
        for one in self.every:
            if (query.since is None or one.asked_at >= query.since) and (
                query.until is None or one.asked_at < query.until
            ):
                yield one

    async def of(self, thread: ThreadKey) -> EndedConversation | None:
        return next((one for one in self.every if one.thread == thread), None)
