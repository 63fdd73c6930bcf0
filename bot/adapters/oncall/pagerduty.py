"""PagerDuty as a source: people by an escalation policy, and incidents for what is paged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.adapters.oncall.pagerduty_api import PagerDutyApi, PagerDutyConfig, PagerDutyFault
from bot.adapters.oncall.pagerduty_doctor import check_pagerduty
from bot.adapters.oncall.pagerduty_incidents import (
    Incidents,
    assigned_to,
    changed_at,
    state_of,
)
from bot.adapters.oncall.pagerduty_people import Directory, People
from bot.adapters.oncall.pagerduty_shifts import DutyShift, read_shift, turns_of
from bot.domain.checks import Check
from bot.domain.oncall import (
    OnCallNow,
    OnCallTurn,
    Page,
    PageOutcome,
    PageSeen,
    PageState,
    PageStatus,
    Responder,
)

log = structlog.get_logger(__name__)

_NAME = "PagerDuty"
_AHEAD = timedelta(days=89)  # it knows shifts of 90 days
_UNKNOWN_THERE = (
    "PagerDuty has no user with the e-mail of whoever it was handed to. "
    "Give that e-mail under on_call.pagerduty.slack_users."
)
_ASK_AGAIN = 600.0  # seconds; what is refused is not mended in a minute


class PagerDutySource:
    """One service and its escalation policy, whose levels are ours."""

    def __init__(self, config: PagerDutyConfig, directory: Directory) -> None:
        self.name = _NAME
        self._config = config
        self._api = PagerDutyApi(config)
        self._incidents = Incidents(config, self._api)
        self._people = People(self._api, config.slack_users, directory)

    @property
    def levels(self) -> int:
        """The first: further ones PagerDuty calls by itself, unless the settings name them."""
        return 1

    async def close(self) -> None:
        await self._api.close()

    async def on_call(self, level: int, at: datetime) -> OnCallNow:
        try:
            shifts = await self._shifts(level, at, at)
        except PagerDutyFault as error:
            return OnCallNow(level, (), _NAME, fault=str(error))
        shifts = [shift for shift in shifts if shift.covers(at)]
        found = await self._people.responders([shift.user for shift in shifts])
        responders = tuple(found.values())
        until = min((shift.end for shift in shifts if shift.end), default=None)
        return OnCallNow(level, responders, _NAME, until, warning=_unknown_to_slack(responders))

    async def turns(self, level: int, at: datetime, horizon: timedelta) -> Sequence[OnCallTurn]:
        end = at + min(horizon, _AHEAD)
        shifts = await self._shifts(level, at, end)
        responders = await self._people.responders([shift.user for shift in shifts])
        return turns_of(level, shifts, responders, at, end)

    async def page(self, level: int, page: Page) -> PageOutcome:
        try:
            incident = await self._incidents.find(page.key) or await self._incidents.create(page)
            if level > 1:
                people = [shift.user_id for shift in await self._shifts(level)]
                incident = await self._incidents.raise_to(level, incident, people)
        except PagerDutyFault as error:
            return _failed(error)
        return _paged(incident)

    async def tell(
        self, level: int, key: str, state: PageState, by: Responder | None
    ) -> PageOutcome:
        if state not in (PageState.ACKNOWLEDGED, PageState.RESOLVED):
            reason = f"PagerDuty cannot be told that something is {state.value}."
            return PageOutcome(PageStatus.FAILED, _NAME, reason)
        try:
            incident = await self._incidents.own(key)
            if incident is None:
                reason = "PagerDuty has no incident for it: it was not paged there."
                return PageOutcome(PageStatus.FAILED, _NAME, reason)
            # Acknowledged once more it would be handed to whoever says so.
            if state_of(incident) not in (state, PageState.RESOLVED):
                email = await self._people.email_of(by)
                incident = await self._incidents.set_state(incident, state, email)
        except PagerDutyFault as error:
            return _failed(error)
        return _paged(incident)

    async def hand(self, level: int, key: str, to: Responder, by: Responder | None) -> PageOutcome:
        try:
            incident = await self._incidents.find(key)
            if incident is None or state_of(incident) is PageState.RESOLVED:
                return PageOutcome(PageStatus.NAMED, _NAME)
            user_id = await self._people.user_id_of(to)
            if not user_id:
                link = _link(incident)
                return PageOutcome(PageStatus.FAILED, _NAME, _UNKNOWN_THERE, link=link)
            email = await self._people.email_of(by)
            incident = await self._incidents.assign(incident, user_id, email)
        except PagerDutyFault as error:
            return _failed(error)
        return _paged(incident)

    async def seen(self, level: int, key: str) -> PageSeen:
        try:
            incident = await self._incidents.find(key)
            if incident is None:
                return PageSeen(PageState.GONE)
            state = state_of(incident)
            is_open = state is PageState.OPEN
            by = None if is_open else await self._people.who_changed(incident, state)
            assigned = tuple((await self._people.responders(assigned_to(incident))).values())
        except PagerDutyFault as error:
            log.warning("pagerduty_not_seen", fault=str(error))
            return PageSeen(
                PageState.UNKNOWN, reason=str(error), retry_in=error.retry_in or _ASK_AGAIN
            )
        return PageSeen(state, by, _link(incident), changed_at(incident), assigned)

    async def doctor(self) -> Sequence[Check]:
        return await check_pagerduty(self._config, self._api)

    async def _shifts(
        self, level: int, since: datetime | None = None, until: datetime | None = None
    ) -> list[DutyShift]:
        """Those that touch the time from `since` to `until`; those of now without."""
        query = {
            "escalation_policy_ids[]": self._config.escalation_policy,
            "include[]": "users",
            "time_zone": "UTC",
        }
        if since and until:
            query |= {"since": since.isoformat(), "until": until.isoformat()}
        read = map(read_shift, await self._api.every("/oncalls", query))
        return [shift for shift in read if shift and shift.level == level]


def _paged(incident: dict[str, object]) -> PageOutcome:
    return PageOutcome(PageStatus.PAGED, _NAME, reference=str(incident["id"]), link=_link(incident))


def _failed(error: PagerDutyFault) -> PageOutcome:
    status = PageStatus.UNCERTAIN if error.is_uncertain else PageStatus.FAILED
    return PageOutcome(status, _NAME, str(error), error.retry_in)


def _link(incident: dict[str, object]) -> str:
    return str(incident.get("html_url") or "")


def _unknown_to_slack(responders: Sequence[Responder]) -> str:
    names = ", ".join(one.name for one in responders if not one.user_id)
    if not names:
        return ""
    return (
        f"Slack does not know {names} by the e-mail that PagerDuty has. "
        "Give Slack ids under on_call.pagerduty.slack_users."
    )
