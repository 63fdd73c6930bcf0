"""What the console shows, as JSON for programs of whoever is signed in; read only."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator

from bot.domain.conversations import Outcome, Score
from bot.domain.verdicts import VerdictKind
from bot.services.archive_ports import DayFigures, Listed, Wanted
from bot.services.console_ports import Role
from bot.web.console.conversations import TurnShown, shown_turns, veiled
from bot.web.console.desk import BASE, Needs, desk_of, seen_by

_NUMBER_MAX = 2**53
_TEXT_MAX = 300
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Text = Annotated[str, Query(max_length=_TEXT_MAX)]


def _written(value: object) -> object:
    """A number would be taken for seconds since 1970."""
    if isinstance(value, str) and not _ISO.fullmatch(value):
        raise ValueError("write a day like 2026-11-20")
    return value


Day = Annotated[
    date | None,
    BeforeValidator(_written),
    Query(description="A day, in UTC."),
]
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX)]


class Refusal(BaseModel):
    error: str


class ConversationItem(BaseModel):
    """One conversation; `verdict` and what follows from it are of its latest diagnosis."""

    number: int
    asked_at: datetime
    last_at: datetime
    question: str
    turns: int
    verdict: VerdictKind | None
    cause: str
    title: str
    confidence: float
    cluster: str
    dag_id: str
    task_id: str
    outcome: Outcome
    helped: int
    did_not_help: int


class ConversationList(BaseModel):
    """Newest first. `older` is what to give as `before` for the next page; null at the end."""

    items: list[ConversationItem]
    older: int | None


class QuoteItem(BaseModel):
    id: str
    text: str
    source: str


class TurnItem(BaseModel):
    id: str
    question: str
    asked_at: datetime
    seconds: float
    reply: str
    reference: str
    verdict: VerdictKind | None
    cause: str
    why: str
    quotes: list[QuoteItem]
    gaps: list[str]


class ConversationDetail(BaseModel):
    number: int
    outcome: Outcome
    turns: list[TurnItem]


class DayItem(BaseModel):
    """Diagnoses by verdict, ratings, and the seconds that half and 95 % of answers took at most."""

    day: date
    turns: int
    verdicts: dict[str, int]
    helped: int
    did_not_help: int
    median_seconds: float
    slow_seconds: float


_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal, "description": words}
    for status, words in (
        (401, "Nobody is signed in."),
        (403, "The role is too small."),
        (422, "A parameter cannot be meant."),
        (503, "The database does not answer."),
    )
}
_NO_SUCH: dict[int | str, dict[str, Any]] = {404: {"model": Refusal, "description": "Not there."}}


def api_routes(version: str = "1") -> APIRouter:
    router = APIRouter(
        prefix="/api", dependencies=[Depends(Needs(Role.VIEWER))], responses=_REFUSALS
    )

    @router.get("/conversations")
    async def conversations(
        request: Request,
        words: Text = "",
        verdict: VerdictKind | None = None,
        cause: Text = "",
        cluster: Text = "",
        dag: Text = "",
        rating: Score | None = None,
        since: Day = None,
        until: Day = None,
        before: Annotated[int | None, Query(ge=1, le=_NUMBER_MAX)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 25,
    ) -> ConversationList:
        seen = await seen_by(request)
        wanted = Wanted(
            words, verdict, cause, cluster, dag, None, rating,
            _begin(since) if since else None,
            _end(until) if until else None,
        )  # fmt: skip
        found = await desk_of(request).archive.page(wanted, seen.scope, before=before, limit=limit)
        rows = veiled(found.rows, seen, words)
        return ConversationList(items=[_item(row) for row in rows], older=found.older)

    @router.get("/conversations/{number}", responses=_NO_SUCH)
    async def conversation(request: Request, number: Number) -> ConversationDetail:
        seen = await seen_by(request)
        found = await desk_of(request).archive.conversation(number, seen.scope)
        if found is None:
            raise HTTPException(404, "There is no such conversation, or you may not see it.")
        turns = [_turn(shown) for shown in shown_turns(found, seen)]
        return ConversationDetail(number=number, outcome=found.outcome, turns=turns)

    @router.get("/figures")
    async def figures(
        request: Request, days: Annotated[int, Query(ge=1, le=366)] = 30
    ) -> list[DayItem]:
        desk, seen = desk_of(request), await seen_by(request)
        now = desk.now()
        since = _begin((now - timedelta(days=days - 1)).date())
        return [_day(one) for one in await desk.archive.days(seen.scope, since, now)]

    @router.get("/openapi.json")
    async def schema() -> JSONResponse:
        return JSONResponse(schema_of(router, version))

    return router


def schema_of(router: APIRouter, version: str = "1") -> dict[str, Any]:
    """The routes as OpenAPI, at their addresses."""
    described = [one for one in router.routes if not getattr(one, "path", "").endswith(".json")]
    title = "Airflow Support Bot: console"
    return get_openapi(title=title, version=version, routes=described, servers=[{"url": BASE}])


def _item(row: Listed) -> ConversationItem:
    return ConversationItem(
        number=row.number, asked_at=row.asked_at, last_at=row.last_at, question=row.question,
        turns=row.turns, verdict=row.verdict, cause=row.cause, title=row.title,
        confidence=row.confidence, cluster=row.cluster, dag_id=row.dag_id, task_id=row.task_id,
        outcome=row.outcome, helped=row.ups, did_not_help=row.downs,
    )  # fmt: skip


def _turn(shown: TurnShown) -> TurnItem:
    turn, verdict = shown.turn, shown.diagnosis.verdict if shown.diagnosis else None
    return TurnItem(
        id=turn.id,
        question=turn.question.text,
        asked_at=turn.question.asked_at,
        seconds=turn.seconds,
        reply=type(turn.reply).__name__,
        reference=turn.reply.reference,
        verdict=verdict.kind if verdict else None,
        cause=verdict.cause if verdict else "",
        why=verdict.why if verdict else "",
        quotes=[
            QuoteItem(id=one.id, text=one.text, source=one.source)
            for one in (verdict.quotes if verdict else ())
        ],
        gaps=[one.source for one in (verdict.gaps if verdict else ())],
    )


def _day(one: DayFigures) -> DayItem:
    return DayItem(
        day=one.day, turns=one.turns, verdicts=one.verdicts, helped=one.ups,
        did_not_help=one.downs, median_seconds=one.median_seconds, slow_seconds=one.slow_seconds,
    )  # fmt: skip


def _begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _end(day: date) -> datetime:
    """When the next day begins, where there is one."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return _begin(day) + timedelta(days=1)
