"""Whether PagerDuty can be used as it is configured, found out by reading what is needed."""

from __future__ import annotations

from bot.adapters.oncall.pagerduty_api import Json, PagerDutyApi, PagerDutyConfig, PagerDutyFault
from bot.domain.checks import Check, CheckStatus

_PART = "on call:pagerduty"
_RESTING = {"disabled": "is disabled", "maintenance": "is under maintenance"}


async def check_pagerduty(config: PagerDutyConfig, api: PagerDutyApi) -> list[Check]:
    """Nothing is changed and nobody called; never raises."""
    policy = await _check_policy(config, api)
    if policy.status is CheckStatus.FAILED:
        return [policy]
    return [policy, await _check_service(config, api), await _check_sender(config, api)]


async def _check_policy(config: PagerDutyConfig, api: PagerDutyApi) -> Check:
    name = "escalation policy"
    try:
        reply = await api.get(f"/escalation_policies/{config.escalation_policy}")
    except PagerDutyFault as error:
        return Check(_PART, name, CheckStatus.FAILED, str(error))
    policy = _section(reply, "escalation_policy")
    count = len(policy.get("escalation_rules") or ())
    if not count:
        remedy = "Add people to it in PagerDuty."
        return Check(_PART, name, CheckStatus.FAILED, "it has no levels", remedy)
    detail = f"{policy.get('name')}, {count} level{'s' if count > 1 else ''}"
    return Check(_PART, name, CheckStatus.OK, detail)


async def _check_service(config: PagerDutyConfig, api: PagerDutyApi) -> Check:
    name = "service"
    try:
        service = _section(await api.get(f"/services/{config.service}"), "service")
    except PagerDutyFault as error:
        return Check(_PART, name, CheckStatus.FAILED, str(error))
    resting = _RESTING.get(str(service.get("status")))
    if resting:
        remedy = "Nobody is called by it until it is active in PagerDuty again."
        detail = f"{service.get('name')} {resting}"
        return Check(_PART, name, CheckStatus.WARNING, detail, remedy)
    return Check(_PART, name, CheckStatus.OK, str(service.get("name")))


async def _check_sender(config: PagerDutyConfig, api: PagerDutyApi) -> Check:
    """Incidents are made in the name of a user of the account."""
    name = "from_email"
    try:
        users = await api.every("/users", {"query": config.from_email})
    except PagerDutyFault as error:
        return Check(_PART, name, CheckStatus.FAILED, str(error))
    if not any(str(user.get("email")).lower() == config.from_email.lower() for user in users):
        remedy = "Set on_call.pagerduty.from_email to the login e-mail of a PagerDuty user."
        detail = f"PagerDuty has no user {config.from_email}"
        return Check(_PART, name, CheckStatus.FAILED, detail, remedy)
    detail = f"{config.from_email}; only a page can prove that the token may write"
    return Check(_PART, name, CheckStatus.OK, detail)


def _section(reply: Json, key: str) -> Json:
    found = reply.get(key)
    return found if isinstance(found, dict) else {}
