"""Pages of runbooks: those in force with the age of their review, and drafts as what they add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from bot.domain.errors import BadRequest
from bot.domain.runbook_drafts import DraftState, RunbookDraft
from bot.domain.runbooks import KnownFailure
from bot.domain.verdicts import VerdictKind
from bot.services.console_ports import Role
from bot.services.runbook_growth import Chosen, Person
from bot.web.console.asked import number_of, one_of, text_of
from bot.web.console.desk import BASE, Desk, Needs, desk_of, fresh_secret, seen_by, visit_of
from bot.web.console.pages import page

_DRAFTS = 25
_NO_DRAFT = "There is no such draft, or you may not see it."


@dataclass(frozen=True, slots=True)
class InForce:
    """One runbook with the day by which somebody should look at it again."""

    known: KnownFailure
    due: date | None
    is_late: bool


def runbook_pages() -> APIRouter:
    router = APIRouter()
    router.include_router(_pages_in_force())
    router.include_router(_draft_pages())
    return router


def _pages_in_force() -> APIRouter:
    router = APIRouter()
    viewer = [Depends(Needs(Role.VIEWER))]

    @router.get("/runbooks", dependencies=viewer)
    async def listed(request: Request) -> Response:
        desk, query = desk_of(request), request.query_params
        words, kind = text_of(query, "words").casefold(), one_of(query, "verdict", VerdictKind)
        catalogue, today = desk.known(), desk.now().date()
        found = [
            in_force(one, today)
            for one in catalogue.failures
            if kind in (None, one.verdict) and words in f"{one.cause} {one.title}".casefold()
        ]
        found.sort(key=lambda one: (not one.is_late, one.due or date.max, one.known.cause))
        return page(
            request, "runbooks.html", found=found, faults=catalogue.faults, query=query,
            late=sum(one.is_late for one in found),
        )  # fmt: skip

    @router.get("/runbooks/{cause}", dependencies=viewer)
    async def one(request: Request, cause: str) -> Response:
        desk = desk_of(request)
        known = next((one for one in desk.known().failures if one.cause == cause), None)
        if known is None:
            raise HTTPException(404, "There is no runbook of that cause.")
        return page(request, "runbook.html", one=in_force(known, desk.now().date()))

    return router


def _draft_pages() -> APIRouter:
    router = APIRouter()
    reviewer = [Depends(Needs(Role.REVIEWER))]

    @router.get("/drafts", dependencies=reviewer)
    async def drafts(request: Request) -> Response:
        desk, query = desk_of(request), request.query_params
        state = one_of(query, "state", DraftState)
        skipped = number_of(query, "skip") or 0
        found: Sequence[RunbookDraft] = ()
        if await _sees_drafts(request):
            states = (state,) if state else ()
            found = await desk.growth.drafts.page(states, _DRAFTS + 1, min(skipped, 10**6))
        return page(
            request, "drafts.html", found=found[:_DRAFTS], query=query, states=tuple(DraftState),
            skip=skipped + _DRAFTS if len(found) > _DRAFTS else None,
        )  # fmt: skip

    @router.get("/drafts/{draft_id}", dependencies=reviewer)
    async def draft(request: Request, draft_id: str) -> Response:
        return await _draft_page(request, draft_id)

    @router.get("/drafts/{draft_id}/patch", dependencies=reviewer)
    async def patch(request: Request, draft_id: str) -> Response:
        await _draft(request, draft_id)
        try:
            name, text = await desk_of(request).growth.patch(draft_id)
        except BadRequest as error:
            raise HTTPException(400, str(error)) from error
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(text, media_type="text/x-patch", headers=headers)

    @router.post("/drafts/{draft_id}", dependencies=[Depends(Needs(Role.ADMIN))])
    async def decide(request: Request, draft_id: str) -> Response:
        await _draft(request, draft_id)
        try:
            await _decide(request, desk_of(request), draft_id)
        except BadRequest as error:
            return await _draft_page(request, draft_id, status=400, words=str(error))
        return RedirectResponse(f"{BASE}/drafts/{draft_id}", 303)

    return router


def in_force(known: KnownFailure, today: date) -> InForce:
    reviewed = known.last_reviewed
    due = reviewed + timedelta(days=known.review_after_days) if reviewed else None
    return InForce(known, due, due is None or due < today)


async def _draft(request: Request, draft_id: str) -> RunbookDraft:
    found = await desk_of(request).growth.drafts.get(draft_id)
    if found is None or not await _sees_drafts(request):
        raise HTTPException(404, _NO_DRAFT)
    return found


async def _sees_drafts(request: Request) -> bool:
    """Their texts may name any Dag and rest on any workspace: they are for those who may see all
    Dags, and of those signed in with Slack for administrators."""
    person = visit_of(request).person
    may_all = person.is_local or person.role.covers(Role.ADMIN)
    return may_all and not (await seen_by(request)).scope.is_limited


async def _draft_page(
    request: Request, draft_id: str, *, status: int = 200, words: str = ""
) -> Response:
    return page(
        request, "draft.html", status, draft=await _draft(request, draft_id), words=words,
        may_decide=visit_of(request).person.role.covers(Role.ADMIN),
    )  # fmt: skip


async def _decide(request: Request, desk: Desk, draft_id: str) -> None:
    """Raises `BadRequest`."""
    person, form = visit_of(request).person, await request.form()
    by = Person(person.user_id, person.workspace)
    key = f"console:{draft_id}:{fresh_secret()}"
    try:
        version = int(str(form.get("version") or ""))
    except ValueError:
        raise BadRequest("Open it, so that you decide about a text that you saw.") from None
    if form.get("decision") == "reject":
        await desk.growth.reject(key, draft_id, by, version)
        return
    if form.get("decision") != "approve":
        raise BadRequest("Approve it, or reject it.")
    try:
        verdict = VerdictKind(str(form.get("verdict")))
    except ValueError:
        verdict = None
    cause = str(form.get("cause") or "").strip()
    await desk.growth.approve(key, draft_id, Chosen(verdict, cause), by, version)
