"""Who the bot is to one cluster: logs in, keeps the token, logs in again when it expires."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import urllib3

from bot.adapters.airflow.config import ClusterConfig
from bot.adapters.airflow.outcome import Refusal, detail_of
from bot.adapters.airflow.values import mapping, text
from bot.domain.evidence import GapReason

SULK_SECONDS = 30.0  # after refused credentials: a locked account is worse than a late answer
NEW_SECONDS = 5.0  # a token as new as this is not stale, whatever the server says of it


class Session:
    """Hands out the token to call with; `pool` sends the login itself. Safe for several threads.

    However many calls find the token expired at once, one login follows.
    """

    def __init__(
        self, config: ClusterConfig, pool: urllib3.PoolManager, clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._pool = pool
        self._clock = clock
        self._lock = threading.Lock()
        self._token = config.token
        self._logged_in_at: float | None = None
        self._refused: tuple[float, Refusal] | None = None

    def __repr__(self) -> str:
        return f"Session({self._config.name!r})"

    def token(self, stale: str = "") -> str | Refusal:
        """A token other than `stale`; logs in where there is none."""
        with self._lock:
            if self._token and self._token != stale:
                return self._token
            if self._config.token or not self._config.username:
                return _no_login(self._config)
            if self._token and self._clock() - (self._logged_in_at or 0.0) < NEW_SECONDS:
                return _not_taken()
            if self._refused and self._clock() - self._refused[0] < SULK_SECONDS:
                return self._refused[1]
            found = self._log_in()
            if isinstance(found, Refusal):
                self._token = ""
                if found.status is not None and found.status < 500:
                    self._refused = (self._clock(), found)
                return found
            self._token, self._logged_in_at, self._refused = found, self._clock(), None
            return found

    def _log_in(self) -> str | Refusal:
        config = self._config
        body = json.dumps({"username": config.username, "password": config.password})
        try:
            answer = self._pool.request(
                "POST",
                f"{config.api_url}/auth/token",
                body=body,
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                timeout=urllib3.Timeout(connect=config.connect_seconds, read=30.0),
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            return unreachable(error, config)
        try:
            said = json.loads(answer.data)
        except ValueError:
            said = None
        token = text(mapping(said).get("access_token"))
        if token and 200 <= answer.status < 300:
            return token
        return _refused_login(answer.status, said, config)


def unreachable(error: urllib3.exceptions.HTTPError, config: ClusterConfig) -> Refusal:
    """A failure below HTTP in words, without the address's user info or the query."""
    if isinstance(
        error, urllib3.exceptions.ConnectTimeoutError | urllib3.exceptions.NewConnectionError
    ):
        detail = f"nothing answers at {config.api_url}"
        remedy = "Check the cluster's base_url, and that its API server runs."
        return Refusal(GapReason.UNAVAILABLE, detail, remedy=remedy)
    if isinstance(error, urllib3.exceptions.TimeoutError):
        detail = f"no answer within {config.reply_seconds:.0f} s"
        return Refusal(GapReason.TIMEOUT, detail, remedy="Look at the load of the API server.")
    if isinstance(error, urllib3.exceptions.SSLError):
        remedy = "Set the cluster's ca_file to its authority's certificates (PEM)."
        return Refusal(GapReason.UNAVAILABLE, "its TLS certificate is not trusted", remedy=remedy)
    detail = "the connection broke before the reply was complete"
    return Refusal(GapReason.UNAVAILABLE, detail, remedy="Ask again in a minute.")


def _refused_login(status: int, said: object, config: ClusterConfig) -> Refusal:
    if status in (401, 403):
        detail = f"the login as {config.username!r} was refused"
        remedy = "Check the user name and password of this cluster."
        return Refusal(GapReason.FORBIDDEN, detail, 401, remedy)
    if status in (404, 405):
        detail = "there is no /auth/token: this is no Airflow 3, or its logins go elsewhere"
        remedy = "Check base_url, or give the cluster a token instead of a password."
        return Refusal(GapReason.UNSUPPORTED, detail, status, remedy)
    if status >= 500:
        return Refusal(GapReason.UNAVAILABLE, detail_of(status, said), status)
    detail = f"the login answered HTTP {status} with something other than a token"
    remedy = "base_url may lead to a sign-on page; it must reach the API server itself."
    return Refusal(GapReason.MALFORMED, detail, status, remedy)


def _not_taken() -> Refusal:
    detail = "the server gave a token and does not take it"
    remedy = "Check that all API servers share [api_auth] jwt_secret and the same clock."
    return Refusal(GapReason.FORBIDDEN, detail, 401, remedy)


def _no_login(config: ClusterConfig) -> Refusal:
    if config.token:
        detail = "the configured token is refused or expired"
        remedy = "Give the cluster a new token, or a user name and password instead."
    else:
        detail = "no login is configured"
        remedy = "Give the cluster a user name and password, or a token."
    return Refusal(GapReason.FORBIDDEN, detail, 401, remedy)
