"""Pages of snapshots: what datasets were made of, and whether all of it is still there."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import Response

from bot.services.console_ports import Role
from bot.web.console.asked import number_of
from bot.web.console.desk import Needs, desk_of
from bot.web.console.pages import page

_PAGE = 25
_SKIPPED_MAX = 10**6


def dataset_pages() -> APIRouter:
    router = APIRouter(dependencies=[Depends(Needs(Role.REVIEWER))])

    @router.get("/datasets")
    async def listed(request: Request) -> Response:
        skipped = min(number_of(request.query_params, "skip") or 0, _SKIPPED_MAX)
        found = await desk_of(request).snapshots.all(_PAGE + 1, skipped)
        return page(
            request, "datasets.html", found=found[:_PAGE],
            skip=skipped + _PAGE if len(found) > _PAGE else None,
        )  # fmt: skip

    @router.get("/datasets/{snapshot_id}")
    async def one(request: Request, snapshot_id: str) -> Response:
        found = await desk_of(request).snapshots.find(snapshot_id)
        if found is None:
            raise HTTPException(404, "There is no such snapshot.")
        return page(request, "dataset.html", one=found)

    return router
