"""Failures that nobody asked about: which of them a channel may hear of, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.domain.failures import Failure
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.services.sights import Sights

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Audience:
    """The people of one channel. `workspace` gives the id of theirs, `now` an aware UTC time."""

    sights: Sights
    channel: str
    workspace: Callable[[], Awaitable[str]]
    now: Callable[[], datetime]

    async def quiet_until(self) -> datetime | None:
        """When the channel's quiet hours are over; None outside them. Raises `StoreError`."""
        policy = await self.sights.policy(await self._nobody())
        return policy.quiet_until(self.now())

    async def language(self) -> str:
        """The code of the channel's language. Raises `StoreError`."""
        return (await self.sights.policy(await self._nobody())).language

    async def shown(self, failures: Sequence[Failure]) -> tuple[Failure, ...]:
        """Those of Dags that everybody in the channel may see."""
        sight = await self.sights.of(await self._nobody())
        if not sight.is_limited:
            return tuple(failures)
        # A storm is of few Dags, and each may have to be asked for in Airflow.
        dags = {(one.target.cluster, one.target.dag_id): one.target for one in failures}
        visible = {dag for dag, target in dags.items() if await sight.sees(target)}
        seen = tuple(one for one in failures if (one.target.cluster, one.target.dag_id) in visible)
        log.info("failures.not_for_the_channel", count=len(failures) - len(seen))
        return seen

    async def _nobody(self) -> Question:
        """What the channel would be asking."""
        return Question(
            id="",
            origin=Origin.WEBHOOK,
            asker=Asker(""),
            thread=ThreadKey(await self.workspace(), self.channel, ""),
            message_ts="",
            text="",
            asked_at=self.now(),
        )
