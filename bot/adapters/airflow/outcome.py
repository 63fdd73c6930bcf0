"""What one call to Airflow came to: a reply, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.adapters.airflow.values import mapping, text
from bot.domain.evidence import GapReason

DETAIL_MAX = 300  # characters of a server's own words


@dataclass(frozen=True, slots=True)
class Reply:
    """A 2xx reply, its JSON parsed."""

    body: object


@dataclass(frozen=True, slots=True)
class Refusal:
    """No usable reply. `status` is the HTTP status where one came; `remedy` may be empty."""

    reason: GapReason
    detail: str = ""
    status: int | None = None
    remedy: str = ""


Outcome = Reply | Refusal

_PATIENCE = "Ask again in a minute."
_REASONS: Mapping[int, tuple[GapReason, str]] = {
    400: (GapReason.UNSUPPORTED, ""),
    401: (GapReason.FORBIDDEN, "Check the user name and password of this cluster."),
    403: (GapReason.FORBIDDEN, ""),
    404: (GapReason.NOT_FOUND, ""),
    405: (GapReason.UNSUPPORTED, ""),
    406: (GapReason.UNSUPPORTED, ""),
    413: (GapReason.TOO_LARGE, ""),
    422: (GapReason.UNSUPPORTED, ""),
    429: (GapReason.UNAVAILABLE, _PATIENCE),
}


def outcome_of(status: int, body: object) -> Outcome:
    """A parsed body with its HTTP status, as a reply or a refusal."""
    if 200 <= status < 300:
        return Reply(body)
    reason, remedy = _REASONS.get(status, (GapReason.UNAVAILABLE, _PATIENCE))
    return Refusal(reason, detail_of(status, body), status, remedy)


def detail_of(status: int, body: object) -> str:
    """The server's own words: FastAPI's `detail`, a database error's `reason`, or the status."""
    said = mapping(body).get("detail", mapping(body).get("title", body))
    if isinstance(said, Mapping):
        said = said.get("reason") or said.get("msg")
    if isinstance(said, list):
        said = "; ".join(str(mapping(entry).get("msg") or entry) for entry in said[:3])
    words = text(said) or ""
    return f"HTTP {status}: {words}"[:DETAIL_MAX].strip(": ")
