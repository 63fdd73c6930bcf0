"""Whether those who own Dags are people whom Slack knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.checks import Check, CheckStatus
from bot.slack.client import web_client
from bot.slack.config import SlackConfig
from bot.slack.refusals import UNSURE, code_of

_PART = "slack"
_NAME = "owners of Dags"
_NOBODY = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


async def check_owners(config: SlackConfig, owners: Mapping[str, str]) -> Sequence[Check]:
    """`owners` maps owners of Dags to ids of people. One check for all, and one more for each that
    is wrong; never raises."""
    if not owners:
        return []
    client = web_client(config, config.bot_token)
    faults = []
    for owner, user in owners.items():
        try:
            fault = await _fault(client, user)
        except (SlackClientError, *UNSURE) as error:
            word = code_of(error) if isinstance(error, SlackApiError) else type(error).__name__
            detail = f"Slack does not say who they are: {word}"
            return [Check(_PART, _NAME, CheckStatus.SKIPPED, detail)]
        if fault:
            remedy = f"Correct escalation.owners.{owner}, or take it out."
            faults.append(Check(_PART, f"owner {owner}", CheckStatus.FAILED, fault, remedy))
    known = f"{len(owners) - len(faults)} of {len(owners)} are known"
    return faults or [Check(_PART, _NAME, CheckStatus.OK, known)]


async def _fault(client: AsyncWebClient, user: str) -> str:
    """Why `user` cannot be called; "" where they can."""
    try:
        found = (await client.users_info(user=user)).get("user") or {}
    except SlackApiError as error:
        if code_of(error) in _NOBODY:
            return f"{user} is nobody in this workspace"
        raise
    if found.get("deleted"):
        return f"{user} has left the workspace"
    return f"{user} is an app" if found.get("is_bot") else ""
