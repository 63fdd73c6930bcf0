"""From the settings to the clusters of Airflow, and the addresses of their pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.adapters.airflow.config import ClusterConfig
from bot.diagnosis.redaction import Redactor
from bot.questions.links import ClusterAddress
from bot.revealing import revealed
from bot.services.log_readers import LogReaders
from bot.services.ports import Meter
from bot.settings import ClusterSettings, Settings

if TYPE_CHECKING:
    from bot.adapters.airflow.cluster import AirflowCluster


def clusters_of(
    settings: Settings, redactor: Redactor, readers: LogReaders, meter: Meter
) -> dict[str, AirflowCluster]:
    return {
        name: _cluster(name, cluster, settings, redactor, readers, meter)
        for name, cluster in settings.clusters.items()
    }


@asynccontextmanager
async def closing_all(clusters: Iterable[AirflowCluster]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for cluster in clusters:
            cluster.close()


def _cluster(
    name: str,
    cluster: ClusterSettings,
    settings: Settings,
    redactor: Redactor,
    readers: LogReaders,
    meter: Meter,
) -> AirflowCluster:
    from bot.adapters.airflow.cluster import AirflowCluster

    config = ClusterConfig(
        name=name,
        base_url=cluster.base_url,
        username=cluster.username or "",
        password=revealed(cluster.password),
        token=revealed(cluster.token),
        verify_tls=cluster.verify,
        ca_file=str(cluster.ca_file or ""),
        ui_url=cluster.ui_url or "",
        description=cluster.description,
        executor=cluster.executor or "",
        deadline_seconds=cluster.deadline or settings.answers.deadline,
        max_calls=cluster.max_calls,
        dag_ids_seconds=cluster.dag_list_seconds,
        slots=cluster.slots,
        queued_seconds=cluster.queued_timeout,
    )
    return AirflowCluster(
        config,
        make_log_reader=readers,
        redact=redactor.redact,
        meter=meter,
    )


def addresses_of(settings: Settings) -> tuple[ClusterAddress, ...]:
    return tuple(
        ClusterAddress(
            name, tuple(filter(None, (cluster.base_url, cluster.ui_url))), cluster.aliases
        )
        for name, cluster in settings.clusters.items()
    )
