"""Slack's people as responders: who is in a user group, and who has an e-mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import OnCallError
from bot.domain.oncall import Responder
from bot.slack.refusals import UNSURE, word_for
from bot.slack.workspaces import in_workspace

log = structlog.get_logger(__name__)

_REINSTALL = "apply the manifest (airflow-bot manifest) to the app and install it again"
_REMEDIES = {
    "missing_scope": f"the app needs usergroups:read: {_REINSTALL}",
    "no_such_subteam": "set on_call.user_group to the id of a group that there is",
    "paid_teams_only": "this Slack plan has no user groups: use a rota in place of it",
}


class SlackDirectory:
    """Remembers names and addresses for the life of the process: they hardly ever change."""

    def __init__(self, client: AsyncWebClient, workspace: str = "") -> None:
        """`workspace` is whose people these are, where there are several."""
        self._client = client
        self._workspace = workspace
        self._people: dict[str, Responder | None] = {}
        self._ids: dict[str, str] = {}

    async def members(self, group: str) -> Sequence[Responder]:
        """The people in the group with this id, without apps. Raises `OnCallError`."""
        try:
            with in_workspace(self._workspace):
                reply = await self._client.usergroups_users_list(usergroup=group)
        except SlackApiError as error:
            word = word_for(error)
            remedy = _REMEDIES.get(word, "check slack.bot_token with airflow-bot doctor")
            raise OnCallError(f"Slack does not say who is in {group} ({word}): {remedy}.") from None
        except (*UNSURE, SlackClientError) as error:
            raise OnCallError(f"Slack does not answer ({word_for(error)}).") from None
        found = [await self._person(user_id) for user_id in reply.get("users") or ()]
        return [person for person in found if person is not None]

    async def id_of(self, email: str) -> str:
        """The id of whoever has this address; "" where Slack does not say."""
        if email not in self._ids:
            try:
                with in_workspace(self._workspace):
                    reply = await self._client.users_lookupByEmail(email=email)
            except (*UNSURE, SlackClientError) as error:
                if word_for(error) != "users_not_found":
                    log.warning("slack.email_not_looked_up", error=word_for(error))
                return ""
            self._ids[email] = str((reply.get("user") or {}).get("id") or "")
        return self._ids[email]

    async def email_of(self, user_id: str) -> str:
        """The address of this person; "" where Slack does not say."""
        person = await self._person(user_id)
        return person.email if person else ""

    async def _person(self, user_id: str) -> Responder | None:
        """None for an app, and for who is gone. Without users:read people go by their ids."""
        if user_id not in self._people:
            try:
                with in_workspace(self._workspace):
                    reply = await self._client.users_info(user=user_id)
            except (*UNSURE, SlackClientError) as error:
                log.warning("slack.person_unknown", error=word_for(error))
                return Responder(user_id, user_id)
            self._people[user_id] = _responder(reply.get("user") or {}, user_id)
        return self._people[user_id]


def _responder(user: Mapping[str, Any], user_id: str) -> Responder | None:
    if user.get("is_bot") or user.get("deleted"):
        return None
    profile = user.get("profile") or {}
    name = profile.get("real_name") or user.get("real_name") or user.get("name") or user_id
    return Responder(str(name), user_id, str(profile.get("email") or "").lower())
