"""What a piece of work is about, in words that an operator knows it by."""

from __future__ import annotations

from bot.domain.alerts import (
    AlertCheck,
    AlertList,
    AlertReminder,
    AlertTold,
    AlertWatch,
    Look,
)
from bot.domain.answers import Diagnosis, LogReport, StatusReport, kind_of
from bot.domain.casework import CaseWanted
from bot.domain.escalation_pager import PagerLook
from bot.domain.escalation_work import EscalationDue, EscalationTold
from bot.domain.failures import FailureBatch
from bot.domain.gap_reports import GapReport, ReportWanted
from bot.domain.runbook_drafts import DraftOffered
from bot.slack.alert_values import AlertCard
from bot.slack.arrivals import Asked, ButtonPress, Command, Pick, RatingPress
from bot.slack.case_values import CaseOffer, CasePressed
from bot.slack.escalation_arrivals import Acted
from bot.slack.escalation_values import CallOut, Draft, Escalating, Handoff, Relayed
from bot.slack.growth_values import DraftPressed, RunbookOffer
from bot.slack.posts import Notice, Post

_OTHERS = Notice | Escalating | AlertCard | RunbookOffer | GapReport | CaseOffer
"""What is posted that is no reply."""


def describe(body: object) -> str:
    """Holds what people wrote: not redacted and not fit for a terminal yet."""
    match body:
        case Asked(question) | Command(question) | Pick(question=question):
            return f"“{question.text}”" if question.text else "a question without words"
        case ButtonPress(button=button):
            return f"button {button.value}"
        case RatingPress(rating):
            return f"rating {rating.score.value}"
        case Post(content=Notice(text)):
            return f"message “{text}”"
        case Post(content=Diagnosis() | LogReport() | StatusReport() as reply):
            return f"message about {reply.target.label()}"
        case Post(content=Handoff(escalation)):
            return f"card of escalation {escalation.id}"
        case Post(content=CallOut(words) | Relayed(text=words) | Draft(name=words)):
            return f"message “{words}”"
        case EscalationTold(id=named) | EscalationDue(id=named) | PagerLook(id=named):
            return f"escalation {named}"
        case Acted(kind=kind, escalation=named):
            return f"escalation {named}: {kind.value.replace('_', ' ')}"
        case Look(failure=failure):
            return f"look into {failure.target.label()}"
        case AlertTold(id=named) | AlertWatch(id=named) | AlertCheck(id=named):
            return f"alert {named}"
        case AlertReminder(id=named, number=number):
            return f"reminder {number} of alert {named}"
        case AlertList(channel=channel):
            return f"failures listed in {channel}"
        case Post(content=AlertCard(alert=alert)):
            return f"card of alert {alert.id}: {alert.title}"
        case CaseWanted(escalation=named):
            return f"case of escalation {named}"
        case CasePressed(case=named, act=act):
            return f"case {named}: {act.value.partition('_')[2]}"
        case Post(content=CaseOffer(case)):
            return f"case {case.id}"
        case Post(content=RunbookOffer(draft)):
            return f"draft of a runbook: {draft.title}"
        case Post(content=GapReport()) | ReportWanted():
            return "report of gaps"
        case DraftPressed(draft=named) | DraftOffered(id=named):
            return f"draft of a runbook {named}"
        case Post(content=reply) if not isinstance(reply, _OTHERS):
            return f"message: {kind_of(reply).replace('_', ' ')}"
        case FailureBatch():
            return "reported failures to tell of"
    return type(body).__name__
