"""What to say where the database cannot be connected to: the setting that leads there, and what to
do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_SETTING = "database.url"
# What PostgreSQL's client library puts before the reason.
_PREAMBLE = re.compile(r"^(connection failed: )?(connection to server .*? failed: )?(FATAL:\s*)?")
_REMEDIES = (
    (
        r"password|authentication|no pg_hba\.conf entry|role .* does not exist",
        f"Correct database.password, or the user in {_SETTING}.",
    ),
    (
        r"database .* does not exist",
        f"Create the database, or correct its name in {_SETTING}; then run airflow-bot migrate.",
    ),
    (
        r"resolve host|translate host name|not known",
        f"Correct the host in {_SETTING}.",
    ),
)
_ELSE = f"Start the database, or correct {_SETTING}."
_OTHER_FILE = f"name another file in {_SETTING} (without it: bot.db in data_dir)."
_NO_DATABASE = re.compile("not a database|malformed|encrypted")
_OF_FILE = f"Let the bot's user write to it and its folder, or {_OTHER_FILE}"
_OF_ANOTHER_KIND = f"Restore it from a backup, or {_OTHER_FILE}"


@dataclass(frozen=True, slots=True)
class Unreachable:
    """`problem` and `remedy` are whole sentences on one line, without any password."""

    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}"


def unreachable(url: str, said: str) -> Unreachable:
    """`url` as an SQLAlchemy URL; `said` is what the driver said in its error."""
    reason, parts = _first_line(said), urlsplit(url)
    database = unquote(parts.path[1:])
    if parts.scheme.startswith("sqlite"):
        remedy = _OF_ANOTHER_KIND if _NO_DATABASE.search(reason) else _OF_FILE
        return Unreachable(f"The database {database} cannot be used: {reason}.", remedy)
    remedy = next((then for what, then in _REMEDIES if re.search(what, reason)), _ELSE)
    where = f"The database {database or '(unnamed)'} at {_server(parts)} ({_SETTING})"
    return Unreachable(f"{where} cannot be connected to: {reason}.", remedy)


def _server(parts: SplitResult) -> str:
    _, _, server = parts.netloc.rpartition("@")
    return server or ", ".join(parse_qs(parts.query).get("host", ["this machine"]))


def _first_line(said: str) -> str:
    line = next(iter(said.strip().splitlines()), "no reason given")
    return _PREAMBLE.sub("", line).rstrip(".")
