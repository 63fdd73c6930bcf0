"""The console, put together from the settings: off unless they enable it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from starlette.types import ASGIApp

from bot.adapters.sql.archive import SqlArchive
from bot.adapters.sql.capacity import CapacityReads
from bot.adapters.sql.console import SqlGrants, SqlSessions
from bot.adapters.sql.endings import SqlEndings
from bot.adapters.sql.escalation_reads import EscalationReads
from bot.adapters.sql.incidents import SqlIncidents
from bot.adapters.sql.reviews import SqlReviewQueue
from bot.adapters.sql.runbook_drafts import nothing_to_do
from bot.adapters.sql.snapshots import SqlSnapshots
from bot.bootstrap import Parts, now
from bot.casing import cases_of, casework_of
from bot.domain.errors import NotTold
from bot.growing import growth_of
from bot.revealing import revealed
from bot.services.capacity import last_outlooks
from bot.services.console_ports import OpenId, Role
from bot.services.console_roles import Roles
from bot.services.console_sight import ConsoleSight
from bot.services.incidents import IncidentService
from bot.settings import Settings
from bot.slack.openid import OpenIdApp, SlackOpenId
from bot.slack.refusals import SlackUnavailable
from bot.slack.side import SlackSide
from bot.slack.workspaces import in_workspace
from bot.web.console.app import console_app
from bot.web.console.desk import ConsoleConfig, Desk
from bot.web.console.sign_in import BACK

Running = tuple[Parts, SlackSide]


def console_of(settings: Settings, running: Callable[[], Running | None]) -> ASGIApp | None:
    """None where it is off. `running` gives None while the bot starts."""
    if not settings.console.enabled:
        return None
    made: list[Desk] = []

    def desk() -> Desk | None:
        now_running = running()
        if now_running is None:
            return None
        if not made:
            made.append(desk_of(*now_running))
        return made[0]

    return console_app(config_of(settings), desk)


def config_of(settings: Settings) -> ConsoleConfig:
    return ConsoleConfig(
        public_url=_public_url(settings),
        lasts=timedelta(hours=settings.console.session_hours),
        with_slack=openid_of(settings) is not None,
    )


def desk_of(parts: Parts, slack: SlackSide) -> Desk:
    """What the pages work with while the bot runs."""
    settings, database = parts.settings, parts.database
    archive, redact = SqlArchive(database), parts.redactor.redact
    return Desk(
        archive=archive,
        sessions=SqlSessions(database),
        grants=SqlGrants(database),
        roles=_roles(settings, parts, slack),
        sight=ConsoleSight(parts.sights, parts.clusters, archive),
        audit=parts.audit,
        incidents=IncidentService(SqlIncidents(database), parts.store, parts.sights.of, now),
        outlooks=last_outlooks(CapacityReads(database), now),
        clusters=parts.clusters,
        now=now,
        here=_here(settings),
        openid=openid_of(settings),
        escalations=EscalationReads(database, now),
        endings=SqlEndings(database, now),
        cases=cases_of(parts),
        casework=casework_of(parts),
        reviews=SqlReviewQueue(database, redact=redact),
        growth=growth_of(parts, nothing_to_do),
        snapshots=SqlSnapshots(database, now),
        known=parts.runbooks.catalogue,
    )


def openid_of(settings: Settings) -> OpenId | None:
    """None where people cannot sign in with Slack."""
    console, slack = settings.console, settings.slack
    client_id = console.client_id or slack.client_id
    secret = revealed(console.client_secret) or revealed(slack.client_secret)
    public_url = _public_url(settings)
    if not client_id or not secret or not public_url:
        return None
    root = slack.api_url.removesuffix("api/")
    return SlackOpenId(OpenIdApp(client_id, secret, root, slack.api_url, f"{public_url}{BACK}"))


def _public_url(settings: Settings) -> str:
    return settings.console.public_url or settings.slack.public_url or ""


def _roles(settings: Settings, parts: Parts, slack: SlackSide) -> Roles:
    console = settings.console

    async def home() -> str:
        if settings.slack.workspace:
            return settings.slack.workspace
        try:
            return await slack.team_id()
        except SlackUnavailable as error:
            raise NotTold(str(error)) from error

    members = {
        Role.VIEWER: console.viewers,
        Role.REVIEWER: console.reviewers,
        Role.ADMIN: console.admins,
    }
    return Roles(members, home, parts.directory)


def _here(settings: Settings) -> Callable[[str], AbstractContextManager[None]]:
    """Slack is asked with the token of that workspace; the settings' own where none is meant."""
    return lambda workspace: in_workspace(workspace or settings.slack.workspace or "")
