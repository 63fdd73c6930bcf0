"""The escalations that somebody's Home tab shows: those that are open, with where they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.answering.escalations import standing_words
from bot.domain.escalation_policy import Policy
from bot.domain.home import OpenEscalation
from bot.domain.questions import Asker
from bot.services.escalation_ports import Concern

Permalink = Callable[[str, str], Awaitable[str]]
"""The address of a message by channel and ts; "" where there is none."""


class Concerns(Protocol):
    async def concerning(self, workspace: str, user_id: str) -> Sequence[Concern]: ...


@dataclass(frozen=True, slots=True)
class OpenEscalations:
    """`policy` says when those are called whom nobody has called yet."""

    escalations: Concerns
    policy: Policy

    async def of(
        self, asker: Asker, workspace: str, permalink: Permalink
    ) -> Sequence[OpenEscalation]:
        """Raises `StoreError`."""
        found = await self.escalations.concerning(workspace, asker.user_id)
        urls = await asyncio.gather(*(_address(one, permalink) for one in found))
        return [
            OpenEscalation(
                one.escalation.subject.title,
                standing_words(one.escalation, self.policy.first_call(one.escalation)),
                url,
            )
            for one, url in zip(found, urls, strict=True)
        ]


async def _address(one: Concern, permalink: Permalink) -> str:
    return await permalink(one.thread.channel, one.thread.thread) if one.thread else ""
