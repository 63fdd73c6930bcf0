"""Every kind of reply as a Slack message."""

from __future__ import annotations

from typing import assert_never

from bot.domain.answers import (
    Apology,
    Choice,
    Diagnosis,
    HealthReport,
    Help,
    HowTo,
    HumanCalled,
    LogReport,
    NotFound,
    Reply,
    StatusReport,
    Unsupported,
)
from bot.domain.incidents import IncidentsReport
from bot.domain.reports import FailingDags, OnCallReport, RunbookReport
from bot.slack.blocks.diagnosis import diagnosis_card
from bot.slack.blocks.escalation import standing_card
from bot.slack.blocks.incidents import incidents_card
from bot.slack.blocks.logs import log_card
from bot.slack.blocks.message import SlackMessage
from bot.slack.blocks.mine import mine_card
from bot.slack.blocks.oncall import on_call_card
from bot.slack.blocks.reports import health_card, status_card
from bot.slack.blocks.runbook import runbook_card
from bot.slack.blocks.talk import (
    apology_card,
    choice_card,
    help_card,
    how_to_card,
    not_found_card,
    unsupported_card,
)
from bot.slack.presses import Words


def render(
    reply: Reply, turn_id: str, words: Words | None = None, *, has_model: bool = False
) -> SlackMessage:
    """`turn_id` and the question's `words` come back with what the user presses; `has_model` says
    that a model may add to this."""
    match reply:
        case Diagnosis():
            return diagnosis_card(reply, turn_id, has_model)
        case StatusReport():
            return status_card(reply, turn_id)
        case HealthReport():
            return health_card(reply)
        case LogReport():
            return log_card(reply, turn_id)
        case HowTo():
            return how_to_card(reply, turn_id, has_model)
        case Choice():
            return choice_card(reply, turn_id)
        case NotFound():
            return not_found_card(reply, turn_id, words)
        case Help():
            return help_card(reply)
        case Unsupported():
            return unsupported_card(reply)
        case Apology():
            return apology_card(reply, words)
        case HumanCalled():
            return standing_card(reply)
        case RunbookReport():
            return runbook_card(reply)
        case FailingDags():
            return mine_card(reply)
        case OnCallReport():
            return on_call_card(reply)
        case IncidentsReport():
            return incidents_card(reply)
    assert_never(reply)
