"""The door for what Airflow reports by itself: checked, read, kept, then acknowledged."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bot.domain.errors import StoreError
from bot.domain.failures import Failure, Success
from bot.questions.links import ClusterAddress
from bot.services.no_meter import NoMeter
from bot.services.ports import Meter
from bot.web.failure_reports import Faulty, ReportReader, Reports
from bot.web.report_signatures import FRESH, SIGNATURE, TIMESTAMP, is_right, is_signed_lately

log = structlog.get_logger(__name__)

PATH = "/webhooks/failures"
BODY_MAX = 512_000
"""Bytes: room for a thousand failures."""
_KEEP_SECONDS = 10.0  # Airflow's callbacks should not hang longer on us
_AGAIN_SECONDS = 5  # when a sender that was turned away may come back
_METERED = "failure"

Take = Callable[[Sequence[Failure]], Awaitable[int]]
Succeed = Callable[[Sequence[Success]], Awaitable[object]]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FailureDoor:
    """What the route works with.

    `take` keeps failures durably and says how many were new, `succeed` keeps runs that ended well;
    both raise `StoreError` where they could not. `default_cluster` is meant where a report names
    none and there are several. Failures that Airflow will retry by itself are left out unless
    `retries`.
    """

    token: str
    clusters: Sequence[ClusterAddress]
    take: Take
    succeed: Succeed
    default_cluster: str | None = None
    retries: bool = False
    meter: Meter = field(default_factory=NoMeter)
    now: Callable[[], datetime] = _now


def failure_routes(door: FailureDoor) -> APIRouter:
    """`POST /webhooks/failures`.

    202: kept, and told of soon, whatever happens. 200: nothing new in it. 400: says each fault.
    401: neither a signature that holds nor the token. 413, 415: too long, no JSON. 503: not kept,
    send it again.
    """
    if not door.token:
        raise ValueError("the failure webhook needs a token")
    router = APIRouter()
    reader = ReportReader(door.clusters, door.default_cluster, retries=door.retries)

    @router.post(PATH)
    async def failures(request: Request) -> Response:
        began = time.perf_counter()
        outcome, reply = await _received(request, door, reader)
        door.meter.delivery(_METERED, outcome, time.perf_counter() - began)
        return reply

    return router


async def _received(
    request: Request, door: FailureDoor, reader: ReportReader
) -> tuple[str, Response]:
    """The outcome as the meter words it, and the reply."""
    has_token = _has_token(request, door.token)
    refusal = _refusal(request, has_token or is_signed_lately(request.headers, door.now()))
    if refusal is not None:
        return "refused", refusal
    body = await _body_of(request)
    if body is None:
        words = f"The body is longer than {BODY_MAX:,} bytes. Send fewer at a time."
        return "refused", _said(413, words)
    if not has_token and not is_right(request.headers, body, door.token):
        return "refused", _unknown()
    try:
        reports = reader.read(body, door.now())
    except Faulty as faulty:
        log.warning("failures.refused", faults=len(faulty.faults))
        return "refused", JSONResponse({"errors": faulty.faults}, status_code=400)
    return await _kept(reports, door)


async def _kept(reports: Reports, door: FailureDoor) -> tuple[str, Response]:
    failures, successes, left_out = reports.failures, reports.successes, reports.left_out
    try:
        async with asyncio.timeout(_KEEP_SECONDS):
            new = await door.take(failures) if failures else 0
            if successes:
                await door.succeed(successes)
    except (StoreError, TimeoutError) as error:
        log.error("failures.not_kept", failures=len(failures), error=str(error) or "timeout")
        again = {"Retry-After": str(_AGAIN_SECONDS)}
        return "refused", _said(503, "The database did not keep this. Send it again.", again)
    known = len(failures) - new
    log.info("failures.taken", new=new, known=known, left_out=left_out)
    counts = {"new": new, "known": known, "left_out": left_out}
    if successes:
        counts["successes"] = len(successes)
    if new or successes:
        return "taken", JSONResponse(counts, status_code=202)
    return "duplicate" if known else "ignored", JSONResponse(counts)


def _has_token(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # Of bytes: texts with other than ASCII in them cannot be compared in constant time.
    is_given = hmac.compare_digest(given.strip().encode(), token.encode())
    return scheme.lower() == "bearer" and is_given


def _unknown() -> Response:
    words = (
        f"Sign the request with failure_webhook.token ({SIGNATURE}, and {TIMESTAMP} of less than "
        f"{FRESH / 60:.0f} minutes ago), or send it in the header “Authorization: Bearer <token>”."
    )
    return _said(401, words, {"WWW-Authenticate": "Bearer"})


def _refusal(request: Request, may_be_known: bool) -> Response | None:
    """What is wrong with the request before its body is looked at."""
    if not may_be_known:
        return _unknown()
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        return _said(415, "Send JSON, with the header “Content-Type: application/json”.")
    return None


async def _body_of(request: Request) -> bytes | None:
    """None as soon as it turns out to be too long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_MAX:
            return None
    return bytes(body)


def _said(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"errors": [words]}, status_code=status, headers=headers)
