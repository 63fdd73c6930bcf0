"""The settings of watching how much room the clusters have."""

from __future__ import annotations

from pydantic import Field

from bot.settings.section import Section
from bot.settings.values import ChannelId


class CapacitySettings(Section):
    """Every cluster is looked at all five minutes, with four calls; what is foreseen is told in
    `channel`, and in answers alone without one."""

    watch: bool = Field(True, description="Use false to look only when somebody asks")
    channel: ChannelId | None = Field(
        None, description="Give the id of the platform team's channel, e.g. C0123ABCD"
    )
