"""Resolved cases, put together from the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.endings import SqlEndings
from bot.adapters.sql.reviews import SqlReviewQueue
from bot.bootstrap import Parts, now
from bot.domain.casework import CASE_UPKEEP, upkeep_job
from bot.services.case_deciders import CaseDeciders
from bot.services.case_upkeep import CaseUpkeep
from bot.services.casework import Casework
from bot.services.channel_managers import ChannelManagers
from bot.services.condensing import Condensing
from bot.slack.case_desk import Casing
from bot.slack.escalation_calling import Calling
from bot.workflows.config import Handler, Schedule

_EVERY_HOUR = "47 * * * *"


def casework_of(parts: Parts) -> Casework:
    return Casework(
        cases_of(parts),
        lambda: parts.runbooks.catalogue().failures,
        now,
        timedelta(days=parts.settings.cases.keep_days),
    )


def cases_of(parts: Parts) -> SqlResolvedCases:
    return SqlResolvedCases(parts.database, clock=now, redact=parts.redactor.redact)


def casing_of(parts: Parts, calling: Calling | None) -> Casing | None:
    """None where nobody can be called: then there is nobody whose words could be kept."""
    if calling is None:
        return None
    access = parts.sights.access
    managers = ChannelManagers(access, parts.directory, parts.settings.access.managers)
    return Casing(
        casework_of(parts),
        CaseDeciders(managers, parts.on_call, now),
        access,
        calling.escalations,
        Condensing(parts.explainer, now).condense,
    )


def casing_handlers(parts: Parts) -> Mapping[str, Handler]:
    upkeep = CaseUpkeep(
        cases_of(parts),
        SqlEndings(parts.database, now),
        SqlReviewQueue(parts.database, redact=parts.redactor.redact),
        lambda: parts.runbooks.catalogue().failures,
    )
    return {CASE_UPKEEP: upkeep.work}


def casing_schedules() -> Sequence[Schedule]:
    return [Schedule(CASE_UPKEEP, _EVERY_HOUR, upkeep_job)]
