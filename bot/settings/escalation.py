"""The settings of calling a human: where, after how long, and when not."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import Field

from bot.settings.section import Section
from bot.settings.values import ChannelId, TimeZone

Minutes = Annotated[float, Field(gt=0, le=7 * 24 * 60, allow_inf_nan=False)]


class QuietHoursSettings(Section):
    """Nobody is called then unless it is grave; off without a start and an end."""

    start: time | None = Field(None, description="Give a time of day, e.g. '22:00'")
    end: time | None = Field(None, description="Give a time of day, e.g. '07:00'")
    timezone: TimeZone = Field("UTC", description="Give an IANA time zone, e.g. Europe/Berlin")


class EscalationSettings(Section):
    """Off without a channel. Times are in minutes."""

    channel: ChannelId | None = Field(
        None, description="Give the id of the channel of those on call, e.g. C0123ABCD"
    )
    acknowledge_within: Minutes = Field(10, description="Use minutes, at most a week")
    remind_after: Minutes = Field(30, description="Use minutes, at most a week")
    remind_responder_after: Minutes = Field(240, description="Use minutes, at most a week")
    expire_after: Minutes = Field(4_320, description="Use minutes, at most a week")
    unanswered_after: Minutes = Field(30, description="Use minutes, at most a week")
    low_confidence: float = Field(0.5, ge=0, le=1, description="Use 0 to 1; 0 for never")
    quiet_hours: QuietHoursSettings = Field(
        QuietHoursSettings(), description="Write it as a section with start, end and timezone"
    )
    owners: dict[str, str] = Field(
        {}, description="Map owners of Dags to Slack ids, e.g. {orders-team: U0123ABCD}"
    )
