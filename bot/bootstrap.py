"""From settings to adapters to services: the only place that names both sides.

The libraries of Slack, Airflow and the model take a second each to import, so this waits until one
is wanted: an answer at the terminal needs neither Slack nor a model, a migration none of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.oncall.sources import LeveledOnCall
from bot.adapters.runbook_folder import RunbookFolder
from bot.adapters.search.knowledge import RunbookKnowledge
from bot.adapters.sql.audit import SqlAuditLog
from bot.adapters.sql.capacity import CapacityReads
from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.channel_policies import SqlChannelPolicies
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.incidents import SqlIncidents
from bot.adapters.sql.migrate import make_ready
from bot.adapters.sql.spend import SqlSpendLedger
from bot.adapters.sql.store import SqlConversationStore
from bot.bootstrap_asking import AskedOf, asking_of
from bot.bootstrap_clusters import addresses_of, closing_all, clusters_of
from bot.bootstrap_model import explainer_of, knowledge_of
from bot.bootstrap_oncall import on_call_of
from bot.bootstrap_people import People, people_of
from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.redaction import Redactor, load_catalog
from bot.diagnosis.vocabulary import VOCABULARY
from bot.domain.answers import Explanation
from bot.domain.cases import Case, LateLog, Retrieved, Settled
from bot.domain.checks import Check, CheckStatus
from bot.domain.conversations import Turn
from bot.domain.dead_letters import DeadLetter, Unfinished
from bot.domain.errors import ConfigError
from bot.domain.failures import FailureBatch
from bot.domain.questions import EarlierMessage, Origin
from bot.installing import Installed, homes_of, installed_of, slack_checks
from bot.knowledge.catalogue import Catalogue
from bot.knowledge.runbook_file import Words
from bot.revealing import revealed
from bot.services.access_ports import Directory
from bot.services.capacity import last_outlooks
from bot.services.log_readers import LogReaders
from bot.services.no_meter import NoMeter
from bot.services.ports import Explainer, Meter
from bot.settings import (
    Settings,
    SlackMode,
)
from bot.shipped import shipped_runbooks
from bot.slack.config import SlackConfig

if TYPE_CHECKING:
    from bot.adapters.airflow.cluster import AirflowCluster
    from bot.services.ask import AskService
    from bot.services.resolve import Resolver
    from bot.services.sights import Sights

Prepare = Callable[[AsyncEngine], Awaitable[None]]
"""Sees to it that the database has this version's schema. Raises `StoreError` where not."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that one process works with."""

    settings: Settings
    redactor: Redactor
    clusters: Mapping[str, AirflowCluster]
    runbooks: RunbookFolder
    knowledge: RunbookKnowledge
    explainer: Explainer
    database: AsyncEngine
    store: SqlConversationStore
    asking: AskService
    meter: Meter
    on_call: LeveledOnCall
    sights: Sights
    audit: SqlAuditLog
    policies: SqlChannelPolicies
    people: People
    directory: Directory | None
    installed: Installed | None = None

    async def doctor(self) -> Sequence[Check]:
        """Each part checked for real, one after the other."""
        checks: list[Check] = []
        if self.settings.slack.mode is not SlackMode.OFF:
            config = slack_config(self.settings, self.installed)
            checks += await slack_checks(self.settings, config, self.installed)
        for cluster in self.clusters.values():
            checks += await cluster.doctor()
        checks += await self.store.doctor()
        checks += await self.explainer.doctor()
        checks += await self.knowledge.doctor()
        checks += await self.on_call.doctor()
        if self.settings.escalation.channel and not self.on_call.levels:
            checks.append(_NOBODY_ON_CALL)
        return checks


_NOBODY_ON_CALL = Check(
    "on call",
    "source",
    CheckStatus.WARNING,
    "nobody is set up: the whole channel is called at once",
    "Name a rota, PagerDuty or a user group under on_call.",
)


@asynccontextmanager
async def parts_of(
    settings: Settings,
    *,
    prepare: Prepare | None = make_ready,
    meter: Meter | None = None,
    directory: Callable[[SlackConfig], Directory] | None = None,
) -> AsyncIterator[Parts]:
    """Wires all parts and closes them at the end. Without `directory` nobody is in any group.

    Raises `StoreError` for a schema that is not ours; without `prepare` it is not looked at. The
    default changes a SQLite file, which this process must have claimed.
    """
    meter = meter or NoMeter()
    redactor = redactor_of(settings)
    runbooks = _folder_of(runbook_folders(settings))
    readers = LogReaders(redactor, runbooks.catalogue)
    clusters = clusters_of(settings, redactor, readers, meter)
    knowledge = knowledge_of(settings, runbooks)
    async with (
        closing_all(clusters.values()),
        _database(settings, prepare=prepare) as database,
        explainer_of(settings, redactor, SqlSpendLedger(database), meter, now) as explainer,
        _on_call(settings, database, meter) as (installed, on_call),
    ):
        keep = timedelta(days=settings.conversations.keep_days)
        store = SqlConversationStore(database, redact=redactor.redact, keep=keep)
        slack = partial(slack_config, settings, installed)
        audit = SqlAuditLog(database, redact=redactor.redact)
        policies = SqlChannelPolicies(database)
        asked_of_slack = directory(slack()) if directory else None
        sights, resolver = _sights(settings, clusters, audit, policies, asked_of_slack)
        people = people_of(settings, sights.seen_by, database, slack, now, asked_of_slack)
        addresses, outlooks = addresses_of(settings), last_outlooks(CapacityReads(database), now)
        asked = AskedOf(
            clusters, runbooks, knowledge, explainer, on_call, sights, addresses, outlooks,
            SqlIncidents(database), SqlResolvedCases(database, clock=now, redact=redactor.redact),
        )  # fmt: skip
        asking = asking_of(settings, asked, resolver, people, store, meter, now)
        yield Parts(
            settings,
            redactor,
            clusters,
            runbooks,
            knowledge,
            explainer,
            database,
            store,
            asking,
            meter,
            on_call,
            sights,
            audit,
            policies,
            people,
            asked_of_slack,
            installed,
        )


def _sights(
    settings: Settings,
    clusters: Mapping[str, AirflowCluster],
    audit: SqlAuditLog,
    policies: SqlChannelPolicies,
    directory: Directory | None,
) -> tuple[Sights, Resolver]:
    """What each may see, and the way to what is meant among all clusters."""
    from bot.admission import access_of, resolvers
    from bot.services.sights import Sights

    resolver = resolvers(settings)
    access = access_of(settings, clusters, now=now, audit=audit, directory=directory)
    return Sights(access, clusters, resolver, policies), resolver(clusters)


@asynccontextmanager
async def _on_call(
    settings: Settings, database: AsyncEngine, meter: Meter
) -> AsyncIterator[tuple[Installed | None, LeveledOnCall]]:
    installed = installed_of(settings, database, now)
    config = slack_config(settings, installed) if installed else None
    async with on_call_of(settings, now, meter, config) as on_call:
        yield installed, on_call


@asynccontextmanager
async def _database(settings: Settings, *, prepare: Prepare | None) -> AsyncIterator[AsyncEngine]:
    database = create_engine(settings.database_url)
    try:
        if prepare is not None:
            await prepare(database)
        yield database
    finally:
        await database.dispose()


def now() -> datetime:
    return datetime.now(UTC)


def kept_types() -> tuple[type, ...]:
    """What jobs and steps carry: the types that durable work is read back into."""
    from bot.slack.kept import TYPES

    handed_on = (Case, Settled, Retrieved, LateLog, Explanation, EarlierMessage)
    return (*TYPES, *handed_on, Turn, FailureBatch, DeadLetter, Unfinished)


def data_folder(settings: Settings) -> Path:
    """The folder of the database and the index, readable by this user alone.

    Raises `ConfigError` where it cannot be made or written to.
    """
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        settings.rules_dir.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        fault = f"data_dir: {folder} cannot be used ({error.strerror}). Give a folder of your own."
        raise ConfigError([fault]) from error
    return folder


def redactor_of(settings: Settings, key: bytes | None = None) -> Redactor:
    """The compiled rules are kept in the data folder: compiling takes seconds at each start. `key`
    makes its tags, see `Redactor`."""
    data_folder(settings)
    return Redactor(
        settings.secret_values(),
        patterns=settings.redaction.patterns,
        key=key,
        catalog=load_catalog(str(settings.rules_dir)),
    )


def runbook_folders(settings: Settings) -> list[Path]:
    """Shipped runbooks first, so that the platform team's own files replace them by cause."""
    shipped = [shipped_runbooks()] if settings.knowledge.shipped else []
    return [*shipped, *settings.knowledge.runbooks]


def catalogue_of(folders: Sequence[Path] | None) -> Catalogue:
    """The known failures of these folders; of the shipped one without any."""
    return _folder_of(folders or [shipped_runbooks()]).catalogue()


def _folder_of(folders: Sequence[Path]) -> RunbookFolder:
    return RunbookFolder(folders, Words(signals=VOCABULARY, judgements=JUDGEMENTS))


def slack_config(settings: Settings, installed: Installed | None = None) -> SlackConfig:
    """`installed` where the app is in several workspaces."""
    slack = settings.slack
    return SlackConfig(
        bot_token=revealed(slack.bot_token),
        app_token=revealed(slack.app_token),
        signing_secret=revealed(slack.signing_secret),
        api_url=slack.api_url,
        overhears=True,
        bridges=settings.escalation.channel is not None,
        has_model=settings.model.is_enabled,
        origin=Origin.PLAYGROUND if slack.local_workspace else Origin.SLACK,
        tokens=installed.tokens if installed else None,
        workspace=slack.workspace or "",
        homes=homes_of(settings),
    )
