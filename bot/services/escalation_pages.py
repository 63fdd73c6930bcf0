"""Pages whoever is on call for an escalation, and keeps what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from bot.domain.errors import BotError, OnCallError
from bot.domain.escalation_pager import first_look
from bot.domain.escalations import Deed, Escalation, Kind, Severity, State
from bot.domain.oncall import (
    OnCallNow,
    Page,
    PageOutcome,
    PageState,
    PageStatus,
    Responder,
    Urgency,
)
from bot.domain.work import Retry
from bot.services.escalation_ports import EscalationMeter, Escalations
from bot.services.on_call_port import OnCall
from bot.services.ports import DurableSteps

log = structlog.get_logger(__name__)

_LOOK = Retry(attempts=3, pause=1.0, seconds=30.0)
_PAGE = Retry(seconds=45.0)
_KEEP = Retry(attempts=20, pause=1.0, seconds=15.0)


_HAND = Retry(attempts=4, pause=5.0, seconds=45.0)
_SOON = 30.0  # seconds until a page of which nothing was heard is tried again


@dataclass(frozen=True, slots=True)
class Called:
    """Who is called at a level now, and what became of the page."""

    on_call: OnCallNow
    outcome: PageOutcome


@dataclass(frozen=True, slots=True)
class Pages:
    """`now` gives aware UTC times."""

    on_call: OnCall
    escalations: Escalations
    meter: EscalationMeter
    now: Callable[[], datetime]

    async def page(self, escalation: Escalation, link: str, steps: DurableSteps) -> OnCallNow:
        """Calls the people of the escalation's level, once, and keeps what became of it. `link` is
        where they find its card, "" where nobody knows."""
        found = await steps.run("who is on call", partial(self._on_call, escalation.level), _LOOK)
        outcome = await self._paged(_page_of(escalation, link), found, steps)
        key = f"escalation:{escalation.id}:paged:{escalation.moves}"
        await self._keep(escalation, key, outcome, found, steps)
        await steps.start(first_look(escalation, outcome.retry_in))
        return found

    async def again(
        self, escalation: Escalation, link: str, number: int, steps: DurableSteps
    ) -> None:
        """Once more, after a page that failed or may have; `number` counts these tries. Kept only
        where that comes to something else."""
        level, page = escalation.level, escalation.page
        found = await steps.run("who is on call", partial(self._on_call, level), _LOOK)
        outcome = await self._paged(_page_of(escalation, link), found, steps)
        if page is not None and outcome.status is page.status and _may_come_right(outcome):
            return
        key = f"escalation:{escalation.id}:paged:{escalation.moves}:{number}"
        await self._keep(escalation, key, outcome, found, steps)

    async def tell(self, escalation: Escalation, by: str, steps: DurableSteps) -> None:
        """Keeps the pager in step with what people did here, wherever it was paged."""
        state = _PAGER_STATES.get(escalation.state)
        if state is None:
            return
        for level in range(1, escalation.level + 1):
            tell = partial(self._tell, level, escalation.pager_key, state, by)
            await steps.run(f"tell pager {level}", tell, _LOOK)

    async def hand(
        self, escalation: Escalation, to: str, by: str, steps: DurableSteps
    ) -> PageOutcome | None:
        """Has the pager give it to whom it was handed here; None where no pager has it."""
        for level in range(escalation.level, 0, -1):
            hand = partial(self._hand, level, escalation.pager_key, to, by)
            try:
                outcome = await steps.run(f"hand on in pager {level}", hand, _HAND)
            except BotError as error:
                return PageOutcome(PageStatus.FAILED, "The pager", str(error))
            if outcome.status is not PageStatus.NAMED:
                return outcome
        return None

    async def _hand(self, level: int, key: str, to: str, by: str) -> PageOutcome:
        """Raises `OnCallError` for what may come right, to be tried again."""
        responder = Responder(by, by) if by else None
        outcome = await self.on_call.hand(level, key, Responder(to, to), responder)
        if outcome.status in (PageStatus.FAILED, PageStatus.UNCERTAIN):
            log.warning("escalation.pager_not_handed", level=level, reason=outcome.reason)
            if outcome.retry_in is not None:
                raise OnCallError(outcome.reason)
        return outcome

    async def _tell(self, level: int, key: str, state: PageState, by: str) -> str:
        responder = Responder(by, by) if by else None
        outcome = await self.on_call.tell(level, key, state, responder)
        if outcome.status is PageStatus.FAILED:
            log.warning("escalation.pager_not_told", level=level, reason=outcome.reason)
        return outcome.reason

    async def _on_call(self, level: int) -> OnCallNow:
        return await self.on_call.on_call(level, self.now())

    async def _keep(
        self,
        escalation: Escalation,
        key: str,
        outcome: PageOutcome,
        found: OnCallNow,
        steps: DurableSteps,
    ) -> None:
        failed = outcome.status is PageStatus.FAILED
        deed = Deed(
            key=key,
            kind=Kind.PAGE_FAILED if failed else Kind.PAGED,
            at=await steps.run("time", self._time),
            words=outcome.reason or found.fault or found.warning,
            level=escalation.level,
            names=tuple(one.name for one in found.responders),
            status=outcome.status,
            link=outcome.link,
            is_tried_again=_may_come_right(outcome),
        )
        await steps.run("keep page", partial(self.escalations.do, escalation.id, deed), _KEEP)

    async def _paged(self, page: Page, found: OnCallNow, steps: DurableSteps) -> PageOutcome:
        """Once: a pager says by itself when it wants to be asked again, see `again`."""

        async def call() -> PageOutcome:
            outcome = await self.on_call.page(page)
            self.meter.paged(outcome.source, outcome.status.value)
            return outcome

        try:
            return await steps.run("page", call, _PAGE)
        except BotError as error:
            # It may have arrived all the same.
            return PageOutcome(PageStatus.UNCERTAIN, found.source, str(error), retry_in=_SOON)

    async def _time(self) -> datetime:
        return self.now()


_PAGER_STATES = {
    State.ACKNOWLEDGED: PageState.ACKNOWLEDGED,
    State.MITIGATED: PageState.ACKNOWLEDGED,
    State.SNOOZED: PageState.ACKNOWLEDGED,  # whoever puts it off has seen it
    State.RESOLVED: PageState.RESOLVED,
}


def _may_come_right(outcome: PageOutcome) -> bool:
    """Whether another try makes sense of a page that failed, or may have."""
    failed = outcome.status in (PageStatus.FAILED, PageStatus.UNCERTAIN)
    return failed and outcome.retry_in is not None


def _page_of(escalation: Escalation, link: str) -> Page:
    subject = escalation.subject
    return Page(
        key=escalation.pager_key,
        level=escalation.level,
        title=subject.title,
        details=f"{escalation.fired.said()}\n{subject.question}".strip(),
        urgency=Urgency.HIGH if escalation.severity >= Severity.NORMAL else Urgency.LOW,
        link=link,
    )
