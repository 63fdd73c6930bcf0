"""Imports exchange rates. Fails: the provider answers "too many requests"."""

from __future__ import annotations

import http.server
import threading
from datetime import UTC, datetime

import httpx
from airflow.sdk import dag, task


class Throttled(http.server.BaseHTTPRequestHandler):
    """A rate provider that has had enough of us."""

    def do_GET(self) -> None:
        self.send_response(429)
        self.send_header("Retry-After", "3600")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet: the task log should hold the task's own words only."""


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:treasury"],
    default_args={"owner": "treasury-team"},
)
def rates_import():
    @task
    def fetch_rates() -> dict:
        with http.server.HTTPServer(("127.0.0.1", 0), Throttled) as provider:
            threading.Thread(target=provider.handle_request, daemon=True).start()
            reply = httpx.get(f"http://127.0.0.1:{provider.server_port}/rates?base=EUR", timeout=5)
            return reply.raise_for_status().json()

    fetch_rates()


rates_import()
