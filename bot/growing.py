"""Runbooks that grow, put together from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from bot.adapters.runbook_shelf import FolderShelf
from bot.adapters.sql.incidents import SqlIncidents
from bot.adapters.sql.runbook_drafts import SqlRunbookDrafts
from bot.bootstrap import Parts, now
from bot.domain.runbook_drafts import GROW, grow_job
from bot.domain.work import Job
from bot.services.channel_managers import ChannelManagers
from bot.services.runbook_growth import RunbookGrowth
from bot.settings import Settings
from bot.slack.growth_desk import Growing
from bot.workflows.config import Handler, Schedule

_EVERY_TEN_MINUTES = "*/10 * * * *"


def growth_of(parts: Parts, enqueue: Callable[[Connection, Job], None]) -> RunbookGrowth:
    growth, redact = parts.settings.growth, parts.redactor.redact
    return RunbookGrowth(
        SqlRunbookDrafts(parts.database, enqueue, redact=redact),
        SqlIncidents(parts.database),
        parts.store,
        lambda: parts.runbooks.catalogue().failures,
        now,
        FolderShelf(growth.folder),
        offers=bool(channel_of(parts.settings)),
        path=growth.path,
    )


def growing_of(parts: Parts, growth: RunbookGrowth) -> Growing:
    access = parts.sights.access
    managers = ChannelManagers(access, parts.directory, parts.settings.access.managers)
    return Growing(growth, managers, access, channel_of(parts.settings))


def growing_handlers(growth: RunbookGrowth) -> Mapping[str, Handler]:
    return {GROW: growth.grow}


def growing_schedules(settings: Settings) -> Sequence[Schedule]:
    return [Schedule(GROW, _EVERY_TEN_MINUTES, grow_job)] if settings.growth.drafts else []


def channel_of(settings: Settings) -> str:
    """Where drafts are offered; "" for nowhere."""
    return settings.growth.channel or settings.escalation.channel or ""
