"""The settings of how long an answer may take, and how long conversations are kept."""

from __future__ import annotations

from pydantic import Field

from bot.settings.section import Seconds, Section


class AnswersSettings(Section):
    deadline: Seconds = Field(15.0, description="Give seconds to gather evidence, e.g. 15")


class ConversationsSettings(Section):
    """What was asked and answered goes after that, with evidence, ratings and its rows of
    snapshots."""

    keep_days: int = Field(30, ge=1, le=3650, description="Use 1 day or more")
