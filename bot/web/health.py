"""How the process is: alive, ready for work, and in figures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from bot.domain.checks import Check, CheckStatus
from bot.services.standing import Standing

Ready = Callable[[], Awaitable[Sequence[Check]]]

READY_SECONDS = 5.0  # what takes longer than this to say that it is ready is not


class Metrics(Protocol):
    """Figures as text for Prometheus."""

    @property
    def content_type(self) -> str: ...

    async def render(self) -> bytes: ...


def health_pages(
    ready: Ready,
    *,
    version: str,
    metrics: Metrics | None = None,
    standing: Standing | None = None,
    seconds: float = READY_SECONDS,
) -> APIRouter:
    """`/healthz`, `/readyz` and, with `metrics`, `/metrics`.

    `ready` gives a check for each part that the work of this process needs. It is not asked while
    the process starts or stops by its `standing`: then nothing is to be sent to it.
    """
    pages = APIRouter()
    standing = standing or Standing()

    @pages.get("/healthz")
    async def healthz() -> Response:
        """The process lives and its event loop turns; nothing else is looked at."""
        return JSONResponse({"status": "ok", "version": version})

    @pages.get("/readyz")
    async def readyz() -> Response:
        """Whether work can be done now; 503 says which part is in the way."""
        if standing.is_stopping:
            return JSONResponse({"status": "stopping", "checks": []}, status_code=503)
        if standing.waits_for:
            starting = {"status": "starting", "waits_for": standing.waits_for, "checks": []}
            return JSONResponse(starting, status_code=503)
        checks = await _within(seconds, ready)
        failed = any(check.status is CheckStatus.FAILED for check in checks)
        body = {
            "status": "not ready" if failed else "ready",
            "checks": [
                {"part": check.part, "name": check.name, "status": check.status.value}
                for check in checks
            ],
        }
        return JSONResponse(body, status_code=503 if failed else 200)

    if metrics is not None:

        @pages.get("/metrics")
        async def figures() -> Response:
            return Response(await metrics.render(), media_type=metrics.content_type)

    return pages


async def _within(seconds: float, ready: Ready) -> Sequence[Check]:
    try:
        async with asyncio.timeout(seconds):
            return await ready()
    except TimeoutError:
        return [Check("process", "answers in time", CheckStatus.FAILED)]
