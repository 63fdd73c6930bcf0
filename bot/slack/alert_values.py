"""What is shown of alerts in Slack, as values that outlive the process."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.alerts import Alert, Radius
from bot.domain.answers import Reply


@dataclass(frozen=True, slots=True)
class AlertCard:
    """An alert as it stands. `reply` is what was found of its cause, None where that is told
    elsewhere. `escalation` names the one that is open for it, with the address of its card."""

    alert: Alert
    radius: Radius
    reply: Reply | None = None
    escalation: str = ""
    escalation_url: str = ""
