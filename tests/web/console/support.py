"""A console over a database of the test's own, and browsers that look at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.runbook_shelf import FolderShelf
from bot.adapters.sql.archive import SqlArchive
from bot.adapters.sql.audit import SqlAuditLog
from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.console import SqlGrants, SqlSessions
from bot.adapters.sql.endings import SqlEndings
from bot.adapters.sql.escalation_reads import EscalationReads
from bot.adapters.sql.incidents import SqlIncidents
from bot.adapters.sql.reviews import SqlReviewQueue
from bot.adapters.sql.runbook_drafts import SqlRunbookDrafts
from bot.adapters.sql.snapshots import SqlSnapshots
from bot.adapters.sql.store import SqlConversationStore
from bot.bootstrap import catalogue_of
from bot.domain.access import Rule, Rules
from bot.domain.errors import NotTold
from bot.domain.evidence import DagRun
from bot.domain.runbooks import KnownFailure
from bot.knowledge.catalogue import Catalogue
from bot.services.access import Access
from bot.services.access_ports import Member
from bot.services.casework import Casework
from bot.services.console_ports import Identified, NotIdentified, Role, Session
from bot.services.console_roles import LOCAL, Roles
from bot.services.console_sight import ConsoleSight
from bot.services.incidents import IncidentService
from bot.services.resolve import Resolver
from bot.services.runbook_growth import RunbookGrowth
from bot.services.sights import Sights
from bot.web.app import build_web
from bot.web.console.app import console_app
from bot.web.console.desk import BASE, ConsoleConfig, Desk, fresh_secret, key_of
from bot.web.console.guard import COOKIE
from tests.fakes.cluster import FakeCluster
from tests.web.support import Ready

HOME = "T1"
ORIGIN = "http://127.0.0.1:8080"
CONFIG = ConsoleConfig(public_url=ORIGIN, with_slack=True)


@cache
def failures() -> tuple[KnownFailure, ...]:
    """Of the shipped runbooks, which take a second to read."""
    return catalogue_of(None).failures


class People:
    """The port `Directory`."""

    def __init__(self) -> None:
        self.groups: dict[str, set[str]] = {}
        self.guests: set[str] = set()
        self.is_silent = False

    async def members(self, group: str) -> frozenset[str]:
        if self.is_silent:
            raise NotTold("ratelimited")
        return frozenset(self.groups.get(group, ()))

    async def channel_name(self, channel: str) -> str:
        return channel

    async def is_shared(self, channel: str) -> bool:
        return False

    async def creator(self, channel: str) -> str:
        return ""

    async def member(self, user_id: str) -> Member:
        if self.is_silent:
            raise NotTold("ratelimited")
        return Member(user_id, is_guest=user_id in self.guests)


class Slack:
    """The port `OpenId`: whoever `who` is comes back with the code "right"."""

    def __init__(self) -> None:
        self.who = Identified("U1", HOME, "Dana")
        self.nonce = ""

    def address(self, state: str, nonce: str) -> str:
        self.nonce = nonce
        return f"https://slack.example.com/openid?state={state}"

    async def identified(self, code: str, nonce: str) -> Identified:
        if code != "right" or nonce != self.nonce:
            raise NotIdentified("Slack did not take the code.")
        return self.who


@dataclass
class Console:
    """`members` are those whom the settings name, by role."""

    engine: AsyncEngine
    rules: Sequence[Rule] = ()
    config: ConsoleConfig = CONFIG
    people: People = field(default_factory=People)
    slack: Slack = field(default_factory=Slack)
    members: dict[Role, tuple[str, ...]] = field(default_factory=dict)
    cluster: FakeCluster = field(default_factory=FakeCluster)
    at: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.store = SqlConversationStore(self.engine)
        self.sessions = SqlSessions(self.engine)
        self.audit = SqlAuditLog(self.engine)
        self.cases = SqlResolvedCases(self.engine, clock=self.now)
        self.reviews = SqlReviewQueue(self.engine)
        self.drafts = SqlRunbookDrafts(self.engine)
        self.cluster.dags = {"orders_daily": [DagRun("r", "orders_daily")], "secret_dag": []}
        self.desk = self._desk()
        self.web = build_web(Ready(), console=console_app(self.config, lambda: self.desk))

    def _desk(self) -> Desk:
        clusters = {self.cluster.name: self.cluster}
        archive = SqlArchive(self.engine)
        access = Access(
            Rules(tuple(self.rules)), clusters, now=self.now, audit=self.audit,
            directory=self.people,
        )  # fmt: skip
        sights = Sights(access, clusters, lambda given, **_: Resolver(given, {}))
        incidents = IncidentService(SqlIncidents(self.engine), self.store, sights.of, self.now)

        async def home() -> str:
            return HOME

        async def outlook(cluster: str) -> None:
            return None

        return Desk(
            archive=archive,
            sessions=self.sessions,
            grants=SqlGrants(self.engine),
            roles=Roles(self.members, home, self.people),
            sight=ConsoleSight(sights, clusters, archive),
            audit=self.audit,
            incidents=incidents,
            outlooks=outlook,
            clusters=clusters,
            now=self.now,
            here=lambda _: nullcontext(),
            openid=self.slack,
            escalations=EscalationReads(self.engine, self.now),
            endings=SqlEndings(self.engine, self.now),
            cases=self.cases,
            casework=Casework(self.cases, failures, self.now),
            reviews=self.reviews,
            growth=RunbookGrowth(
                self.drafts,
                SqlIncidents(self.engine),
                self.store,
                failures,
                self.now,
                FolderShelf(None),
            ),
            snapshots=SqlSnapshots(self.engine, self.now),
            known=lambda: Catalogue(failures()),
        )

    def now(self) -> datetime:
        return self.at

    @asynccontextmanager
    async def browser(self, address: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
        """One that nobody is signed in with."""
        transport = httpx.ASGITransport(self.web, client=(address, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield client

    @asynccontextmanager
    async def signed_in(
        self, role: Role = Role.VIEWER, user: str = ""
    ) -> AsyncIterator[httpx.AsyncClient]:
        """The browser of somebody of this workspace who has that role; without `user` of somebody
        at the bot's own machine."""
        secret = fresh_secret()
        session = Session(
            user or "local-user", HOME if user else LOCAL, "Dana", csrf_of(secret), self.at,
            self.at + timedelta(hours=8), None if user else role,
        )  # fmt: skip
        if user:
            self.members[role] = (*self.members.get(role, ()), user)
        await self.sessions.open(key_of(secret), session)
        async with self.browser() as client:
            client.cookies.set(COOKIE, secret, domain="127.0.0.1", path=BASE)
            client.headers["x-test-csrf"] = session.csrf
            yield client


def csrf_of(secret: str) -> str:
    return f"csrf-{key_of(secret)[:16]}"


def form(client: httpx.AsyncClient, **fields: str) -> dict[str, str]:
    """A form as the page has it."""
    return {"csrf": client.headers["x-test-csrf"], **fields}


__all__ = ["BASE", "HOME", "Console", "form"]
