"""The settings of failures that humans resolved, of which others are told."""

from __future__ import annotations

from pydantic import Field

from bot.settings.section import Section


class CaseSettings(Section):
    """What those on call say when they resolve an escalation is drafted as a case."""

    drafts: bool = Field(True, description="Use false to draft none")
    keep_days: int = Field(180, ge=1, le=3650, description="Use 1 to 3650 days")
