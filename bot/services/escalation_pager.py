"""Looks how an escalation stands in the pager while it is open, and follows what is done there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from bot.domain.escalation_course import Advanced, Refused
from bot.domain.escalation_pager import (
    PagerLook,
    done_in_pager,
    looked,
    next_look,
    pace,
)
from bot.domain.escalations import WAITING, Deed, Escalation
from bot.domain.oncall import PageSeen, PageState
from bot.domain.work import FOR_A_DAY, Retry
from bot.services.escalation_pages import Pages
from bot.services.ports import DurableSteps

log = structlog.get_logger(__name__)

_LOOK = Retry(attempts=2, pause=2.0, seconds=60.0)

Do = Callable[[str, Deed], Awaitable[Advanced | Refused]]
"""Does a deed about the escalation with this id."""


async def _whole(escalation: Escalation) -> Escalation:
    return escalation


@dataclass(frozen=True, slots=True)
class PagerWatch:
    """The handler of jobs of kind `PAGER`. `card_link` gives where the card of an escalation is
    found, and never raises; `shown` gives it with the words that those on call may see, and raises
    `StoreError`; `now` gives aware UTC times."""

    pages: Pages
    card_link: Callable[[str], Awaitable[str]]
    do: Do
    now: Callable[[], datetime]
    shown: Callable[[Escalation], Awaitable[Escalation]] = _whole

    async def look(self, body: PagerLook, steps: DurableSteps) -> None:
        """One look, which hands in the next one."""
        get = partial(self.pages.escalations.get, body.id)
        escalation: Escalation | None = await steps.run("look up", get, FOR_A_DAY)
        if escalation is None or not body.is_of(escalation):
            return
        seen: PageSeen = await steps.run("ask pager", partial(self._seen, escalation), _LOOK)
        if seen.state is PageState.UNKNOWN and not seen.reason:
            return  # no pager was called
        now: datetime = await steps.run("time", self._time)
        key = f"escalation:{body.id}:pager:{body.opening}:{body.level}:{body.number}"
        deed = done_in_pager(escalation, body.before, seen, key, now)
        if deed is not None:
            come_to = await steps.run("follow", partial(self.do, body.id, deed), FOR_A_DAY)
            escalation = _noted(deed, come_to) or escalation
        else:
            await self._mend(escalation, seen, body, steps)
        before = looked(body.before, seen, escalation)
        delay = max(pace(escalation, now), seen.retry_in)
        await steps.start(next_look(body, before, delay))

    async def _mend(
        self, escalation: Escalation, seen: PageSeen, body: PagerLook, steps: DurableSteps
    ) -> None:
        """Pages again where that failed or may have: a pager calls nobody twice under one key."""
        page = escalation.page
        if page is None or escalation.state not in WAITING or seen.state is PageState.UNKNOWN:
            return
        if page.is_tried_again:
            link = await steps.run("card link", partial(self.card_link, body.id))
            shown = await steps.run("for those on call", partial(self.shown, escalation), FOR_A_DAY)
            await self.pages.again(shown, link, body.number, steps)

    async def _seen(self, escalation: Escalation) -> PageSeen:
        """Of the newest level that has a pager."""
        for level in range(escalation.level, 0, -1):
            seen = await self.pages.on_call.seen(level, escalation.pager_key)
            if seen.state is not PageState.UNKNOWN or seen.reason:
                return seen
        return PageSeen(PageState.UNKNOWN)

    async def _time(self) -> datetime:
        return self.now()


def _noted(deed: Deed, come_to: Advanced | Refused) -> Escalation | None:
    refused = come_to.reason if isinstance(come_to, Refused) else ""
    log.info("escalation.done_in_pager", kind=deed.kind.value, refused=refused)
    return come_to.escalation if isinstance(come_to, Advanced) else None
