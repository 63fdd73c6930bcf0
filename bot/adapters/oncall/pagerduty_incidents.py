"""Incidents in PagerDuty: one for each key, found again by its `incident_key`.

PagerDuty refuses a second incident under a key while the first is open, and takes one after it was
resolved. So each is looked for before it is made, and again after a line that broke.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import structlog

from bot.adapters.oncall.pagerduty_api import Json, PagerDutyApi, PagerDutyConfig, PagerDutyFault
from bot.domain.oncall import Page, PageState

log = structlog.get_logger(__name__)

_TITLE_MAX = 1_024
_DETAILS_MAX = 10_000
_INCLUDED = ["acknowledgers", "assignees"]  # whole, with their e-mail
_MERGES = 5
_NOT_FOUND = 404
_STATES = {"acknowledged": PageState.ACKNOWLEDGED, "resolved": PageState.RESOLVED}
_STATUSES = {state: status for status, state in _STATES.items()}
_KNOWN_ALREADY = "matching dedup key"
_RESOLVED_ALREADY = "already resolved"
_NO_SUCH_USER = "requester user not found"


class Incidents:
    """Of one service. Raises `PagerDutyFault`."""

    def __init__(self, config: PagerDutyConfig, api: PagerDutyApi) -> None:
        self._config = config
        self._api = api

    async def find(self, key: str) -> Json | None:
        """What stands for this key now: its own incident, or the one that it was merged into."""
        incident = await self.own(key)
        for _ in range(_MERGES):
            other = _merged_into(incident)
            if not other:
                break
            incident = await self._of_id(other)
        return incident

    async def own(self, key: str) -> Json | None:
        """The open one of this key, else the newest that was resolved."""
        query = {
            "incident_key": key,
            "service_ids[]": self._config.service,
            "date_range": "all",
            "sort_by": "created_at:desc",
            "include[]": _INCLUDED,
        }
        found = await self._api.every("/incidents", query)
        is_open = (one for one in found if state_of(one) is not PageState.RESOLVED)
        return next(is_open, found[0] if found else None)

    async def create(self, page: Page) -> Json:
        """The incident that now stands for the page, whoever made it."""
        try:
            return _one(await self._api.send("POST", "/incidents", self._body(page)))
        except PagerDutyFault as error:
            # Somebody else was faster, or it was done and nobody heard of it.
            if not error.is_uncertain and _KNOWN_ALREADY not in error.said.lower():
                raise
            incident = await self._made_after_all(page.key)
            if incident is None:
                raise
            log.info("pagerduty_page_found", reference=incident["id"])
            return incident

    async def raise_to(self, level: int, incident: Json, people: Collection[str]) -> Json:
        """Hands it to this level of the policy, where `people` (ids) are on call; not where it is
        with one of them, who would be called again."""
        if state_of(incident) is PageState.RESOLVED or _assigned(incident) & set(people):
            return incident
        return await self._change(incident, {"escalation_level": level})

    async def set_state(self, incident: Json, state: PageState, email: str) -> Json:
        """Acknowledged or resolved, in the name of `email`; in ours where PagerDuty does not have
        that user."""
        try:
            return await self._changed_by(incident, {"status": _STATUSES[state]}, email)
        except PagerDutyFault as error:
            if _RESOLVED_ALREADY in error.said.lower():
                return incident
            raise

    async def assign(self, incident: Json, user_id: str, email: str) -> Json:
        """Gives it to one user (PagerDuty's id) alone, who is called; not where they have it. In
        whose name as in `set_state`."""
        if _assigned(incident) == {user_id}:
            return incident
        assignee = {"id": user_id, "type": "user_reference"}
        return await self._changed_by(incident, {"assignments": [{"assignee": assignee}]}, email)

    async def _of_id(self, incident_id: str) -> Json | None:
        try:
            query = {"include[]": _INCLUDED}
            return _one(await self._api.get(f"/incidents/{incident_id}", query))
        except PagerDutyFault as fault:
            if fault.status == _NOT_FOUND:
                return None
            raise

    async def _made_after_all(self, key: str) -> Json | None:
        try:
            return await self.find(key)
        except PagerDutyFault:
            return None  # what went wrong before is the one to tell

    async def _changed_by(self, incident: Json, change: Json, email: str) -> Json:
        try:
            return await self._change(incident, change, email)
        except PagerDutyFault as error:
            if not email or _NO_SUCH_USER not in error.said.lower():
                raise
        return await self._change(incident, change)

    async def _change(self, incident: Json, change: Json, email: str = "") -> Json:
        body = {"incident": {"type": "incident", **change}}
        return _one(await self._api.send("PUT", f"/incidents/{incident['id']}", body, email))

    def _body(self, page: Page) -> Json:
        details = "\n\n".join(filter(None, (page.details[:_DETAILS_MAX], page.link)))
        incident: Json = {
            "type": "incident",
            "title": " ".join(page.title.split())[:_TITLE_MAX],
            "service": {"id": self._config.service, "type": "service_reference"},
            "escalation_policy": {
                "id": self._config.escalation_policy,
                "type": "escalation_policy_reference",
            },
            "urgency": page.urgency.value,
            "incident_key": page.key,
            "body": {"type": "incident_body", "details": details or page.title},
        }
        return {"incident": incident}


def state_of(incident: Json) -> PageState:
    """Further states may come to PagerDuty; until it is resolved it is open."""
    return _STATES.get(str(incident.get("status")), PageState.OPEN)


def assigned_to(incident: Json) -> list[Json]:
    """The users whom it is with."""
    given = incident.get("assignments") or ()
    users = [one.get("assignee") or {} for one in given if isinstance(one, dict)]
    return [user for user in users if user.get("id")]


def changed_at(incident: Json) -> datetime | None:
    """When its state changed last, UTC; None where PagerDuty does not say."""
    try:
        return datetime.fromisoformat(str(incident.get("last_status_change_at"))).astimezone(UTC)
    except ValueError:
        return None


def _assigned(incident: Json) -> set[str]:
    return {str(user["id"]) for user in assigned_to(incident)}


def _merged_into(incident: Json | None) -> str:
    """The id of the incident that stands for it now; "" where it was not merged."""
    reason = (incident or {}).get("resolve_reason")
    if not isinstance(reason, dict) or reason.get("type") != "merge_resolve_reason":
        return ""
    return str((reason.get("incident") or {}).get("id") or "")


def _one(reply: Json) -> Json:
    incident = reply.get("incident")
    if not isinstance(incident, dict) or not incident.get("id"):
        reason = "PagerDuty's answer holds no incident"
        raise PagerDutyFault(reason, retry_in=30.0, is_uncertain=True)
    return incident
