"""What stands in Airflow's place is said plainly, with what to write instead."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

import pytest

from bot.adapters.airflow.api import Api
from bot.adapters.airflow.asking import Asking
from bot.adapters.airflow.config import ClusterConfig
from bot.adapters.airflow.doctor import Examination
from bot.adapters.airflow.doctor_address import stranger_at
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply
from bot.domain.checks import CheckStatus
from bot.domain.evidence import GapReason
from bot.settings import ClusterSettings
from tests.adapters.airflow import support


@contextmanager
def answering(
    status: int, body: str, kind: str = "text/html", headers: Mapping[str, str] | None = None
) -> Iterator[str]:
    """A server that says the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def speaking_tls() -> Iterator[str]:
    """A port that speaks TLS; without a certificate it can only refuse, which shows it as well."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.settimeout(2)
                with connection, suppress(OSError):
                    context.wrap_socket(connection, server_side=True)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


async def first_check(base_url: str) -> tuple[CheckStatus, str, str]:
    with support.serve(support.EXIT_CODE) as airflow:
        cluster = support.cluster_of(airflow, base_url=base_url)
        (check,) = await cluster.doctor()
        cluster.close()
    assert check.name == "reachable"
    return check.status, check.detail, check.remedy


@pytest.mark.parametrize(
    ("status", "body", "kind", "found", "remedy"),
    [
        (200, "<title>Sign in</title>", "text/html", "an HTML page titled “Sign in”", "sign-on"),
        (404, "<title>Not Found</title>", "text/html", "HTTP 404 with an HTML page", "its path"),
        (404, '{"detail": "Not Found"}', "application/json", "another API (detail)", "its path"),
        (200, '{"version": "1.9"}', "application/json", "another API (version)", "its path"),
        (200, '{"status": "UP"}', "application/json", "another API (status)", "its path"),
        (200, "pong", "text/plain", "text/plain instead of JSON", "its path"),
        (200, "[[[", "application/json", "application/json instead of JSON", "its path"),
        (400, "The plain HTTP request was sent to HTTPS port", "text/html", "asks for https",
         "Set base_url to https://127.0.0.1"),
    ],
)  # fmt: skip
async def test_what_answers_instead_of_airflow_is_said(
    status: int, body: str, kind: str, found: str, remedy: str
) -> None:
    with answering(status, body, kind) as address:
        judged, detail, advice = await first_check(address)
    assert judged is CheckStatus.FAILED
    assert found in detail
    assert remedy in advice


async def test_https_to_a_port_of_plain_http_names_the_right_address() -> None:
    with answering(200, '{"version": "3.3.2"}', "application/json") as address:
        _, detail, remedy = await first_check(address.replace("http:", "https:"))
    assert "speaks plain HTTP" in detail
    assert remedy == f"Set base_url to {address}."


async def test_plain_http_to_a_port_of_tls_names_the_right_address() -> None:
    with speaking_tls() as place:
        _, detail, remedy = await first_check(f"http://{place}/team")
    assert "speaks TLS" in detail
    assert remedy == f"Set base_url to https://{place}/team."


@pytest.mark.parametrize(
    ("location", "found", "remedy"),
    [
        ("https://127.0.0.1/api/v2/version?x=1", "redirects to https", "to https://127.0.0.1."),
        ("https://sso.example/in?token=hunter2", "redirects to https://sso.example/in", "sign-on"),
    ],
)
async def test_where_the_address_leads_is_said_without_its_query(
    location: str, found: str, remedy: str
) -> None:
    with answering(302, "", headers={"Location": location}) as address:
        _, detail, advice = await first_check(address)
    assert found in detail
    assert remedy in advice
    assert "hunter2" not in detail + advice


def test_an_airflow_in_other_trouble_and_a_dead_port_are_no_strangers() -> None:
    for status, body in ((200, '{"version": "3.0.1"}'), (503, "<title>upstream</title>")):
        with answering(status, body) as address:
            assert stranger_at(ClusterConfig("lab", address)) is None
    assert stranger_at(ClusterConfig("lab", "http://127.0.0.1:9")) is None


def test_the_words_of_a_page_cannot_act_on_a_terminal() -> None:
    with answering(404, "<title>\x1b[31mred\u202e\nline " + "x" * 200 + "</title>") as address:
        found = stranger_at(ClusterConfig("lab", address))
    assert found is not None
    assert found.detail.isprintable()
    assert len(found.detail) < 200


class Canned:
    """Gives the version and refuses the login."""

    def __init__(self) -> None:
        self._outcomes: list[Outcome] = [
            Reply({"version": "3.3.2"}),
            Refusal(GapReason.FORBIDDEN, "refused", 401),
        ]

    async def ask(self, call: object) -> Outcome:
        return self._outcomes.pop(0)


async def test_an_unverified_certificate_names_the_keys_as_the_settings_have_them() -> None:
    config = ClusterConfig("lab", "https://airflow.example", token="t", verify_tls=False)
    api = Api(config, time.monotonic)
    checks = await Examination(api, cast("Asking", Canned()), config).checks()
    (tls,) = (check for check in checks if check.name == "TLS")
    assert tls.remedy == "Set ca_file to the authority's certificates, and verify to true."
    assert {"verify", "ca_file"} <= ClusterSettings.model_fields.keys()
