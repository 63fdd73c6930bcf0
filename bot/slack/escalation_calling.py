"""What calls humans, beside Slack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.answers import Diagnosis
from bot.domain.conversations import Turn
from bot.domain.escalation_work import DUE
from bot.services.escalate import Escalator
from bot.services.escalation_pages import Pages
from bot.services.escalation_ports import Escalations
from bot.services.ports import DurableSteps
from bot.services.runbook_growth import RunbookGrowth

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]


def as_told(turn: Turn) -> Diagnosis | None:
    return turn.reply if isinstance(turn.reply, Diagnosis) else None


@dataclass(frozen=True, slots=True)
class Calling:
    """Who calls humans, and the id of the channel of those on call. `unanswered_after` is minutes
    in which somebody may react to what the bot said to a question of nobody in particular.
    `workspace` is the channel's, where there are several. With `growth` what people find out is
    drafted as a runbook. `retold` gives the diagnosis of a turn in the language of here, for it was
    told in the asker's. `drafts_cases`: what they find out is offered to be told to others."""

    channel: str
    escalations: Escalations
    escalator: Escalator
    pages: Pages
    unanswered_after: float = 30.0
    workspace: str = ""
    growth: RunbookGrowth | None = None
    retold: Callable[[Turn], Diagnosis | None] = as_told
    drafts_cases: bool = False

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What needs no Slack."""
        return {DUE: self.escalator.pass_time}
