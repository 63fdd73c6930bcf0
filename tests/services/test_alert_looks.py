"""A look without a word said: how it waits, and how long it is patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from bot.domain.alerts import Alert, AlertState, Found, Look
from bot.domain.answers import NotFound
from bot.domain.conversations import Turn
from bot.domain.errors import StoreError
from bot.domain.failures import Failure
from bot.domain.questions import Intent, Question
from bot.domain.references import reference_of
from bot.domain.targets import Nowhere, Target
from bot.services.alert_ports import Alerts, Opened, Outcome
from bot.services.alerts import AlertService
from bot.services.announced import Audience
from bot.services.ports import ConversationStore, Steps
from tests.fakes.work import Journal, ReplaySteps

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LOOK = Look("C1", Failure(Target("prod", "etl", "run_1", "load"), "failed", NINE), NINE)


@dataclass
class Hours:
    """Quiet until nine, by a clock that runs through `times`."""

    times: list[datetime]

    async def quiet_until(self) -> datetime | None:
        return NINE if self.times[0] < NINE else None

    def now(self) -> datetime:
        return self.times[0]


class Looks:
    async def look(self, question: Question, steps: Steps) -> Turn:
        nowhere = Nowhere("etl", ("prod",), remedy="")
        reply = NotFound(reference_of(question.id), nowhere)
        return Turn(question.id, question, Intent.DIAGNOSE, reply, None, NINE, 0.1)

    async def told(self, turn: Turn, steps: Steps) -> None: ...


class Settling:
    async def settle(self, look: Look, found: Found) -> Outcome:
        state = AlertState.OPEN
        return Opened(Alert("a", "C1", found.incident, "", "", state, NINE, NINE, NINE))


@dataclass
class ReturningStore:
    """Away for `outage` tries."""

    outage: int = 0
    kept: list[Turn] = field(default_factory=list)

    async def add_turn(self, turn: Turn) -> Sequence[str]:
        if self.outage:
            self.outage -= 1
            raise StoreError("The database is away.")
        self.kept.append(turn)
        return ()


def service(hours: Hours, store: ReturningStore) -> AlertService:
    async def workspace(channel: str) -> str:
        return "T1"

    return AlertService(
        cast(Alerts, Settling()),
        Looks(),
        cast(ConversationStore, store),
        audience=cast(Callable[[str], Audience], lambda _: hours),
        workspace=workspace,
        now=hours.now,
    )


async def test_a_look_that_is_begun_early_again_and_again_is_never_lost() -> None:
    hours = Hours([NINE - timedelta(seconds=early) for early in (600, 2, 2, 1, 1, 0)])
    store, keys, look = ReturningStore(), [], LOOK
    while not store.kept:
        journal = Journal()
        await service(hours, store).look(look, ReplaySteps(journal))
        hours.times.pop(0)
        for job in journal.started:
            assert isinstance(job.body, Look)
            keys.append(job.key)
            look = job.body
    assert len(keys) == len(set(keys)) == 5


async def test_a_look_outlives_an_outage_of_its_store() -> None:
    store, journal = ReturningStore(outage=200), Journal()
    await service(Hours([NINE]), store).look(LOOK, ReplaySteps(journal))
    assert len(store.kept) == 1
    assert sum(journal.pauses) > 3_600
