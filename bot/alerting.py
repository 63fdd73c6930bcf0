"""Alerts that nobody asked for, put together from the settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from bot.adapters.sql.alerts import SqlAlerts
from bot.adapters.sql.incidents import SqlIncidents
from bot.bootstrap import Parts, now
from bot.domain.alerts import Patience, Route
from bot.domain.work import Job
from bot.services.alert_ports import AlertMeter
from bot.services.alert_routes import Router
from bot.services.announced import Audience
from bot.services.failures import FailureService
from bot.services.incident_store import IncidentStore
from bot.services.ports import ReportedFailures
from bot.settings import Settings
from bot.slack.alert_cards import Alerting

Enqueue = Callable[[Connection, Job], None]


def alerts_of(parts: Parts, enqueue: Enqueue) -> SqlAlerts:
    """What is kept of alerts, for whoever looks at them or changes them."""
    webhook = parts.settings.failure_webhook
    patience = Patience(
        joins=timedelta(minutes=webhook.join_within),
        flaps=timedelta(minutes=webhook.flap_within),
        a_minute=webhook.diagnosed_per_minute,
        reminds=timedelta(hours=webhook.remind_every),
    )
    return SqlAlerts(parts.database, enqueue, patience=patience, clock=now)


def alerting_of(parts: Parts, alerts: SqlAlerts, meter: AlertMeter) -> Alerting:
    return Alerting(
        alerts,
        parts.asking,
        IncidentStore(parts.store, SqlIncidents(parts.database)),
        parts.clusters,
        parts.sights,
        now,
        parts.redactor.redact,
        meter,
        parts.settings.failure_webhook.channel or "",
        timedelta(hours=parts.settings.failure_webhook.remind_every),
    )


def failures_of(
    parts: Parts,
    reported: ReportedFailures,
    alerts: SqlAlerts,
    workspace: Callable[[str], Awaitable[str]],
    meter: AlertMeter,
) -> FailureService:
    """Who has each reported failure told where it belongs."""
    webhook = parts.settings.failure_webhook
    audience = partial(_audience, parts, workspace)
    routes = routes_of(parts.settings)
    router = Router(parts.clusters, routes, webhook.channel or "", audience, meter)
    return FailureService(reported, router, alerts, meter)


def routes_of(settings: Settings) -> Sequence[Route]:
    return [
        Route(
            channels=one.channels,
            clusters=frozenset(one.clusters),
            dags=one.dags,
            tags=frozenset(one.tags),
            owners=frozenset(one.owners),
            workspace=one.workspace or "",
        )
        for one in settings.failure_webhook.routes
    ]


def _audience(parts: Parts, workspace: Callable[[str], Awaitable[str]], channel: str) -> Audience:
    return Audience(parts.sights, channel, partial(workspace, channel), now)
