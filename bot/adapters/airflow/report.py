"""How one cluster is doing, out of a handful of calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from bot.adapters.airflow.api import Api
from bot.adapters.airflow.asking import Asking
from bot.adapters.airflow.lanes import Rank
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply
from bot.adapters.airflow.pieces import PIECES, fields_of
from bot.adapters.airflow.values import mapping, whole
from bot.domain.answers import ClusterReport
from bot.domain.errors import AirflowError
from bot.domain.evidence import Gap, GapReason


async def cluster_report(api: Api, asking: Asking, name: str, since: datetime) -> ClusterReport:
    """Components, jobs, pools, import errors, and how many task instances failed `since`."""
    found = _Findings(asking)
    failed = partial(api.task_instances, "~", "~", state=["failed"], end_date_gte=since, limit=1)
    _, _, _, _, import_errors, failures = await asyncio.gather(
        found.piece("health", api.health),
        found.piece("version", api.version),
        found.piece("jobs", api.jobs),
        found.piece("pools", api.pools),
        found.count("import_errors", partial(api.import_errors, limit=1)),
        found.count("task_instances", failed),
    )
    try:
        asking.raise_if_silent()
    except AirflowError as error:
        gap = Gap("cluster", GapReason.UNAVAILABLE, str(error))
        return ClusterReport(name, reachable=False, gaps=(gap,))
    return ClusterReport(
        cluster=name,
        reachable=True,
        airflow_version=found.fields.get("airflow_version"),
        components=found.fields.get("health", ()),
        jobs=found.fields.get("jobs", ()),
        pools=found.fields.get("pools", ()),
        import_errors=import_errors,
        failed_last_hour=failures,
        gaps=tuple(found.gaps),
    )


class _Findings:
    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.fields: dict[str, Any] = {}
        self.gaps: list[Gap] = []

    async def piece(self, name: str, call: Callable[[], Outcome]) -> None:
        outcome = await self._asking.piece(name, call, Rank.DECISIVE)
        self.fields.update(fields_of(outcome))
        if isinstance(outcome, Refusal):
            self._miss(name, outcome)

    async def count(self, name: str, call: Callable[[], Outcome]) -> int | None:
        outcome = await self._asking.ask(call)
        if isinstance(outcome, Reply):
            return whole(mapping(outcome.body).get("total_entries"))
        self._miss(name, outcome)
        return None

    def _miss(self, name: str, refusal: Refusal) -> None:
        kind = PIECES[name]
        remedy = kind.remedy if refusal.status == 403 else refusal.remedy
        self.gaps.append(Gap(kind.name, refusal.reason, refusal.detail, remedy))
