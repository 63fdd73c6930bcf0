"""Runbooks that grow, put together from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy import Connection

from bot.adapters.runbook_shelf import FolderShelf
from bot.adapters.sql.endings import SqlEndings
from bot.adapters.sql.incidents import SqlIncidents
from bot.adapters.sql.runbook_drafts import SqlRunbookDrafts
from bot.bootstrap import Parts, now
from bot.domain.gap_reports import REPORT_DUE, look_job
from bot.domain.runbook_drafts import GROW, grow_job
from bot.domain.work import Job
from bot.services.channel_managers import ChannelManagers
from bot.services.gap_reports import GapReports, Weekly
from bot.services.languages import Languages
from bot.services.ports import PostLedger
from bot.services.runbook_growth import RunbookGrowth
from bot.settings import Settings
from bot.settings.growth import Weekday
from bot.slack.attaching import attach
from bot.slack.gap_desk import GapDesk
from bot.slack.growth_desk import Growing
from bot.slack.side import SlackSide
from bot.workflows.config import Handler, Schedule

_EVERY_TEN_MINUTES = "*/10 * * * *"
_EVERY_HOUR = "0 * * * *"


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


def reports_of(parts: Parts, growth: RunbookGrowth) -> GapReports:
    chosen = parts.settings.gap_report
    weekly = Weekly(list(Weekday).index(chosen.weekday), chosen.hour, chosen.timezone)
    endings = SqlEndings(parts.database, now)
    return GapReports(endings, growth.drafts, parts.runbooks.catalogue, now, weekly)


def growing_of(parts: Parts, growth: RunbookGrowth) -> Growing:
    access = parts.sights.access
    managers = ChannelManagers(access, parts.directory, parts.settings.access.managers)
    return Growing(growth, managers, access, channel_of(parts.settings))


def growing_handlers(
    parts: Parts, growth: RunbookGrowth, slack: SlackSide, ledger: PostLedger
) -> Mapping[str, Handler]:
    channel = parts.settings.gap_report.channel or ""
    languages = Languages(parts.policies)
    reports = reports_of(parts, growth)
    send = partial(attach, ledger, slack.gestures)
    desk = GapDesk(reports, channel, slack.workspace, send, languages)
    return {GROW: growth.grow, **desk.handlers}


def growing_schedules(settings: Settings) -> Sequence[Schedule]:
    found = [Schedule(GROW, _EVERY_TEN_MINUTES, grow_job)] if settings.growth.drafts else []
    if settings.gap_report.channel is not None:
        found.append(Schedule(REPORT_DUE, _EVERY_HOUR, look_job))
    return found


def channel_of(settings: Settings) -> str:
    """Where drafts are offered; "" for nowhere."""
    return settings.growth.channel or settings.escalation.channel or ""
