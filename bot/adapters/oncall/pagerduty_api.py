"""PagerDuty's REST API v2 over HTTP: one request, or all pages of a list; faults with remedies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from ssl import SSLContext
from typing import Any

import httpx

from bot.domain.errors import OnCallError

Json = dict[str, Any]

_PAGE = 100  # the most that it gives at once
_PAGES = 50
_WAIT = 30.0  # seconds, where it does not say how long to wait
_LONGEST_WAIT = 600.0
_SAID_MAX = 200
_ACCEPT = "application/vnd.pagerduty+json;version=2"
_REMEDIES = {
    401: "PagerDuty refuses the token. Set on_call.pagerduty.token to a REST API key (an "
    "integration key of the Events API is none), for the region of on_call.pagerduty.api_url",
    402: "the PagerDuty account does not have what that needs. Ask its owner",
    403: "the PagerDuty token may not do that. Use a key that is not read-only, of a user or app "
    "who may see the service and its escalation policy",
    404: "PagerDuty does not have that. Check on_call.pagerduty.service and escalation_policy: "
    "they are the ids at the end of the address of their pages",
}
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class PagerDutyConfig:
    """`from_email` is of a PagerDuty user in whose name it is done; `slack_users` are Slack ids by
    the e-mail of PagerDuty users, in small letters."""

    token: str = field(repr=False)
    from_email: str
    service: str
    escalation_policy: str
    api_url: str = "https://api.pagerduty.com"
    seconds: float = 10.0
    slack_users: Mapping[str, str] = field(default_factory=dict)


class PagerDutyFault(OnCallError):
    """One request that failed. `status` is HTTP's, 0 without an answer. `said` is PagerDuty's own
    words. `is_uncertain`: it may have been carried out. `retry_in` as in `PageOutcome`."""

    def __init__(
        self,
        reason: str,
        status: int = 0,
        *,
        said: str = "",
        retry_in: float | None = None,
        is_uncertain: bool = False,
    ) -> None:
        self.status = status
        self.said = said
        self.retry_in = retry_in
        self.is_uncertain = is_uncertain
        super().__init__(f"{reason}.")


class PagerDutyApi:
    """Raises `PagerDutyFault`. Waits for one answer alone: when to try again is for the caller."""

    def __init__(self, config: PagerDutyConfig) -> None:
        self._from = config.from_email
        self._seconds = config.seconds
        self._client = httpx.AsyncClient(
            base_url=config.api_url,
            timeout=config.seconds,
            verify=_trusted(),
            headers={"Authorization": f"Token token={config.token}", "Accept": _ACCEPT},
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Json:
        return await self._request("GET", path, params=dict(query or {}))

    async def every(self, path: str, query: Mapping[str, Any]) -> Sequence[Json]:
        """All items of a list. Each page's key is the last word of its path."""
        items: list[Json] = []
        for _ in range(_PAGES):
            page = await self.get(path, {**query, "limit": _PAGE, "offset": len(items)})
            found = _items(page, path.rpartition("/")[2])
            items += found
            if not page.get("more") or not found:
                return items
        raise PagerDutyFault(f"PagerDuty lists more than {len(items)} {path.strip('/')}")

    async def send(self, method: str, path: str, body: Json, by: str = "") -> Json:
        """`by` is the e-mail of the PagerDuty user who does it; the configured one unless given."""
        return await self._request(method, path, json=body, headers={"From": by or self._from})

    async def _request(self, method: str, path: str, **options: Any) -> Json:
        is_reading = method == "GET"
        try:
            # The client's own limit is for each part: a server that drips would go on for ever.
            async with asyncio.timeout(self._seconds):
                reply = await self._client.request(method, path, **options)
        except (httpx.HTTPError, TimeoutError) as error:
            reason = f"PagerDuty does not answer ({type(error).__name__})"
            is_uncertain = not is_reading and not isinstance(error, _NOT_SENT)
            raise PagerDutyFault(reason, retry_in=_WAIT, is_uncertain=is_uncertain) from error
        if reply.is_success:
            return _body(reply, is_reading)
        raise _fault_of(reply, is_reading)


@cache
def _trusted() -> SSLContext:
    """The keys of the authorities, which take a tenth of a second to read."""
    return httpx.create_ssl_context()


def _body(reply: httpx.Response, is_reading: bool) -> Json:
    try:
        body = reply.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        reason = "PagerDuty's answer cannot be read"
        raise PagerDutyFault(reason, retry_in=_WAIT, is_uncertain=not is_reading)
    return body


def _items(page: Json, key: str) -> list[Json]:
    found = page.get(key)
    if not isinstance(found, list):
        raise PagerDutyFault(f"PagerDuty's answer holds no {key}", retry_in=_WAIT)
    return [item for item in found if isinstance(item, dict)]


def _fault_of(reply: httpx.Response, is_reading: bool) -> PagerDutyFault:
    status, said = reply.status_code, _said(reply)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        wait = _wait_asked_for(reply.headers)
        reason = f"PagerDuty's rate limit is used up, for {wait:.0f} s more"
        return PagerDutyFault(reason, status, retry_in=wait)
    if status >= 500:
        reason = f"PagerDuty is in trouble itself (HTTP {status})"
        return PagerDutyFault(reason, status, retry_in=_WAIT, is_uncertain=not is_reading)
    remedy = _REMEDIES.get(status, "PagerDuty refuses the request")
    return PagerDutyFault(f"{remedy} (HTTP {status}{said and f': {said}'})", status, said=said)


def _said(reply: httpx.Response) -> str:
    """The words of an error; the pages of gateways between are left aside."""
    try:
        error = reply.json()["error"]
        words = [error["message"], *(error.get("errors") or ())]
    except (ValueError, KeyError, TypeError):
        return ""
    text = ", ".join(word for word in words if isinstance(word, str))
    return "".join(sign if sign.isprintable() else " " for sign in text)[:_SAID_MAX]


def _wait_asked_for(headers: httpx.Headers) -> float:
    """Seconds; PagerDuty says them in a header of its own, gateways before it in the usual one."""
    for name in ("ratelimit-reset", "retry-after"):
        if headers.get(name, "").isdecimal():
            return min(max(float(headers[name]), 1.0), _LONGEST_WAIT)
    return _WAIT
