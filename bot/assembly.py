"""The parts of the running service, put together by the role of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.adapters.metrics import PrometheusMeter
from bot.adapters.sql.alerts import SqlAlerts
from bot.adapters.sql.capacity import CapacityReads, SqlCapacity
from bot.adapters.sql.dead_letters import Said, SqlDeadLetters
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.expiring import SqlExpiring
from bot.adapters.sql.failures import SqlReportedFailures
from bot.adapters.sql.inbox import SqlInbox
from bot.adapters.sql.incidents import SqlIncidents
from bot.adapters.sql.ledger import HELD_BY, SqlPostLedger
from bot.adapters.sql.talk import SqlTalkRecords
from bot.adapters.sql.workspace_erasing import SqlWorkspaceErasing
from bot.alerting import alerting_of, alerts_of, failures_of
from bot.bootstrap import Parts, kept_types, now, slack_config
from bot.bootstrap_clusters import addresses_of
from bot.casing import cases_of, casing_handlers, casing_of, casing_schedules
from bot.domain.alerts import LOOK
from bot.domain.failures import BATCH
from bot.domain.questions import Question, ThreadKey
from bot.domain.work import CALLED_OFF, Job, Queue, WorkStatus
from bot.escalating import calling_of, escalations_of, open_escalations
from bot.growing import growing_handlers, growing_of, growing_schedules, growth_of
from bot.installing import flow_of
from bot.services.called_off import CalledOffService
from bot.services.capacity import last_outlooks
from bot.services.channel_managers import ChannelManagers
from bot.services.dag_names import DagNames
from bot.services.dead_letters import SORRY, DeadLetterService
from bot.services.escalate import WatchedRatings
from bot.services.link_cards import LinkCards
from bot.services.onlookers import Onlookers
from bot.services.readers import ReadersByRules
from bot.services.tidy import TIDY, Forget, Tidier
from bot.settings import Role
from bot.slack.app import Services, TakingIn, Working, build_slack
from bot.slack.desk import Records
from bot.slack.escalation_bridge import is_bridged
from bot.slack.escalation_calling import Calling
from bot.slack.leaving import Leaving
from bot.slack.oauth import InstallFlow
from bot.slack.posts import ANSWER, EDITION
from bot.slack.settings_desk import SettingsDesk
from bot.slack.side import SlackSide
from bot.slack.sorry import (
    EDIT,
    EDITED,
    FIRST_WORDS,
    REMARK,
    REPORTED,
    WHISPERS,
    SlackApologies,
    key_of,
)
from bot.slack.unrefined import Read
from bot.watching import watching_handlers, watching_schedules
from bot.workflows.admin import WorkAdmin
from bot.workflows.config import EngineConfig, Handler, Schedule
from bot.workflows.engine import Engine
from bot.workflows.withdrawing import WorkWithdrawal
from bot.workflows.work_rows import work_rows

_TIDYING = "17 * * * *"
# However many messages are on their way: a few hold the pages of all, and one tidies.
_POSTING_CONNECTIONS = HELD_BY + 1


@dataclass(slots=True)
class Service:
    """What runs. `is_open`: its engine takes in work. `threads_ended` is False where some still
    wait for a database that is down: the interpreter would wait for them."""

    parts: Parts
    engine: Engine
    slack: SlackSide
    reported: SqlReportedFailures
    alerts: SqlAlerts
    dead_letters: DeadLetterService
    meter: PrometheusMeter
    beside: Sequence[asyncio.Task[None]] = ()
    is_open: bool = False
    threads_ended: bool = True
    install: InstallFlow | None = None


def put_together(
    parts: Parts, meter: PrometheusMeter, admin: WorkAdmin, stack: AsyncExitStack
) -> Service:
    """All parts, knowing one another; nothing is taken in or worked on yet. `stack` closes them."""
    settings = parts.settings
    posting = create_engine(settings.database_url, connections=_POSTING_CONNECTIONS)
    stack.push_async_callback(posting.dispose)

    def enqueue(connection: Connection, *jobs: Job) -> None:
        engine.enqueue(connection, *jobs)

    async def start(job: Job) -> None:
        await engine.start(job)

    inbox = SqlInbox(parts.database, enqueue, now)
    ledger = SqlPostLedger(posting)
    reported = SqlReportedFailures(parts.database, enqueue)
    alerts = alerts_of(parts, enqueue)
    capacity = SqlCapacity(parts.database, enqueue, now)
    growth = growth_of(parts, enqueue)
    calling = calling_of(parts, enqueue, meter.escalations, growth)
    records = _rated(parts, calling)
    talk = SqlTalkRecords(parts.database, redact=parts.redactor.redact)
    withdrawal = WorkWithdrawal(settings.database_url, kept_types())
    stack.push_async_callback(withdrawal.close)
    working = _working(parts, records, ledger, admin.job, talk, withdrawal, calling)
    alerting = alerting_of(parts, alerts, meter.alerts)
    casing = casing_of(parts, calling)
    answering = replace(
        working, alerting=alerting, growing=growing_of(parts, growth), casing=casing
    )
    slack = _slack(parts, _taking_in(parts, inbox, talk, calling), answering, meter)
    stack.push_async_callback(slack.close)
    dead_letters = _dead_letters(parts, admin, start, alerts)
    tidy = {
        "inbox": inbox.tidy,
        "posts": ledger.tidy,
        "failures": reported.tidy,
        "alerts": alerts.tidy,
        "escalations": escalations_of(parts, enqueue).tidy,
        "marks": talk.tidy,
        "capacity": capacity.tidy,
        "incidents": SqlIncidents(parts.database).tidy,
        "conversations": _expiring(parts).tidy,
    }
    handlers: dict[str, Handler] = {
        **slack.handlers,
        TIDY: _tidier(parts, admin, tidy).work,
        BATCH: failures_of(parts, reported, alerts, slack.workspace, meter.alerts).tell,
        SORRY: dead_letters.tell,
        **_called_off(slack, admin),
        **watching_handlers(parts, capacity, slack.workspace),
        **growing_handlers(parts, growth, slack, ledger),
        **casing_handlers(parts),
    }
    engine = _engine(parts, handlers, meter)
    service = Service(parts, engine, slack, reported, alerts, dead_letters, meter)
    if parts.installed is not None:
        service.install = flow_of(settings, parts.installed, parts.audit, now)
    return service


def _rated(parts: Parts, calling: Calling | None) -> Records:
    """Where somebody can be called, ratings count for that, too."""
    if calling is None:
        return parts.store
    parts.asking.call_through(calling.escalator)
    return WatchedRatings(parts.store, calling.escalator)


def _slack(
    parts: Parts, taking_in: TakingIn, working: Working, meter: PrometheusMeter
) -> SlackSide:
    """What of it this process does goes by its role."""
    role = parts.settings.work.role
    services = Services(
        redact=parts.redactor.redact,
        now=now,
        taking_in=None if role is Role.WORKER else taking_in,
        working=None if role is Role.SERVE else working,
        meter=meter,
    )
    return build_slack(slack_config(parts.settings, parts.installed), services)


def _expiring(parts: Parts) -> SqlExpiring:
    keep = timedelta(days=parts.settings.conversations.keep_days)
    return SqlExpiring(parts.database, keep, now)


def _tidier(parts: Parts, admin: WorkAdmin, places: Mapping[str, Forget]) -> Tidier:
    """Of what is finished, so much is remembered."""
    keep = timedelta(days=parts.settings.work.keep_days)
    return Tidier({"work": lambda before: admin.tidy(now() - before), **places}, keep, now)


def _engine(parts: Parts, handlers: Mapping[str, Handler], meter: PrometheusMeter) -> Engine:
    work = parts.settings.work
    return Engine(
        EngineConfig(
            parts.settings.database_url,
            works=work.role is not Role.SERVE,
            at_once=work.at_once,
            is_claimed=True,
        ),
        handlers,
        kept_types(),
        meter=meter,
        schedules=[
            Schedule(TIDY, _TIDYING, _tidying),
            *watching_schedules(parts.settings),
            *growing_schedules(parts.settings),
            *casing_schedules(),
        ],
        redact=parts.redactor.redact,
    )


def _taking_in(
    parts: Parts, inbox: SqlInbox, talk: SqlTalkRecords, calling: Calling | None
) -> TakingIn:
    people = parts.people
    names = DagNames(tuple(parts.clusters), people.seen)

    async def engaged(thread: ThreadKey) -> bool:
        if await inbox.engaged(thread):
            return True
        return calling is not None and await is_bridged(calling.escalations, thread)

    preferring = people.preferences.preferences
    bridged = calling.escalations.bridged if calling is not None else None
    return TakingIn(
        inbox,
        engaged,
        talk.keeps_out,
        names,
        preferring,
        _settings(parts),
        bridged,
        talk.work_in,
        cases_of(parts).get,
    )


def _settings(parts: Parts) -> SettingsDesk:
    settings, access = parts.settings, parts.sights.access
    managers = ChannelManagers(access, parts.directory, settings.access.managers)
    default = settings.clusters.get(settings.default_cluster or "")
    zone = default.timezone if default else "UTC"
    clusters, sight = tuple(parts.clusters), parts.sights.of_person
    return SettingsDesk(parts.policies, managers, access, clusters, now, zone, sight)


def _working(
    parts: Parts,
    records: Records,
    ledger: SqlPostLedger,
    read: Read,
    talk: SqlTalkRecords,
    withdrawal: WorkWithdrawal,
    calling: Calling | None,
) -> Working:
    sights = parts.sights

    async def whispers(question: Question) -> bool:
        """Before it is known what a command is about, its words are nobody else's business."""
        if sights.access.rules or question.asker.is_external:
            return True
        return (await sights.policy(question)).is_private

    shows_links = parts.settings.slack.unfurl_links
    home = parts.people.home(now)
    home.policies = parts.policies
    home.sight = sights.of_person
    home.outlooks = last_outlooks(CapacityReads(parts.database), now)
    if calling is not None:
        home.escalations = open_escalations(parts)
    return Working(
        parts.asking,
        records,
        ledger,
        read,
        talk,
        withdrawal,
        calling,
        Onlookers(sights),
        whispers,
        home,
        _settings(parts),
        LinkCards(sights.seen_by, addresses_of(parts.settings)) if shows_links else None,
        ReadersByRules(sights),
        leaving=_leaving(parts, withdrawal),
        directory=parts.directory,
        privacy=parts.people.preferences,
    )


def _leaving(parts: Parts, withdrawal: WorkWithdrawal) -> Leaving:
    erasing = SqlWorkspaceErasing(parts.database)
    installed = parts.installed
    if installed is None:
        return Leaving(erasing, withdrawal, parts.audit.add)
    forget = installed.tokens.forget
    return Leaving(erasing, withdrawal, parts.audit.add, installed.installations, forget)


def _called_off(slack: SlackSide, admin: WorkAdmin) -> Mapping[str, Handler]:
    follow_up = slack.handlers.get(CALLED_OFF)
    if follow_up is None:
        return {}
    return {CALLED_OFF: CalledOffService(follow_up, key_of, admin.status).work}


def _dead_letters(
    parts: Parts, admin: WorkAdmin, start: Callable[[Job], Awaitable[None]], alerts: SqlAlerts
) -> DeadLetterService:
    settings = parts.settings
    url = settings.database_url
    letters = SqlDeadLetters(
        parts.database,
        failed=work_rows(url, WorkStatus.FAILED),
        known=work_rows(url),
        said=Said(WHISPERS, REMARK, FIRST_WORDS, ANSWER, EDIT, EDITED, EDITION),
        announced=REPORTED,
    )
    return DeadLetterService(
        letters,
        SlackApologies(settings.failure_webhook.channel or ""),
        read=admin.job,
        start=start,
        now=now,
        keep=timedelta(days=settings.work.keep_days),
        meter=parts.meter,
        has_model=settings.model.is_enabled,
        # What fails there from now on is looked into again.
        settle={LOOK: alerts.give_up},
    )


def _tidying(at: datetime) -> Job:
    return Job(f"{TIDY}:{at:%Y-%m-%dT%H:%M}", TIDY, None, Queue.LATER, share=TIDY)
