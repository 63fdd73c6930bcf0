"""The section `on_call`: where it is kept who is called, level by level."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from bot.settings.section import Seconds, Section
from bot.settings.values import ExistingFile, Listed, Secret, TokenUrl

SOURCES = ("rota", "pagerduty", "user_group")
LEVEL = re.compile(rf"(?P<source>{'|'.join(SOURCES)})(?: (?P<level>[1-9]\d?))?")
_USER_ID = re.compile(r"[UW][A-Z0-9]{5,20}")
_GROUP_ID = re.compile(r"S[A-Z0-9]{7,20}")
_PAGERDUTY_ID = re.compile(r"[A-Z0-9]{6,20}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
NEEDED = {
    "token": "Name the source of a REST API key with token_env or token_file",
    "from_email": "Give the login e-mail of a PagerDuty user in whose name incidents are made",
    "service": "Give the id of the PagerDuty service, e.g. PIJ90N7",
    "escalation_policy": "Give the id of its escalation policy, e.g. PT20YPA",
}


def _level(value: str) -> str:
    words = " ".join(value.split())
    if not LEVEL.fullmatch(words):
        raise ValueError(f"is no level. Write {', '.join(SOURCES)}, or rota 2 for its second level")
    return words


def _group_id(value: str) -> str:
    if not _GROUP_ID.fullmatch(value):
        raise ValueError(
            "is not the id of a user group. Open the group in Slack, choose Copy group ID, and "
            "write it like S0123ABCD"
        )
    return value


def _user_id(value: str) -> str:
    if not _USER_ID.fullmatch(value):
        raise ValueError(
            "is not the id of a Slack user. Choose Copy member ID in the profile, and write it "
            "like U0123ABCD"
        )
    return value


def _pagerduty_id(value: str) -> str:
    if not _PAGERDUTY_ID.fullmatch(value):
        raise ValueError(
            "is not an id of PagerDuty. Copy it from the end of the page's address, e.g. PIJ90N7"
        )
    return value


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("is not an e-mail address. Write it like airflow-bot@example.com")
    return value


def _mapped(value: Any) -> Any:
    """A mapping written in an environment variable, as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('is no mapping. Write {"dana@example.com": "U0123ABCD"}') from None


def _by_small_letters(value: Mapping[str, str]) -> dict[str, str]:
    return {email.lower(): user_id for email, user_id in value.items()}


PagerDutyId = Annotated[str, AfterValidator(_pagerduty_id)]
UserId = Annotated[str, AfterValidator(_user_id)]


class PagerDutySettings(Section):
    """PagerDuty's REST API; off unless its keys are given."""

    token: Secret | None = Field(None, description="Give a REST API key that may write")
    from_email: Annotated[str, AfterValidator(_email)] | None = Field(
        None, description=NEEDED["from_email"]
    )
    service: PagerDutyId | None = Field(None, description=NEEDED["service"])
    escalation_policy: PagerDutyId | None = Field(None, description=NEEDED["escalation_policy"])
    api_url: TokenUrl = Field(
        "https://api.pagerduty.com",
        description="Leave it out, or use https://api.eu.pagerduty.com for accounts in Europe",
    )
    timeout: Seconds = Field(10.0, description="Give seconds, e.g. 10")
    slack_users: Annotated[
        dict[str, UserId], BeforeValidator(_mapped), AfterValidator(_by_small_letters)
    ] = Field({}, description="Give Slack ids by the e-mail of PagerDuty users")

    @property
    def is_enabled(self) -> bool:
        return self.token is not None


class OnCallSettings(Section):
    """Without `levels` every source that is given is called, one after the other, by its levels."""

    rota: ExistingFile | None = Field(None, description="Give the path of a rota file")
    pagerduty: PagerDutySettings = Field(PagerDutySettings(), description="Write it as a section")
    user_group: Annotated[str, AfterValidator(_group_id)] | None = Field(
        None, description="Give the id of a Slack user group, e.g. S0123ABCD"
    )
    levels: Annotated[tuple[Annotated[str, AfterValidator(_level)], ...], Listed] = Field(
        (), description="List sources, first called first, e.g. [rota, rota 2, pagerduty]"
    )

    @property
    def plan(self) -> tuple[tuple[str, int], ...]:
        """`levels` as sources with their own level."""
        found = [LEVEL.fullmatch(words) for words in self.levels]
        return tuple((one["source"], int(one["level"] or 1)) for one in found if one)
