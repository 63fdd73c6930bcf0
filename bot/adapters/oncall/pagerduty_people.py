"""PagerDuty's users as responders, known to Slack by their e-mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.adapters.oncall.pagerduty_api import Json, PagerDutyApi, PagerDutyFault
from bot.domain.oncall import PageState, Responder


class Directory(Protocol):
    """Slack's people, who are "" where Slack does not say. Never raises."""

    async def id_of(self, email: str) -> str: ...

    async def email_of(self, user_id: str) -> str: ...


class People:
    """The same people in PagerDuty and in Slack. `slack_users` come before what Slack says."""

    def __init__(
        self, api: PagerDutyApi, slack_users: Mapping[str, str], directory: Directory
    ) -> None:
        self._api = api
        self._slack_users = slack_users
        self._directory = directory
        self._emails = {user_id: email for email, user_id in slack_users.items()}

    async def responders(self, users: Sequence[Json]) -> dict[str, Responder]:
        """Each of them once, by PagerDuty's id, in order."""
        found: dict[str, Responder] = {}
        for user in users:
            if str(user.get("id")) not in found:
                found[str(user.get("id"))] = await self._responder(user)
        return found

    async def who_changed(self, incident: Json, state: PageState) -> Responder | None:
        """Who acknowledged or resolved it; None where that was no person."""
        user = incident.get("last_status_change_by")
        if state is PageState.ACKNOWLEDGED and incident.get("acknowledgements"):
            user = incident["acknowledgements"][-1].get("acknowledger")
        if not isinstance(user, dict) or not str(user.get("type")).startswith("user"):
            return None
        return await self._responder(user if "email" in user else await self._whole(user))

    async def email_of(self, by: Responder | None) -> str:
        """In whose name it is done; "" for ours, where nobody knows."""
        if by is None:
            return ""
        known = self._emails.get(by.user_id) or by.email
        return known or (await self._directory.email_of(by.user_id) if by.user_id else "")

    async def user_id_of(self, person: Responder) -> str:
        """PagerDuty's own id; "" where it has nobody of their e-mail, or that is not known."""
        email = (await self.email_of(person)).lower()
        if not email:
            return ""
        found = await self._api.every("/users", {"query": email})
        same = (one for one in found if str(one.get("email") or "").lower() == email)
        return str(next(same, {}).get("id") or "")

    async def _whole(self, user: Json) -> Json:
        """With the e-mail; as it is where PagerDuty does not have the user any more."""
        try:
            found = (await self._api.get(f"/users/{user.get('id')}")).get("user")
        except PagerDutyFault:
            return user
        return found if isinstance(found, dict) else user

    async def _responder(self, user: Json) -> Responder:
        email = str(user.get("email") or "").lower()
        user_id = self._slack_users.get(email, "")
        if email and not user_id:
            user_id = await self._directory.id_of(email)
        name = user.get("name") or user.get("summary") or email or "somebody"
        return Responder(str(name), user_id, email)
