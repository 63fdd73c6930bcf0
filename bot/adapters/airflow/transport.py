"""One HTTP call through Airflow's official client: raw, one try, with everything odd named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pydantic
import urllib3
from airflow_client.client import ApiClient, ApiException, Configuration

from bot.adapters.airflow.config import ClusterConfig
from bot.adapters.airflow.outcome import Outcome, Refusal, outcome_of
from bot.adapters.airflow.session import Session, unreachable
from bot.domain.evidence import GapReason

REPLY_MAX = 32_000_000  # bytes of one JSON reply
CHUNK = 1 << 18

Call = Callable[..., Any]
Read = Callable[[urllib3.BaseHTTPResponse], Outcome]


class Transport:
    """Makes calls with the bot's token, and once more with a new one where it was stale.

    For the gate's threads only. Never raises for a call that failed: that is a `Refusal`.
    """

    def __init__(self, config: ClusterConfig, clock: Callable[[], float]) -> None:
        self._config = config
        self.client = ApiClient(_configuration(config))
        self._session = Session(config, self.pool, clock)

    def __repr__(self) -> str:
        return f"Transport({self._config.name!r})"

    @property
    def pool(self) -> urllib3.PoolManager:
        """The client's connections, with its TLS settings and no retries."""
        pool: urllib3.PoolManager = self.client.rest_client.pool_manager
        return pool

    def get(
        self,
        call: Call,
        read: Read | None = None,
        *,
        accept: str = "application/json",
        seconds: float | None = None,
        **arguments: Any,
    ) -> Outcome:
        """One call, and one more after a new login where the token turns out to be stale."""
        _must_be_aware(arguments)
        token = self._session.token()
        if isinstance(token, Refusal):
            return token
        wait = seconds or self._config.reply_seconds
        # Not by the client's own `accept`: that one is sent beside its "Accept: application/json".
        headers = {"Accept": accept, "Authorization": f"Bearer {token}"}
        outcome = self.once(call, read or read_json, headers, wait, arguments)
        if not _is_stale(outcome):
            return outcome
        renewed = self._session.token(stale=token)
        if isinstance(renewed, Refusal):
            return renewed
        headers["Authorization"] = f"Bearer {renewed}"
        return self.once(call, read or read_json, headers, wait, arguments)

    def once(
        self,
        call: Call,
        read: Read,
        headers: dict[str, str],
        wait: float,
        arguments: dict[str, Any],
    ) -> Outcome:
        try:
            answer = call(
                **{name: value for name, value in arguments.items() if value is not None},
                _headers=headers,
                _request_timeout=(float(self._config.connect_seconds), float(wait)),
            )
        except pydantic.ValidationError as error:
            return Refusal(GapReason.UNSUPPORTED, f"not a possible question: {_faults(error)}")
        except urllib3.exceptions.HTTPError as error:
            return unreachable(error, self._config)
        except ApiException:  # the client's own word for a TLS failure
            return unreachable(urllib3.exceptions.SSLError(), self._config)
        try:
            return _refused(answer) or read(answer)
        except urllib3.exceptions.HTTPError as error:
            return unreachable(error, self._config)
        finally:
            answer.close()


def _configuration(config: ClusterConfig) -> Configuration:
    """No retries: each would leave another copy of the work running on the server."""
    return Configuration(
        host=config.api_url,
        retries=False,
        verify_ssl=config.verify_tls,
        ssl_ca_cert=config.ca_file or None,
        connection_pool_maxsize=max(4, config.max_calls),
    )


def _refused(answer: urllib3.BaseHTTPResponse) -> Refusal | None:
    """Replies that did not come from the API's own handlers, and errors."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if 300 <= answer.status < 400:
        return _elsewhere("redirects away", answer.status)
    if kind == "text/html" and answer.status < 500:
        return _elsewhere("answers with an HTML page", answer.status)
    if answer.status >= 400:
        outcome = outcome_of(answer.status, _parsed(_body(answer)))
        return outcome if isinstance(outcome, Refusal) else None
    return None


def _elsewhere(what: str, status: int) -> Refusal:
    detail = f"the address {what} instead of giving JSON (HTTP {status}), as sign-on proxies do"
    remedy = "Point base_url at the API server itself, past the sign-on page."
    return Refusal(GapReason.MALFORMED, detail, status, remedy)


def read_json(answer: urllib3.BaseHTTPResponse) -> Outcome:
    raw = _body(answer)
    if raw is None:
        detail = f"the reply is larger than {REPLY_MAX // 1_000_000} MB"
        return Refusal(GapReason.TOO_LARGE, detail, answer.status)
    try:
        return outcome_of(answer.status, json.loads(raw))
    except (ValueError, RecursionError):
        return Refusal(GapReason.MALFORMED, "the reply is not JSON", answer.status)


def _body(answer: urllib3.BaseHTTPResponse) -> bytes | None:
    """The whole body, unpacked; None where it is too large."""
    found = bytearray()
    for chunk in chunks(answer):
        found += chunk
        if len(found) > REPLY_MAX:
            return None
    return bytes(found)


def chunks(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    return answer.stream(CHUNK, decode_content=True)


def _parsed(raw: bytes | None) -> object:
    try:
        return json.loads(raw or b"null")
    except (ValueError, RecursionError):
        return None


def _is_stale(outcome: Outcome) -> bool:
    """401, and the 403 that means a token of another secret rather than a missing permission."""
    if not isinstance(outcome, Refusal):
        return False
    return outcome.status == 401 or (
        outcome.status == 403 and "invalid jwt token" in outcome.detail.lower()
    )


def _must_be_aware(arguments: dict[str, Any]) -> None:
    for name, value in arguments.items():
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"{name} must be an aware datetime: Airflow fails on naive ones")


def _faults(error: pydantic.ValidationError) -> str:
    return "; ".join(str(fault["loc"][-1]) for fault in error.errors()[:3])
