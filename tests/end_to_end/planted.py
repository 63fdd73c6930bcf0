"""Secrets of many kinds, made anew for each place, and the places of a recording to put them in."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Recording = dict[str, Any]

_LETTERS = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_BASE64 = _LETTERS + "+/"


@dataclass(frozen=True)
class Planted:
    """Words as they stand in a log or a note, and the pieces of them that nobody may see."""

    place: str
    kind: str
    words: str
    secrets: tuple[str, ...]

    @property
    def name(self) -> str:
        """For a failing test: tells what leaked without leaking it."""
        return f"{self.kind} in {self.place}"


def planted(place: str, known: str) -> list[Planted]:
    """One secret of each kind; `known` is one that the settings name."""
    rng = random.Random(place)

    def some(length: int, letters: str = _LETTERS) -> str:
        return "".join(rng.choices(letters, k=length))

    def one(kind: str, words: str, *secrets: str) -> Planted:
        return Planted(place, kind, words, secrets)

    uri, plain, quoted, escaped, bearer = some(18), some(14), some(16), some(16), some(40)
    basic = base64.b64encode(f"etl:{some(14)}".encode()).decode()
    jwt = ".".join(
        [
            base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("="),
            base64.urlsafe_b64encode(f'{{"sub":"{some(12)}","n":1}}'.encode()).decode().rstrip("="),
            some(43),
        ]
    )
    aws_id, aws_secret = "AKIA" + some(16, string.ascii_uppercase + "234567"), some(40, _BASE64)
    google, azure = "AIza" + some(35), some(86, _BASE64) + "=="
    sas, signature = some(43) + "%3D", some(64, _HEX)
    github, gitlab = "ghp_" + some(36), "glpat-" + some(20)
    slack = f"xoxb-{some(12, string.digits)}-{some(12, string.digits)}-{some(24)}"
    hook = f"T{some(8, string.ascii_uppercase)}/B{some(8, string.ascii_uppercase)}/{some(24)}"
    databricks, fernet = "dapi" + some(32, _HEX), some(43, _LETTERS + "-_") + "="
    conn, conn_json = some(17), some(19)
    coloured, hidden = some(15), some(28)
    lines = [some(64, _BASE64) for _ in range(6)]
    pem = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])
    return [
        one("password in a URI", f"connecting to postgresql://etl:{uri}@warehouse:5432/prod", uri),
        one("password", f"login failed, password={plain}", plain),
        one("password in JSON", json.dumps({"user": "etl", "password": quoted}), quoted),
        one("escaped JSON", json.dumps(json.dumps({"db_password": escaped})), escaped),
        one("bearer", f"sent Authorization: Bearer {bearer}", bearer),
        one("basic auth", f"sent Authorization: Basic {basic}", basic),
        one("JWT", f"token {jwt} is expired", jwt.split(".")[2], jwt.split(".")[1]),
        one("AWS key", f"key {aws_id} aws_secret_access_key = {aws_secret}", aws_id, aws_secret),
        one("Google key", f"GET /maps?key={google}", google),
        one("Azure key", f"AccountName=lake;AccountKey={azure};EndpointSuffix=x", azure),
        one("SAS", f"https://lake.blob.core.windows.net/raw/a.csv?sv=2022-11-02&sig={sas}", sas),
        one(
            "presigned URL",
            f"https://raw.s3.amazonaws.com/a.csv?X-Amz-Expires=60&X-Amz-Signature={signature}",
            signature,
        ),
        one("GitHub token", f"cloning with {github}", github),
        one("GitLab token", f"cloning with {gitlab}", gitlab),
        one("Slack token", f"posting with {slack}", slack),
        one("Slack hook", f"POST https://hooks.slack.com/services/{hook}", hook.split("/")[2]),
        one("Databricks token", f"workspace token {databricks}", databricks),
        one("Fernet key", f"AIRFLOW__CORE__FERNET_KEY={fernet}", fernet),
        one("connection", f"AIRFLOW_CONN_LAKE=postgres://svc:{conn}@lake/raw", conn),
        one(
            "connection in JSON",
            "AIRFLOW_CONN_API=" + json.dumps({"conn_type": "http", "password": conn_json}),
            conn_json,
        ),
        one("private key", pem, *lines),
        one("coloured password", f"\x1b[36mpassword\x1b[0m=\x1b[33m{coloured}\x1b[0m", coloured),
        one("token with a hidden character", f"ghp_{some(8)}\u200b{hidden}", hidden),
        one("secret of the settings", f"tried {known} twice", known),
    ]


Put = Callable[[Recording, str], None]


def _body(recording: Recording, call: str) -> Any:
    return recording["evidence"][call]["body"]


def _each_try(recording: Recording) -> list[Any]:
    found = [*_body(recording, "task_instances")["task_instances"]]
    for call, reply in recording["evidence"].items():
        if call.startswith(("tries:", "history:")):
            found += reply["body"].get("task_instances", [])
    return found


def _log(recording: Recording) -> list[dict[str, Any]]:
    """The records of the first log."""
    replies = recording["evidence"]
    return next(replies[call]["content"] for call in replies if call.startswith("log:"))


def _into_log(recording: Recording, words: str) -> None:
    log = _log(recording)
    first = dict(log[4])
    log[5:5] = [{**first, "event": line} for line in words.splitlines()]
    log.insert(5, {**first, "event": words, "logger": "task.stdout"})
    log.insert(5, {**first, "event": "calling the API", "request": words})


def _into_exception(recording: Recording, words: str) -> None:
    for record in _log(recording):
        for raised in record.get("error_detail") or ():
            raised["exc_value"] += f" {words}"
            raised["exc_notes"] = [words]


def _into_notes(recording: Recording, words: str) -> None:
    for one in _each_try(recording):
        one["note"] = words
    for run in (_body(recording, "dag_run"), *_body(recording, "recent_runs")["dag_runs"]):
        run["note"] = words


def _into_conf(recording: Recording, words: str) -> None:
    for run in (_body(recording, "dag_run"), *_body(recording, "recent_runs")["dag_runs"]):
        run["conf"] = {"target": words, "options": [{"deep": words}]}


def _into_docs(recording: Recording, words: str) -> None:
    _body(recording, "dag_details")["doc_md"] = f"# Orders\n\n{words}\n"
    _body(recording, "dag_details")["description"] = words
    for task in _body(recording, "tasks")["tasks"]:
        task["doc_md"] = words


def _into_events(recording: Recording, words: str) -> None:
    for call in ("event_logs_run", "event_logs_dag"):
        for entry in _body(recording, call)["event_logs"]:
            entry["extra"] = json.dumps({"host_name": "127.0.0.1", "request": words})


def _into_odd_corners(recording: Recording, words: str) -> None:
    """Fields that hold names as a rule, and whatever an author let them hold."""
    for one in _each_try(recording):
        one["rendered_map_index"] = words
        one["trigger"] = {"classpath": "a.B", "kwargs": words}
    details = _body(recording, "dag_details")
    details["tags"] = [{"name": words}]
    details["timetable_summary"] = words
    _body(recording, "dag_run")["triggering_user_name"] = words
    for call, reply in recording["evidence"].items():
        if call.startswith("links:"):
            reply["body"]["extra_links"] = {"Console": f"https://x.example.com/?q={words}"}
        if call.startswith("dependencies:"):
            reply["body"]["dependencies"] = [{"name": "Rule", "reason": words}]
    _body(recording, "dag_warnings")["dag_warnings"] = [
        {"dag_id": recording["dag_id"], "warning_type": "x", "message": words, "timestamp": None}
    ]
    for version in _body(recording, "dag_versions")["dag_versions"]:
        version["bundle_url"] = f"https://x.example.com/?q={words}"


def import_error(recording: Recording, words: str) -> None:
    for problem in _body(recording, "import_errors")["import_errors"]:
        problem["stack_trace"] += f"\n{words}"


PLACES: Mapping[str, Put] = {
    "the log": _into_log,
    "an exception": _into_exception,
    "notes": _into_notes,
    "the conf": _into_conf,
    "docs": _into_docs,
    "the event log": _into_events,
    "odd corners": _into_odd_corners,
}
