"""The settings of how long conversations are kept."""

from __future__ import annotations

from pydantic import Field

from bot.settings.section import Section


class ConversationsSettings(Section):
    """What was asked and answered goes after that, with evidence, ratings and its rows of
    snapshots."""

    keep_days: int = Field(30, ge=1, le=3650, description="Use 1 day or more")
