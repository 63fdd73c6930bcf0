"""What calls humans, beside Slack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.escalation_work import DUE
from bot.services.escalate import Escalator
from bot.services.escalation_pages import Pages
from bot.services.escalation_ports import Escalations
from bot.services.ports import DurableSteps
from bot.services.runbook_growth import RunbookGrowth

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Calling:
    """Who calls humans, and the id of the channel of those on call. `unanswered_after` is minutes
    in which somebody may react to what the bot said to a question of nobody in particular.
    `workspace` is the channel's, where there are several. With `growth` what people find out is
    drafted as a runbook."""

    channel: str
    escalations: Escalations
    escalator: Escalator
    pages: Pages
    unanswered_after: float = 30.0
    workspace: str = ""
    growth: RunbookGrowth | None = None

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What needs no Slack."""
        return {DUE: self.escalator.pass_time}
