"""What the pages of the console work with, and how a page gets hold of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from fastapi import HTTPException, Request

from bot.knowledge.catalogue import Catalogue
from bot.services.access_ports import AuditLog
from bot.services.archive_ports import Archive
from bot.services.capacity import Outlooks
from bot.services.case_ports import ResolvedCases
from bot.services.casework import Casework
from bot.services.console_ports import (
    EscalationsOf,
    Grants,
    OpenId,
    Person,
    Role,
    Session,
    Sessions,
)
from bot.services.console_roles import Roles
from bot.services.console_sight import ConsoleSight, Seen
from bot.services.ending_ports import Endings
from bot.services.export_ports import Snapshots
from bot.services.incidents import IncidentService
from bot.services.ports import Cluster
from bot.services.review_ports import ReviewQueue
from bot.services.runbook_growth import RunbookGrowth

BASE = "/console"
"""Where the console is mounted."""


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """`public_url` is where people reach it, "" where only this machine does; `lasts` how long one
    stays signed in. `with_slack`: people can sign in with Slack."""

    public_url: str = ""
    lasts: timedelta = timedelta(hours=8)
    with_slack: bool = False

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


@dataclass(frozen=True)
class Desk:
    """All that pages read and change. `here` says in which workspace Slack is asked; `now` gives
    aware UTC times."""

    archive: Archive
    sessions: Sessions
    grants: Grants
    roles: Roles
    sight: ConsoleSight
    audit: AuditLog
    incidents: IncidentService
    outlooks: Outlooks
    clusters: Mapping[str, Cluster]
    endings: Endings
    cases: ResolvedCases
    casework: Casework
    reviews: ReviewQueue
    growth: RunbookGrowth
    snapshots: Snapshots
    known: Callable[[], Catalogue]
    now: Callable[[], datetime]
    here: Callable[[str], AbstractContextManager[None]]
    openid: OpenId | None = None
    escalations: EscalationsOf | None = None


DeskNow = Callable[[], Desk | None]
"""None while the bot starts."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is signed in."""

    person: Person
    session: Session
    key: str = field(repr=False)


class Needs:
    """A dependency of routes: who has not that role is refused before the route is entered."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, request: Request) -> None:
        visit = visit_or_none(request)
        if visit is None:
            raise HTTPException(401, "Sign in first.")
        if not visit.person.role.covers(self.role):
            words = (
                f"This takes the role {self.role.value}, and yours is {visit.person.role.value}."
            )
            raise HTTPException(403, words)
        if request.method not in ("GET", "HEAD"):
            await _require_form_of_ours(request, visit)


def visit_or_none(request: Request) -> Visit | None:
    found: Visit | None = request.scope.get("visit")
    return found


def visit_of(request: Request) -> Visit:
    found = visit_or_none(request)
    if found is None:
        raise HTTPException(401, "Sign in first.")
    return found


def desk_of(request: Request) -> Desk:
    found: Desk = request.scope["desk"]
    return found


async def seen_by(request: Request) -> Seen:
    """What whoever asks may read."""
    seen: Seen | None = request.scope.get("seen")
    if seen is None:
        seen = await desk_of(request).sight.of(visit_of(request).person)
        request.scope["seen"] = seen
    return seen


def fresh_secret() -> str:
    return secrets.token_urlsafe(32)


def key_of(secret: str) -> str:
    """What is kept of a secret: the database alone lets nobody in."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


async def _require_form_of_ours(request: Request, visit: Visit) -> None:
    """Another site can make a browser send a form, but not with what stands in ours."""
    form = await request.form()
    given = form.get("csrf")
    if not isinstance(given, str) or not secrets.compare_digest(
        given.encode("utf-8", "replace"), visit.session.csrf.encode()
    ):
        raise HTTPException(403, "This form is not of your session. Load the page again.")
