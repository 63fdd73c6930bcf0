"""What the adapter must be told about one cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """One Airflow 3 deployment and how gently it is to be read.

    Log in with `username` and `password`, or with a fixed `token` where logins are not possible.
    `base_url` has no trailing `/api/v2`; `ui_url` is for links where people use another address.
    """

    name: str
    base_url: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    verify_tls: bool = True
    ca_file: str = ""  # PEM; the system's authorities where empty
    ui_url: str = ""
    description: str = ""
    executor: str = ""  # of task instances that name none: Airflow says so of the default one
    deadline_seconds: float = 15.0  # for a whole gathering, where the caller names none
    max_calls: int = 4  # at once; one api-server has 15 database connections for everything
    connect_seconds: float = 3.0
    # A call is waited for beyond any deadline, since a server works on after its client has left.
    reply_seconds: float = 120.0
    # For one log, from asking to its last byte. A server sorts 120 MB for over a minute before it
    # sends the first; leaving earlier would waste that work, not spare it.
    log_seconds: float = 180.0
    slow_seconds: float = 5.0  # a small call that takes longer tells of a cluster in trouble
    silent_seconds: float = 10.0  # with no answer at all, after which nothing more is asked
    # Fewer than the questions that one process works on: the other clusters must have workers.
    gathers_at_once: int = 6
    gather_wait_seconds: float = 30.0  # for a place among them
    dag_ids_seconds: float = 300.0  # how long a list of Dag ids counts as fresh
    slots: int | None = None  # tasks that the executor runs at once; Airflow does not tell
    queued_seconds: float = 600.0  # after which it gives a queued task up

    def __post_init__(self) -> None:
        """Raises `ConfigError` for an address that cannot be asked or would leak a password."""
        for url in (self.base_url, self.ui_url):
            parts = urlsplit(url)
            if url and (parts.scheme not in ("http", "https") or not parts.hostname):
                raise ConfigError([f"cluster {self.name}: {url!r} is no http(s) address"])
            if parts.username or parts.password:
                raise ConfigError([f"cluster {self.name}: keep user and password out of the URL"])

    @property
    def api_url(self) -> str:
        """Where the API is asked: without a trailing slash, `/api/v2` or `/home`."""
        return _trimmed(self.base_url)

    @property
    def pages_url(self) -> str:
        """Where people look at it."""
        return _trimmed(self.ui_url or self.base_url)


def _trimmed(url: str) -> str:
    trimmed = url.strip().rstrip("/")
    for tail in ("/api/v2", "/api", "/home"):
        trimmed = trimmed.removesuffix(tail)
    return trimmed
