"""From settings to who may see what: the rules, and resolvers over what is left to see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.access import Rule, Rules
from bot.services.access import Access
from bot.services.access_ports import AuditLog, Directory
from bot.services.name_indexes import NameIndexes
from bot.services.ports import Cluster
from bot.services.resolve import Resolver
from bot.services.sights import MakeResolver
from bot.settings import Settings


def access_of(
    settings: Settings,
    clusters: Mapping[str, Cluster],
    *,
    now: Callable[[], datetime],
    audit: AuditLog,
    directory: Directory | None,
) -> Access:
    return Access(
        rules_of(settings),
        clusters,
        now=now,
        audit=audit,
        directory=directory,
        contact=settings.access.contact,
    )


def rules_of(settings: Settings) -> Rules:
    """The access rules, each by the name of its place in the settings."""
    return Rules(
        tuple(
            Rule(
                name=f"access.rules.{number}",
                channels=frozenset(rule.channels),
                users=frozenset(rule.users),
                groups=frozenset(rule.user_groups),
                clusters=frozenset(rule.clusters),
                dags=rule.dags,
                tags=frozenset(rule.tags),
                owners=frozenset(rule.owners),
                actions=frozenset(rule.actions),
            )
            for number, rule in enumerate(settings.access.rules)
        ),
        settings.access.default,
    )


def resolvers(settings: Settings) -> MakeResolver:
    """Resolvers over some of the clusters, which share the indexes of their Dags."""
    from bot.services.resolve import Resolver

    zones, indexes = _timezones(settings), NameIndexes()

    def make(
        clusters: Mapping[str, Cluster], *, default: str = "", likely: Sequence[str] = ()
    ) -> Resolver:
        default = default or settings.default_cluster or ""
        return Resolver(clusters, zones, default or None, likely=likely, indexes=indexes)

    return make


def _timezones(settings: Settings) -> dict[str, ZoneInfo]:
    return {name: ZoneInfo(cluster.timezone) for name, cluster in settings.clusters.items()}
