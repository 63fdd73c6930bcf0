"""Calling a human, put together from the settings: off where no channel of those on call is set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.adapters.escalation_metrics import EscalationMetrics
from bot.adapters.sql.escalation_reads import EscalationReads
from bot.adapters.sql.escalations import SqlEscalations
from bot.bootstrap import Parts, now
from bot.domain.escalation_policy import Policy, QuietHours
from bot.domain.work import Job
from bot.services.escalate import Escalator
from bot.services.escalation_calls import Caller
from bot.services.escalation_pages import Pages
from bot.services.home import Escalations as EscalationsOf
from bot.services.open_escalations import OpenEscalations
from bot.services.runbook_growth import RunbookGrowth
from bot.settings import Settings
from bot.slack.escalation_calling import Calling

Enqueue = Callable[[Connection, Job], None]


def escalations_of(parts: Parts, enqueue: Enqueue) -> SqlEscalations:
    """What is kept of escalations, for whoever looks at them or changes them."""
    return SqlEscalations(
        parts.database,
        enqueue,
        policy_of(parts.settings),
        clock=now,
        redact=parts.redactor.redact,
        levels=lambda: parts.on_call.levels,
    )


def calling_of(
    parts: Parts,
    enqueue: Enqueue,
    meter: EscalationMetrics,
    growth: RunbookGrowth | None = None,
) -> Calling | None:
    """None where nobody can be called."""
    settings = parts.settings.escalation
    if settings.channel is None:
        return None
    on_call = parts.on_call
    escalations = escalations_of(parts, enqueue)
    escalator = Escalator(
        escalations,
        parts.store,
        policy=policy_of(parts.settings),
        thresholds=lambda cause: _threshold(parts, cause),
        now=now,
        caller=Caller({name.lower(): user for name, user in settings.owners.items()}),
        low=settings.low_confidence,
        meter=meter,
        levels=lambda: on_call.levels,
        privacy=parts.people.preferences,
        recent=parts.people.threads,
    )
    pages = Pages(on_call, escalations, meter, now)
    home = parts.settings.slack.workspace or ""
    after, retold = settings.unanswered_after, parts.asking.retold
    drafts = parts.settings.cases.drafts
    return Calling(
        settings.channel, escalations, escalator, pages, after, home, growth, retold, drafts
    )


def policy_of(settings: Settings) -> Policy:
    """Without levels, which are whatever there are at the moment."""
    chosen = settings.escalation
    return Policy(
        acknowledge_within=timedelta(minutes=chosen.acknowledge_within),
        remind_after=timedelta(minutes=chosen.remind_after),
        remind_responder_after=timedelta(minutes=chosen.remind_responder_after),
        expire_after=timedelta(minutes=chosen.expire_after),
        quiet=_quiet_hours(settings),
    )


def _quiet_hours(settings: Settings) -> QuietHours | None:
    chosen = settings.escalation.quiet_hours
    if chosen.start is None or chosen.end is None:
        return None
    return QuietHours(chosen.start, chosen.end, ZoneInfo(chosen.timezone))


def _threshold(parts: Parts, cause: str) -> str:
    known = parts.runbooks.catalogue().failures
    return next((one.escalate_after for one in known if one.cause == cause), "")


def open_escalations(parts: Parts) -> EscalationsOf:
    """What somebody's Home tab says of escalations that concern them."""
    reads = EscalationReads(parts.database, now)
    return OpenEscalations(reads, policy_of(parts.settings)).of
