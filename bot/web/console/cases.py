"""Pages of resolved cases: what humans found out, who approved it, and how it fared."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import Response

from bot.domain.resolved_cases import CaseQuery, CaseState, ResolvedCase
from bot.services.console_ports import Role
from bot.services.console_sight import Seen
from bot.web.console.asked import again, one_of, text_of
from bot.web.console.desk import Needs, desk_of, seen_by
from bot.web.console.pages import page

_PAGE = 25


def case_pages() -> APIRouter:
    router = APIRouter(dependencies=[Depends(Needs(Role.VIEWER))])

    @router.get("/cases")
    async def listed(request: Request) -> Response:
        desk, seen, query = desk_of(request), await seen_by(request), request.query_params
        state = one_of(query, "state", CaseState)
        found = await desk.cases.page(
            CaseQuery(
                states=(state,) if state else (),
                workspace=seen.scope.workspace or "",
                cause=text_of(query, "cause"),
                words=text_of(query, "words"),
                after=text_of(query, "after"),
                limit=_PAGE,
            )
        )
        shown = [one for one in found.cases if may_see_case(seen, one.case)]
        return page(
            request,
            "cases.html",
            cases=seen.veil.over(tuple(shown)),
            next=again(query, after=found.next) if found.next else "",
            query=query,
            states=tuple(CaseState),
        )

    @router.get("/cases/{case_id:path}")
    async def one(request: Request, case_id: str) -> Response:
        desk, seen = desk_of(request), await seen_by(request)
        known = await desk.cases.get(case_id)
        if known is None or not may_see_case(seen, known.case):
            raise HTTPException(404, "There is no such case, or you may not see it.")
        number = await desk.archive.number_of(known.case.turn_id) if known.case.turn_id else None
        return page(request, "case.html", known=seen.veil.over(known), number=number)

    return router


def may_see_case(seen: Seen, case: ResolvedCase) -> bool:
    """What was quoted of a log is for those who may read it; see `sees_case`."""
    place = case.cluster, case.dag_id
    return seen.is_of(case.workspace) and seen.may_see(*place) and seen.may_read_logs(*place)
