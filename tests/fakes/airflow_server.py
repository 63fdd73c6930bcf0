"""A loopback HTTP server that answers as a recorded Airflow 3 did, with faults to switch on.

    with RecordedAirflow.from_file("tests/payloads/airflow/pipeline_62247.json") as airflow:
        config = ClusterConfig("lab", airflow.url, airflow.username, airflow.password)

It speaks real HTTP: logins, expiring tokens, pages, mapped task instances, ndjson logs. It counts
the calls in flight, which shows how gently a client reads.
"""

from __future__ import annotations

import gzip
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.airflow_world import AirflowWorld, Answer, Route, route_of

SIGN_ON_PAGE = b"<!doctype html><title>Sign in</title><form action=/sso>"
_OPEN = frozenset({"health", "version"})  # answered without a token


@dataclass
class Faults:
    """What goes wrong, by piece (`event_logs`, `log`, `login`, …) or `*` for every call."""

    status: dict[str, int] = field(default_factory=dict)  # answered as HTML, as proxies do
    forbidden: set[str] = field(default_factory=set)
    html: set[str] = field(default_factory=set)  # 200 with a sign-on page
    redirect: set[str] = field(default_factory=set)  # 307 to a sign-on page
    drop: set[str] = field(default_factory=set)  # the connection ends without an answer
    cut: set[str] = field(default_factory=set)  # it ends in the middle of the body
    rubbish: set[str] = field(default_factory=set)  # 200 with text that is no JSON
    gzip: bool = False
    invalid_tokens: bool = False  # 403 "Invalid JWT token", as after a change of secret
    latency: float = 0.0  # seconds that every answer takes
    page_cap: int = 100
    hold: dict[str, threading.Event] = field(default_factory=dict)  # waits before answering

    def hits(self, where: set[str] | Mapping[str, object], piece: str) -> bool:
        return piece in where or "*" in where


@dataclass(frozen=True)
class Seen:
    """One request as it came in."""

    method: str
    piece: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]


class RecordedAirflow:
    """The server; a context manager. `log_source`, if set, gives every log's bytes instead."""

    username = "bot"
    password = "bot-password"

    def __init__(
        self, recordings: Sequence[Mapping[str, Any]], more_dags: Sequence[str] = ()
    ) -> None:
        self.world = AirflowWorld(recordings, more_dags)
        self.faults = Faults()
        self.log_source: Callable[[], Iterator[bytes]] | None = None
        self.version_of_airflow_2: str | None = None  # answered at Airflow 2's own address
        self.seen: list[Seen] = []
        self.logins = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self._tokens: set[str] = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @classmethod
    def from_file(cls, *paths: str | Path) -> RecordedAirflow:
        """Serves one recording, or several as the Dags of one cluster."""
        return cls([json.loads(Path(path).read_text()) for path in paths])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def expire_tokens(self) -> None:
        """From now on every token given out so far is answered 401 "Token Expired"."""
        self._tokens.clear()

    def asked(self, piece: str) -> list[Seen]:
        return [one for one in self.seen if one.piece == piece]

    def __enter__(self) -> RecordedAirflow:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for event in self.faults.hold.values():
            event.set()
        self._server.shutdown()
        self._server.server_close()

    def enter(self, request: Seen) -> None:
        with self._lock:
            self.seen.append(request)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def leave(self) -> None:
        with self._lock:
            self.in_flight -= 1

    def log_in(self, body: Mapping[str, str]) -> Answer:
        self.logins += 1
        if (body.get("username"), body.get("password")) != (self.username, self.password):
            return Answer(401, {"detail": "Invalid credentials"})
        token = f"token-{self.logins}"
        self._tokens.add(token)
        return Answer(201, {"access_token": token})

    def turned_away(self, piece: str, authorization: str | None) -> Answer | None:
        """What is said to a call whose token is missing, expired or of another secret."""
        if piece in _OPEN:
            return None
        if not authorization:
            return Answer(401, {"detail": "Not authenticated"})
        if authorization.removeprefix("Bearer ") in self._tokens:
            return None
        if self.faults.invalid_tokens:
            return Answer(403, {"detail": "Invalid JWT token"})
        return Answer(401, {"detail": "Token Expired"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no failure of ours; all else is shown as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(server: RecordedAirflow) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        airflow = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # or head and body go out apart and wait 40 ms for each other
    airflow: RecordedAirflow

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        route = Route("login") if self.path == "/auth/token" else None
        self._serve(route, lambda: self.airflow.log_in(json.loads(raw)))

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        self._serve(route_of(parts.path), lambda: self._answer(route_of(parts.path), query))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _serve(self, route: Route | None, answer: Callable[[], Answer | None]) -> None:
        piece = route.piece if route else "unknown"
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qs(parts.query)
        self.airflow.enter(Seen(self.command, piece, parts.path, query, headers))
        try:
            if not self._fail(piece):
                found = answer() if route else self._off_the_map(parts.path)
                if found is not None:
                    self._send_json(found, cut=self._hits("cut", piece))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self.airflow.leave()

    def _answer(self, route: Route | None, query: Mapping[str, Sequence[str]]) -> Answer | None:
        """The answer to a GET; None where a log has been sent already."""
        if route is None:
            return None
        turned_away = self.airflow.turned_away(route.piece, self.headers.get("Authorization"))
        if turned_away:
            return turned_away
        if self._hits("forbidden", route.piece):
            return Answer(403, {"detail": "Forbidden"})
        if _has_naive_time(query):
            return Answer(500, {"detail": {"reason": "Database error", "statement": "hidden"}})
        if route.piece == "log":
            return self._send_log(route, query)
        return self.airflow.world.answer(route, query, self.airflow.faults.page_cap)

    def _off_the_map(self, path: str) -> Answer:
        if path == "/api/v1/version" and self.airflow.version_of_airflow_2:
            return Answer(200, {"version": self.airflow.version_of_airflow_2})
        return Answer(404, {"detail": "Not Found"})

    def _hits(self, fault: str, piece: str) -> bool:
        return self.airflow.faults.hits(getattr(self.airflow.faults, fault), piece)

    def _fail(self, piece: str) -> bool:
        """Carries out a fault that replaces the answer altogether."""
        faults = self.airflow.faults
        held = faults.hold.get(piece) or faults.hold.get("*")
        if held:
            held.wait(60)
        time.sleep(faults.latency)
        if self._hits("drop", piece):
            self.close_connection = True
            return True
        if self._hits("status", piece):
            code = faults.status.get(piece) or faults.status["*"]
            self._send(code, "text/html", b"<html><h1>Bad Gateway</h1>")
        elif self._hits("html", piece):
            self._send(200, "text/html; charset=utf-8", SIGN_ON_PAGE)
        elif self._hits("rubbish", piece):
            self._send(200, "application/json", b"{not json")
        elif self._hits("redirect", piece):
            self._send(307, "text/html", b"", {"Location": "/sso/login"})
        else:
            return False
        return True

    def _send_json(self, answer: Answer, *, cut: bool) -> None:
        self._send(answer.status, "application/json", json.dumps(answer.body).encode(), cut=cut)

    def _send(
        self,
        status: int,
        kind: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        cut: bool = False,
    ) -> None:
        if self.airflow.faults.gzip:
            body = gzip.compress(body)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.airflow.faults.gzip:
            self.send_header("Content-Encoding", "gzip")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut

    def _send_log(self, route: Route, query: Mapping[str, Sequence[str]]) -> Answer | None:
        """The log as ndjson in chunks, with the continuation token that is always there; as one
        JSON object for whoever does not ask for ndjson."""
        accept = self.headers.get("Accept", "*/*")
        if not any(kind in accept for kind in ("application/x-ndjson", "application/json", "*/*")):
            return Answer(406, {"detail": "Only application/json or application/x-ndjson"})
        status, lines = self.airflow.world.log(route.place, query)
        if status != 200:
            return Answer(status, json.loads(next(lines)))
        if self.airflow.log_source:
            lines = self.airflow.log_source()
        if "application/x-ndjson" not in accept:
            records = [json.loads(line) for line in lines]
            return Answer(200, {"content": records, "continuation_token": None})
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Airflow-Continuation-Token", "signed-token")
        self.end_headers()
        for number, line in enumerate(lines):
            if number and self._hits("cut", "log"):
                self.close_connection = True
                return None
            self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")
        return None


def _has_naive_time(query: Mapping[str, Sequence[str]]) -> bool:
    bounds = [
        value
        for name, values in query.items()
        if name in ("after", "before") or name.endswith(("_gte", "_lte"))
        for value in values
    ]
    return any(datetime.fromisoformat(bound).tzinfo is None for bound in bounds)
