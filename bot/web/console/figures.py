"""Pages of figures over time, of incidents, and of how the clusters stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import Response

from bot import shipped
from bot.domain.capacity import ClusterOutlook
from bot.domain.verdicts import VerdictKind
from bot.services.archive_ports import DayFigures
from bot.services.console_ports import Role
from bot.web.console.asked import number_of
from bot.web.console.charts import Chart, days_of, lines, stacked
from bot.web.console.desk import Needs, desk_of, seen_by
from bot.web.console.pages import page

_SPANS = (7, 30, 90, 365)
_USUAL = 30
_CAUSES = 12
_MARK = re.compile(r"^<!--.*-->\n", re.MULTILINE)  # between which the page is written


@dataclass(frozen=True, slots=True)
class Totals:
    """Of a span of days. `helped` is the share of ratings that point up, None without any."""

    turns: int
    diagnoses: int
    unknown: float | None
    helped: float | None
    rated: int


def figure_pages() -> APIRouter:
    router = APIRouter(dependencies=[Depends(Needs(Role.VIEWER))])

    @router.get("/figures")
    async def figures(request: Request) -> Response:
        desk, seen = desk_of(request), await seen_by(request)
        span = number_of(request.query_params, "days") or _USUAL
        if span not in _SPANS:
            known = ", ".join(map(str, _SPANS))
            raise HTTPException(400, f"days: use one of {known}.")
        until = desk.now()
        first = (until - timedelta(days=span - 1)).date()
        since = datetime(first.year, first.month, first.day, tzinfo=UTC)
        days = await desk.archive.days(seen.scope, since, until)
        causes = await desk.archive.causes(seen.scope, since, _CAUSES)
        verdicts, ratings, seconds = _charts(days, since, until)
        return page(
            request, "figures.html", span=span, spans=_SPANS, days=days, causes=causes,
            totals=totals_of(days), verdict_chart=verdicts, rating_chart=ratings,
            second_chart=seconds,
        )  # fmt: skip

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        return page(request, "docs.html", measured=_MARK.sub("", shipped.figures()))

    @router.get("/incidents")
    async def incidents(request: Request) -> Response:
        desk, seen = desk_of(request), await seen_by(request)
        found = await desk.incidents.kept(seen.sight)
        numbers = {one.key: await desk.archive.number_of(one.turn_id) for one in found[:50]}
        return page(request, "incidents.html", found=found[:50], more=len(found) - 50,
                    numbers=numbers)  # fmt: skip

    @router.get("/health")
    async def health(request: Request) -> Response:
        desk, seen = desk_of(request), await seen_by(request)
        found: list[tuple[str, ClusterOutlook | None]] = [
            (name, await desk.outlooks(name)) for name in seen.sight.clusters
        ]
        troubles = await desk.incidents.troubles(seen.sight)
        return page(request, "health.html", clusters=found, troubles=troubles)

    return router


def totals_of(days: Sequence[DayFigures]) -> Totals:
    diagnoses = sum(sum(day.verdicts.values()) for day in days)
    unknown = sum(day.verdicts.get(VerdictKind.UNKNOWN.value, 0) for day in days)
    ups, downs = sum(day.ups for day in days), sum(day.downs for day in days)
    return Totals(
        sum(day.turns for day in days),
        diagnoses,
        unknown / diagnoses if diagnoses else None,
        ups / (ups + downs) if ups + downs else None,
        ups + downs,
    )


def _charts(
    days: Sequence[DayFigures], since: datetime, until: datetime
) -> tuple[Chart, Chart, Chart]:
    every = days_of(since.date(), until.date())
    kinds = [kind.value for kind in VerdictKind]
    verdicts = stacked(every, {day.day: day.verdicts for day in days}, kinds)
    scores = {day.day: {"up": day.ups, "down": day.downs} for day in days}
    seconds = {
        "first": {day.day: day.median_seconds for day in days},
        "second": {day.day: day.slow_seconds for day in days},
    }
    return verdicts, stacked(every, scores, ("up", "down")), lines(every, seconds)
