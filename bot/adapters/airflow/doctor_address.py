"""What stands at an address that does not answer as Airflow 3: found out without a login."""

from __future__ import annotations

import json
import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import urllib3

from bot.adapters.airflow.config import ClusterConfig
from bot.adapters.airflow.values import mapping
from bot.answering.foreign import one_line

_SECONDS = 3.0
_READ_MAX = 64 * 1024  # bytes; a title stands at the beginning
_TITLE = re.compile(r"<title[^>]*>([^<]{1,300})", re.IGNORECASE)
_VERSION_PATH = "/api/v2/version"
_TLS_WANTED = ("https port", "https server")  # nginx and Go to those who speak plain HTTP
_API_SERVER = "Set base_url to Airflow's API server, with its path where it has one."
_PAST_SIGN_ON = "Set base_url to the API server itself, past the sign-on page."


@dataclass(frozen=True, slots=True)
class Stranger:
    """What was found in Airflow's place, and what to do about it."""

    detail: str
    remedy: str


def stranger_at(config: ClusterConfig) -> Stranger | None:
    """Looks at the address once more; None where there is no more to say than "no answer".

    For a thread: it waits for the network, some seconds at most. Sends no credentials and trusts
    nothing that it hears.
    """
    parts = urlsplit(config.api_url)
    wrong_scheme = _wrong_scheme(parts)
    if wrong_scheme is not None:
        return wrong_scheme
    answer = _asked(config.api_url + _VERSION_PATH)
    if answer is None or answer.status >= 500 or _is_airflow(answer):
        return None
    return _described(answer, config.api_url)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    kind: str
    text: str
    leads_to: str


def _is_airflow(answer: _Answer) -> bool:
    """Airflow itself, with another trouble: a certificate, say."""
    try:
        version = str(mapping(json.loads(answer.text)).get("version", ""))
    except (ValueError, RecursionError):
        return False
    return answer.status == 200 and re.match(r"[3-9]\.", version) is not None


def _wrong_scheme(parts: SplitResult) -> Stranger | None:
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    tls = _speaks_tls(host, port)
    if tls is None:
        return None
    if tls and parts.scheme == "http":
        wanted = parts._replace(scheme="https").geturl()
        return Stranger(f"port {port} of {host} speaks TLS", f"Set base_url to {wanted}.")
    plain = parts._replace(scheme="http").geturl()
    if not tls and parts.scheme == "https" and _asked(plain + _VERSION_PATH):
        return Stranger(f"port {port} of {host} speaks plain HTTP", f"Set base_url to {plain}.")
    return None


def _speaks_tls(host: str, port: int) -> bool | None:
    """None where nothing listens. No certificate is checked: the question is the protocol."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), timeout=_SECONDS) as connection:
            try:
                with context.wrap_socket(connection, server_hostname=host):
                    return True
            except ssl.SSLError as error:
                return "ALERT" in (error.reason or "")  # a refusal, but in the words of TLS
            except OSError:
                return False
    except (OSError, UnicodeError):
        return None


def _asked(url: str) -> _Answer | None:
    """The answer to one request, of which nothing is followed; None where there is none."""
    timeout = urllib3.Timeout(connect=_SECONDS, read=_SECONDS)
    with urllib3.PoolManager(cert_reqs="CERT_NONE", retries=False, timeout=timeout) as pool:
        try:
            answer = pool.request("GET", url, redirect=False, preload_content=False)
            text = answer.read(_READ_MAX, decode_content=True).decode(errors="replace")
        except urllib3.exceptions.HTTPError:
            return None
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return _Answer(answer.status, kind, text, answer.headers.get("Location", ""))


def _described(answer: _Answer, address: str) -> Stranger:
    if answer.leads_to and 300 <= answer.status < 400:
        return _redirected(answer, address)
    if answer.status == 400 and any(words in answer.text.lower() for words in _TLS_WANTED):
        secure = "https" + address.removeprefix("http")
        return Stranger("it asks for https", f"Set base_url to {secure}.")
    what = _what(answer)
    remedy = _PAST_SIGN_ON if answer.kind == "text/html" and answer.status == 200 else _API_SERVER
    detail = f"no Airflow 3: {address}{_VERSION_PATH} answers HTTP {answer.status} with {what}"
    return Stranger(detail, remedy)


def _redirected(answer: _Answer, address: str) -> Stranger:
    """Without the query of the redirect, which may carry what is nobody's business."""
    here, there = urlsplit(address), urlsplit(answer.leads_to)
    if there.scheme == "https" and here.scheme == "http" and there.hostname == here.hostname:
        base = there._replace(path=there.path.removesuffix(_VERSION_PATH), query="", fragment="")
        return Stranger("it redirects to https", f"Set base_url to {one_line(base.geturl())}.")
    place = one_line(there._replace(query="", fragment="").geturl(), 120)
    return Stranger(f"no Airflow 3: {address} redirects to {place}", _PAST_SIGN_ON)


def _what(answer: _Answer) -> str:
    title = _TITLE.search(answer.text)
    if answer.kind == "text/html" or title:
        return f"an HTML page titled “{one_line(title[1], 60)}”" if title else "an HTML page"
    try:
        said = json.loads(answer.text)
    except (ValueError, RecursionError):
        return f"{one_line(answer.kind, 40) or 'text'} instead of JSON"
    keys = ", ".join(one_line(str(key), 30) for key in list(mapping(said))[:4])
    return f"JSON of another API ({keys})" if keys else "JSON of another API"
