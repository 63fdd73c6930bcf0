"""The settings of the console: whether there is one, who may come in, and as what."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.settings.section import Section
from bot.settings.values import Members, PublicUrl, Secret

Hours = Annotated[float, Field(gt=0, le=168, allow_inf_nan=False)]
_PEOPLE = "List ids of people, e.g. U0123ABCD, or user groups, e.g. @platform-team"


class ConsoleSettings(Section):
    """Off unless it is enabled. Nobody has a role by default: then only `airflow-bot console token`
    lets somebody in, on the bot's own machine."""

    enabled: bool = Field(False, description="Use true to have the pages under /console")
    public_url: PublicUrl | None = Field(
        None, description="Give the address at which people's browsers reach this bot"
    )
    client_id: str | None = Field(None, description="It is on the page Basic Information in Slack")
    client_secret: Secret | None = Field(
        None, description="It is on the page Basic Information of the Slack app"
    )
    viewers: Members = Field((), description=_PEOPLE)
    reviewers: Members = Field((), description=_PEOPLE)
    admins: Members = Field((), description=_PEOPLE)
    session_hours: Hours = Field(8, description="Use hours, at most a week")
