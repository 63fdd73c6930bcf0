"""What the work of escalations carries through the database."""

from __future__ import annotations

from bot.domain.escalation_course import Advanced, Refused
from bot.domain.escalation_pager import Looked, PagerLook
from bot.domain.escalation_work import EscalationDue, EscalationTold
from bot.domain.escalations import Escalation, Party, ReachCount, Truth
from bot.domain.oncall import OnCallNow, PageOutcome, PageSeen
from bot.services.escalation_ports import Card
from bot.slack.escalation_arrivals import Acted, HumanWanted, Resolved, ResolveWanted
from bot.slack.escalation_unreacted import Unreacted
from bot.slack.escalation_values import CallOut, Draft, Handoff, Relayed

ESCALATION_TYPES: tuple[type, ...] = (
    Acted,
    Advanced,
    CallOut,
    Card,
    Draft,
    Escalation,
    EscalationDue,
    EscalationTold,
    ResolveWanted,
    Handoff,
    HumanWanted,
    Looked,
    OnCallNow,
    PageOutcome,
    PageSeen,
    PagerLook,
    Party,
    ReachCount,
    Refused,
    Relayed,
    Resolved,
    Truth,
    Unreacted,
)
