"""A server on loopback that speaks the part of PagerDuty's REST API v2 which is used here.

Shapes and refusals are PagerDuty's own: a key that an open incident has is refused, one who
acknowledges is assigned, who is raised to a level is called. `troubles` makes it fail on purpose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TOKEN = "pagerduty-token-of-the-fake"
READ_ONLY = "pagerduty-read-only-token"
SERVICE, POLICY = "PSERVICE", "PPOLICY"
BOT = "airflow-bot@example.com"


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str
    email: str

    def json(self, *, full: bool) -> Json:
        kind = "user" if full else "user_reference"
        page = f"https://example.pagerduty.com/users/{self.id}"
        shown = {"id": self.id, "type": kind, "summary": self.name, "html_url": page}
        return {**shown, "name": self.name, "email": self.email} if full else shown


@dataclass(frozen=True, slots=True)
class Shift:
    """`start` and `end` as PagerDuty writes them; None for one that always was or will be."""

    user: User
    level: int = 1
    start: str | None = None
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls a request of this method, the next one or after `spared` more: it gets `status`,
    or its line is cut, or it `hangs`; before or after it is carried out."""

    method: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    is_done_first: bool = False
    spared: int = 0
    hangs: bool = False


@dataclass(slots=True)
class PagerDutyFake:
    """`async with PagerDutyFake(…) as server:`. `called` are the ids of users in the order in which
    they were called, `requests` are methods and paths. The next `blind` looks for an incident find
    nothing, as where its list lags behind."""

    users: list[User] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    page_size: int = 100
    service_status: str = "active"
    troubles: list[Trouble] = field(default_factory=list)
    incidents: dict[str, Json] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    blind: int = 0
    api_url: str = ""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> PagerDutyFake:
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/oncalls", self._list_oncalls)
        app.router.add_get("/incidents", self._list_incidents)
        app.router.add_post("/incidents", self._create)
        app.router.add_get("/incidents/{id}", self._show_incident)
        app.router.add_put("/incidents/{id}", self._update)
        app.router.add_get("/users", self._list_users)
        app.router.add_get("/users/{id}", self._show_user)
        app.router.add_get("/services/{id}", self._show_service)
        app.router.add_get("/escalation_policies/{id}", self._show_policy)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.api_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        known = {f"Token token={TOKEN}", f"Token token={READ_ONLY}"}
        if request.headers.get("Authorization") not in known:
            return _error(401, "You are not authorized", 2006)
        if request.headers.get("Accept") != "application/vnd.pagerduty+json;version=2":
            return _error(406, "Not Acceptable", 2000)
        if request.method != "GET" and READ_ONLY in request.headers["Authorization"]:
            return _error(403, "Access Denied", 2010)
        trouble = self._trouble(request.method)
        if trouble is None:
            return await self._done(request, handler)
        if trouble.status:
            return _error(trouble.status, "trouble", 2000, headers=trouble.headers)
        if trouble.is_done_first:
            await self._done(request, handler)
        if trouble.hangs:
            await asyncio.sleep(60)
        assert request.transport is not None
        request.transport.abort()
        raise asyncio.CancelledError

    def _trouble(self, method: str) -> Trouble | None:
        found = next((one for one in self.troubles if one.method == method), None)
        if found is None:
            return None
        self.troubles.remove(found)
        if found.spared:
            self.troubles.append(replace(found, spared=found.spared - 1))
            return None
        return found

    async def _done(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "GET":
            return await handler(request)
        sender = request.headers.get("From")
        if not sender:
            text = "You must specify a user's email address in the “From” header"
            return _error(400, text, 2016)
        if sender not in {user.email for user in self.users}:
            return _error(400, "Requester User Not Found", 1008)
        return await handler(request)

    async def _list_oncalls(self, request: web.Request) -> web.Response:
        now = datetime.now(UTC).isoformat()
        since = datetime.fromisoformat(request.query.get("since", now))
        until = datetime.fromisoformat(request.query.get("until", now))
        if until < since:
            return _error(400, "Invalid Input Provided", 2001, ["Until must be after since"])
        full = "users" in request.query.getall("include[]", [])
        found = [
            {
                "user": shift.user.json(full=full),
                "schedule": None,
                "escalation_policy": {"id": POLICY, "type": "escalation_policy_reference"},
                "escalation_level": shift.level,
                "start": shift.start,
                "end": shift.end,
            }
            for shift in self.shifts
            if request.query["escalation_policy_ids[]"] == POLICY
            and (shift.start is None or datetime.fromisoformat(shift.start) <= until)
            and (shift.end is None or datetime.fromisoformat(shift.end) >= since)
        ]
        return self._page(request, "oncalls", found)

    def merge(self, source: str, target: str) -> None:
        """As a person does in PagerDuty: the source is resolved, its alerts are the target's."""
        kind = {"type": "merge_resolve_reason", "incident": {"id": target}}
        self.incidents[source] |= {"status": "resolved", "resolve_reason": kind}

    async def _show_incident(self, request: web.Request) -> web.Response:
        incident = self.incidents.get(request.match_info["id"])
        if incident is None:
            return _error(404, "Not Found", 2100)
        full = "acknowledgers" in request.query.getall("include[]", [])
        return web.json_response({"incident": self._shown(incident, full)})

    async def _list_incidents(self, request: web.Request) -> web.Response:
        query = request.query
        if self.blind:
            self.blind -= 1
            return self._page(request, "incidents", [])
        found = [
            incident
            for incident in reversed(self.incidents.values())
            if incident["incident_key"] == query["incident_key"]
            and incident["service"]["id"] == query["service_ids[]"]
        ]
        full = "acknowledgers" in query.getall("include[]", [])
        return self._page(request, "incidents", [self._shown(one, full) for one in found])

    async def _create(self, request: web.Request) -> web.Response:
        asked = (await request.json())["incident"]
        if asked["service"]["id"] != SERVICE:
            return _error(400, "Invalid Input Provided", 2001, ["Service not found"])
        if any(
            one["incident_key"] == asked["incident_key"] and one["status"] != "resolved"
            for one in self.incidents.values()
        ):
            text = "Open incident with matching dedup key already exists on this service"
            return _error(400, "Arguments Caused Error", 2002, [text])
        number = len(self.incidents) + 1
        incident: Json = {
            "id": f"Q{number:06}",
            "type": "incident",
            "incident_number": number,
            "title": asked["title"],
            "body": asked["body"],
            "urgency": asked["urgency"],
            "status": "triggered",
            "incident_key": asked["incident_key"],
            "service": asked["service"],
            "assignments": [],
            "acknowledgements": [],
            "html_url": f"https://example.pagerduty.com/incidents/Q{number:06}",
        }
        self.incidents[incident["id"]] = incident
        self._call(incident, 1)
        return web.json_response({"incident": self._shown(incident, False)}, status=201)

    async def _update(self, request: web.Request) -> web.Response:
        incident = self.incidents.get(request.match_info["id"])
        if incident is None:
            return _error(404, "Not Found", 2100)
        if incident["status"] == "resolved":
            text = "Incident Already Resolved"
            return _error(400, "Invalid Input Provided", 2001, [text])
        asked = (await request.json())["incident"]
        if "escalation_level" in asked:
            incident["status"] = "triggered"
            self._call(incident, asked["escalation_level"])
        if "assignments" in asked:
            ids = [one["assignee"]["id"] for one in asked["assignments"]]
            given = [user for user in self.users if user.id in ids]
            if len(given) != len(ids):
                return _error(400, "Invalid Input Provided", 2001, ["Assignee not found"])
            incident |= {"status": "triggered", "assignments": given}
            self.called += ids
        if status := asked.get("status"):
            sender = next(one for one in self.users if one.email == request.headers["From"])
            incident |= {
                "status": status,
                "by": sender,
                "last_status_change_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            if status == "acknowledged":
                incident["acknowledgements"].append(sender)
                incident["assignments"] = [sender]
            else:
                incident["assignments"] = []
        return web.json_response({"incident": self._shown(incident, False)})

    async def _list_users(self, request: web.Request) -> web.Response:
        found = [user for user in self.users if request.query["query"] in user.email]
        return self._page(request, "users", [user.json(full=True) for user in found])

    async def _show_user(self, request: web.Request) -> web.Response:
        found = [user for user in self.users if user.id == request.match_info["id"]]
        if not found:
            return _error(404, "Not Found", 2100)
        return web.json_response({"user": found[0].json(full=True)})

    async def _show_service(self, request: web.Request) -> web.Response:
        if request.match_info["id"] != SERVICE:
            return _error(404, "Not Found", 2100)
        service = {"id": SERVICE, "name": "Airflow", "status": self.service_status}
        return web.json_response({"service": service})

    async def _show_policy(self, request: web.Request) -> web.Response:
        if request.match_info["id"] != POLICY:
            return _error(404, "Not Found", 2100)
        levels = {shift.level for shift in self.shifts}
        policy = {"id": POLICY, "name": "Platform", "escalation_rules": [{} for _ in levels]}
        return web.json_response({"escalation_policy": policy})

    def _call(self, incident: Json, level: int) -> None:
        """Those of the level who are on call for ever; tests page no others."""
        incident["assignments"] = [one.user for one in self.shifts if one.level == level]
        self.called += [user.id for user in incident["assignments"]]

    def _shown(self, incident: Json, full: bool) -> Json:
        by = incident.get("by")
        return {
            **{key: value for key, value in incident.items() if key != "by"},
            "assignments": [{"assignee": one.json(full=full)} for one in incident["assignments"]],
            "acknowledgements": [
                {"acknowledger": one.json(full=full)} for one in incident["acknowledgements"]
            ],
            "last_status_change_by": by.json(full=False)
            if by
            else {"id": SERVICE, "type": "service_reference"},
        }

    def _page(self, request: web.Request, key: str, items: list[Json]) -> web.Response:
        limit = min(int(request.query.get("limit", 25)), self.page_size)
        offset = int(request.query.get("offset", 0))
        more = offset + limit < len(items)
        page = {key: items[offset : offset + limit], "limit": limit, "offset": offset}
        return web.json_response({**page, "more": more, "total": None})


def _error(
    status: int,
    message: str,
    code: int,
    errors: list[str] | None = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    error = {"message": message, "code": code, **({"errors": errors} if errors else {})}
    return web.json_response({"error": error}, status=status, headers=headers)
