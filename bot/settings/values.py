"""The kinds of value a setting can have, each with its own check and remedy."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

import re2
from pydantic import AfterValidator, BeforeValidator, SecretStr

# C: public, G: private ones of older workspaces. A name would break when it is renamed.
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{7,}")
_WORKSPACE_ID = re.compile(r"T[A-Z0-9]{2,}")
CLUSTER_NAME = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class SecretKey:
    """Marks a field that is filled from the environment or a file, never from the YAML file.

    `may_be_written` permits values that carry nothing secret, e.g. a database URL without a
    password.
    """

    may_be_written: Callable[[str], bool] = lambda value: False


def is_loopback(url: str) -> bool:
    """Whether the host of `url` is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split_url(value: str) -> SplitResult:
    if any(character.isspace() for character in value):
        raise ValueError("holds a space. Write one address without spaces")
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError:
        raise ValueError("is not a valid address. Write it like https://host:8080/path") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must start with http:// or https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "carries a user name or password. Take them out and use the keys for credentials"
        )
    if parts.query or parts.fragment:
        raise ValueError("must end with the path: leave out everything from ? or # on")
    return parts


def _http_url(value: str) -> str:
    _split_url(value)
    return value.rstrip("/")


def _airflow_url(value: str) -> str:
    path = _split_url(value).path
    if re.search(r"/api(/v\d+)?/?$", path):
        raise ValueError("must be the address of the web interface: leave out /api/v2")
    return value.rstrip("/")


def _token_url(value: str) -> str:
    parts = _split_url(value)
    if parts.scheme == "http" and not is_loopback(value):
        raise ValueError("would send the tokens unencrypted. Use https:// for another machine")
    return value.rstrip("/")


def _slack_api_url(value: str) -> str:
    # slack_sdk joins method names to it as text.
    return _token_url(value) + "/"


def _traces_url(value: str) -> str:
    parts = _split_url(value)
    if parts.port == 4317:
        raise ValueError("names port 4317, which takes gRPC. Use the port for HTTP, mostly 4318")
    if parts.path in ("", "/"):
        raise ValueError("must be the whole address for traces: add /v1/traces")
    return value


def _public_url(value: str) -> str:
    return _token_url(value).rstrip("/")


def _workspace_id(value: str) -> str:
    if not _WORKSPACE_ID.fullmatch(value):
        raise ValueError("is not the id of a workspace, which begins with T, e.g. T0123ABCD")
    return value


def _channel_id(value: str) -> str:
    if not _CHANNEL_ID.fullmatch(value):
        raise ValueError(
            "is not the id of a channel. Open the channel's details in Slack and copy the id at "
            "their end, e.g. C0123ABCD"
        )
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not a time zone. Use a name such as Europe/Berlin or UTC") from None
    return value


def _pattern(value: str) -> str:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(value, options)
    except re2.error:
        raise ValueError(
            "is not a pattern in RE2 syntax (no look-around, no back references)"
        ) from None
    return value


def _existing_file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"names no file: {path} does not exist. Correct the path")
    return path


def _existing_folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"names no folder: {path} does not exist. Create it or correct the path")
    return path


def _database_url(secret: SecretStr) -> SecretStr:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(secret.get_secret_value())
    except ArgumentError:
        raise ValueError("is not a database URL. Write it like sqlite:////var/lib/bot.db") from None
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
    backend = "postgresql" if url.drivername == "postgres" else url.get_backend_name()
    if backend not in drivers:
        raise ValueError("must be a sqlite:// or postgresql:// URL")
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError("must name a file: a database in memory forgets everything at each start")
    if "@" in (url.host or ""):
        # What follows the first @ would be told as the host that does not answer.
        raise ValueError(
            "holds an @ within the password. Write it as %40, or give the password by password_env"
        )
    url = url.set(drivername=drivers[backend])
    return SecretStr(url.render_as_string(hide_password=False))


def _has_no_password(url: str) -> bool:
    """Whether a database URL may stand in the YAML file. A broken URL is reported later."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).password is None
    except ArgumentError:
        return True


def _off(value: Any) -> Any:
    # YAML 1.1 reads a bare `off` as false.
    return "off" if value is False else value


def _listed(value: Any) -> Any:
    """A list written in an environment variable: JSON, or words divided by commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('is not a JSON list. Write ["a", "b"] or a, b') from None
    return [word.strip() for word in value.split(",") if word.strip()]


def _ids(kind: str, form: str, example: str) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """A check of each member of a list."""
    pattern = re.compile(form)

    def check(values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if not pattern.fullmatch(value):
                raise ValueError(f"{value!r} is not {kind}. Write it like {example}")
        return values

    return check


HttpUrl = Annotated[str, AfterValidator(_http_url)]
AirflowUrl = Annotated[str, AfterValidator(_airflow_url)]
TokenUrl = Annotated[str, AfterValidator(_token_url)]
SlackApiUrl = Annotated[str, AfterValidator(_slack_api_url)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
WorkspaceId = Annotated[str, AfterValidator(_workspace_id)]
TracesUrl = Annotated[str, AfterValidator(_traces_url)]
ChannelId = Annotated[str, AfterValidator(_channel_id)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Pattern = Annotated[str, AfterValidator(_pattern)]
ExistingFile = Annotated[Path, AfterValidator(_existing_file)]
ExistingFolder = Annotated[Path, AfterValidator(_existing_folder)]
Secret = Annotated[SecretStr, SecretKey()]
DatabaseUrl = Annotated[
    SecretStr, SecretKey(may_be_written=_has_no_password), AfterValidator(_database_url)
]
Listed = BeforeValidator(_listed)
_USER, _GROUP = r"[UW][A-Z0-9]{2,}", r"S[A-Z0-9]{2,}|@[\w.\-]+"
Channels = Annotated[
    tuple[str, ...],
    Listed,
    AfterValidator(_ids("a channel", r"[CG][A-Z0-9]{2,}|#[^\s#]+", "C0123ABCD or #name")),
]
Users = Annotated[
    tuple[str, ...], Listed, AfterValidator(_ids("a person's id", _USER, "U0123ABCD"))
]
Groups = Annotated[
    tuple[str, ...], Listed, AfterValidator(_ids("a user group", _GROUP, "S0123ABCD or @name"))
]
Members = Annotated[
    tuple[str, ...],
    Listed,
    AfterValidator(_ids("a person or a user group", f"{_USER}|{_GROUP}", "U0123ABCD or @name")),
]
OffWord = BeforeValidator(_off)
