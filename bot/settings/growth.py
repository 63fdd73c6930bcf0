"""The settings of what the bot learns: drafts of runbooks, and the weekly report of gaps."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from bot.settings.section import Section
from bot.settings.values import ChannelId, ExistingFolder, TimeZone


class GrowthSettings(Section):
    """What fails on three runs without a runbook is drafted, and offered in `channel`, or where
    those on call are. What somebody approves is written to `folder`."""

    drafts: bool = Field(True, description="Use false to draft no runbooks")
    channel: ChannelId | None = Field(
        None, description="Give the id of the platform team's channel, e.g. C0123ABCD"
    )
    folder: ExistingFolder | None = Field(
        None, description="Give the one of the folders of knowledge.runbooks to write to"
    )
    path: str = Field(
        "runbooks",
        pattern=r"^[\w.-]+(/[\w.-]+)*$",
        description="Give the folder in the repository that patches are for, e.g. docs/runbooks",
    )


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class GapReportSettings(Section):
    """Once a week in `channel`; never without one."""

    channel: ChannelId | None = Field(
        None, description="Give the id of the platform team's channel, e.g. C0123ABCD"
    )
    weekday: Weekday = Field(Weekday.MONDAY, description="Use monday to sunday")
    hour: int = Field(9, ge=0, le=23, description="Use 0 to 23")
    timezone: TimeZone = Field("UTC", description="Give a time zone, e.g. Europe/Berlin")
