"""Reading reports: what a callback of a Dag, a listener or an alert relay can send."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bot.domain.failures import FAILED, SUCCESS, UP_FOR_RETRY, Failure, Success
from bot.domain.targets import Target
from bot.questions.links import ClusterAddress, target_of_url

FAILURES_MAX = 1_000
_FAULTS_MAX = 20
_ID_MAX = 250  # Airflow's own limit for ids
_ID = re.compile(r"[\w.\-]+")  # Airflow's own rule for ids of Dags and tasks, not of runs
_ALLOWED = {"dag_id": _ID.fullmatch, "task_id": _ID.fullmatch}
_NUMBER_MAX = 10**9
_URL_MAX = 4_000
_TIME_MAX = 50
_OWN_MACHINE = {"localhost", "127.0.0.1", "::1"}
# Failed because of a task above it: that one is reported by itself.
_UPSTREAM_FAILED = "upstream_failed"
_WHOLE = ""  # the name of the object itself among what is faulty


class Faulty(Exception):
    """A body that cannot be taken; each fault names the field and the remedy, none its content."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(faults))


@dataclass(frozen=True, slots=True)
class Reports:
    """`left_out` counts what was reported but is nothing to tell of."""

    failures: tuple[Failure, ...]
    left_out: int
    successes: tuple[Success, ...] = ()


class ReportReader:
    """Reads bodies: one failure as an object, or a list of them."""

    def __init__(
        self,
        clusters: Sequence[ClusterAddress],
        default_cluster: str | None = None,
        *,
        retries: bool = False,
    ) -> None:
        self._clusters = clusters
        only = clusters[0].name if len(clusters) == 1 else None
        self._default = default_cluster or only
        self._left_out = {_UPSTREAM_FAILED} if retries else {_UPSTREAM_FAILED, UP_FOR_RETRY}

    def read(self, body: bytes, now: datetime) -> Reports:
        """Raises `Faulty`; a list with one fault in it is refused as a whole."""
        items = _items(body)
        faults: list[str] = []
        found: list[Failure] = []
        for number, item in enumerate(items, start=1):
            fields = _Fields(item, f"failure {number}: " if len(items) > 1 else "")
            target, state = self._target(fields), self._state(fields)
            at, run_after = fields.time("at"), fields.time("run_after")
            faults += fields.faults
            if not fields.faults:
                # A clock that is ahead of ours must not hide what happens until then.
                at = min(at, now) if at else None
                found.append(Failure(target, state, now, at, run_after))
        if faults:
            more = len(faults) - _FAULTS_MAX
            raise Faulty([*faults[:_FAULTS_MAX], *([f"and {more} more"] if more > 0 else [])])
        told = [one for one in found if one.state not in self._left_out]
        # That of a single task does not say that the run ends well.
        successes = [one for one in told if one.state == SUCCESS and not one.target.task_id]
        failures = tuple(one for one in told if one.state != SUCCESS)
        left_out = len(found) - len(failures) - len(successes)
        return Reports(failures, left_out, tuple(_success(one) for one in successes))

    def _target(self, fields: _Fields) -> Target:
        url = fields.text("url", _URL_MAX)
        linked = target_of_url(url, self._clusters) if url else None
        if url and linked is None:
            fields.fault("url", "is no address of a page of Airflow. Send the one of the task.")
        target = Target(
            cluster=self._cluster(fields, linked),
            dag_id=fields.id("dag_id", linked.dag_id if linked else None),
            run_id=fields.id("run_id", linked.run_id if linked else None),
            task_id=fields.id("task_id", linked.task_id if linked else None),
            map_index=fields.number("map_index", -1),
            try_number=fields.number("try_number", 0),
        )
        for name in ("dag_id", "run_id"):
            if getattr(target, name) is None and not fields.is_faulty(name):
                fields.fault(name, "is missing. Send it, or a url that holds it.")
        return _refined(target, linked)

    def _cluster(self, fields: _Fields, linked: Target | None) -> str:
        said = fields.text("cluster", 1_000)
        if said:
            name = self._named(said)
            if name is None:
                fields.fault("cluster", f"is not known here. Send one of: {self._names()}.")
            return name or ""
        if fields.is_faulty("cluster"):
            return ""
        if linked is not None and not linked.cluster and not self._may_be_ours(fields):
            fields.fault("url", "is of no known cluster. Send cluster, or set its ui_url here.")
            return ""
        name = (linked.cluster if linked else "") or self._default
        if not name:
            fields.fault("cluster", f"is missing. Send one of: {self._names()}.")
        return name or ""

    def _may_be_ours(self, fields: _Fields) -> bool:
        """An Airflow that was never told its address gives links to its own machine."""
        host = urlsplit(fields.text("url", _URL_MAX) or "").hostname
        return len(self._clusters) == 1 and host in _OWN_MACHINE

    def _named(self, said: str) -> str | None:
        """The cluster of that name, alias or address."""
        for cluster in self._clusters:
            if said.casefold() in {name.casefold() for name in (cluster.name, *cluster.aliases)}:
                return cluster.name
        page = target_of_url(f"{said.rstrip('/')}/dags/any", self._clusters)
        return page.cluster or None if page else None

    def _names(self) -> str:
        return ", ".join(cluster.name for cluster in self._clusters)

    def _state(self, fields: _Fields) -> str:
        state = (fields.text("state", 50) or FAILED).lower()
        if state not in {FAILED, SUCCESS, UP_FOR_RETRY, _UPSTREAM_FAILED}:
            known = f"{FAILED}, {UP_FOR_RETRY} or {SUCCESS}"
            fields.fault("state", f"is not known. Send {known}, or leave it out.")
        return state


class _Fields:
    """One object of the body; what is wrong with it gathers in `faults`."""

    def __init__(self, item: object, where: str) -> None:
        self.faults: list[str] = []
        self._faulty: set[str] = set()
        self._where = where
        self._item: Mapping[str, Any] = {}
        if isinstance(item, dict):
            self._item = item
        else:
            self._faulty.add(_WHOLE)
            self.faults.append(
                f"{where or 'The body '}is no JSON object. Send one with dag_id and run_id."
            )

    def is_faulty(self, name: str) -> bool:
        """An address or an object that cannot be read leaves all its fields unknown."""
        return not self._faulty.isdisjoint({name, "url", _WHOLE})

    def fault(self, name: str, words: str) -> None:
        self._faulty.add(name)
        self.faults.append(f"{self._where}{name} {words}")

    def text(self, name: str, longest: int) -> str | None:
        """None where it is missing or empty: templates leave such behind."""
        value = self._item.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self.fault(name, "is no text. Send it in quotes.")
        elif len(value) > longest:
            self.fault(name, f"is longer than {longest} characters.")
        else:
            return value.strip()
        return None

    def time(self, name: str) -> datetime | None:
        """A moment in ISO 8601 with its zone, in UTC."""
        value = self.text(name, _TIME_MAX)
        if value is None:
            return None
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fault(name, "is no time with its zone. Send it like 2026-11-22T05:54:00+00:00.")
            return None
        try:
            return at.astimezone(UTC)
        except OverflowError:
            self.fault(name, "is out of range.")
            return None

    def id(self, name: str, linked: str | None) -> str | None:
        """What is said, else what the address says."""
        value = self.text(name, _ID_MAX) or linked
        allowed = _ALLOWED.get(name, str.isprintable)
        if value and not (allowed(value) and len(value) <= _ID_MAX):
            self.fault(name, "is no id that Airflow would give.")
            return None
        return value

    def number(self, name: str, least: int) -> int | None:
        """A number, also in quotes, as templates give it; None for the least, which says none."""
        value = self._item.get(name)
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value.strip()):
            value = int(value)
        if value is None or value == "":
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            self.fault(name, "is no whole number.")
        elif not least <= value < _NUMBER_MAX:
            self.fault(name, f"is out of range. Send {least} or more.")
        else:
            return value if value > least else None
        return None


def _items(body: bytes) -> list[Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Faulty(["The body is no JSON. Send an object with dag_id and run_id."]) from None
    items = content if isinstance(content, list) else [content]
    if not items:
        raise Faulty(["The list is empty. Send one failure or more."])
    if len(items) > FAILURES_MAX:
        raise Faulty([f"The list holds more than {FAILURES_MAX} failures. Send fewer at a time."])
    return items


def _success(report: Failure) -> Success:
    target = report.target
    return Success(
        target.cluster,
        target.dag_id or "",
        target.run_id or "",
        report.failed_at,
        report.run_after,
    )


def _refined(target: Target, linked: Target | None) -> Target:
    """With the numbers of the address, where both are about the same task instance."""
    if linked is None or (target.run_id, target.task_id) != (linked.run_id, linked.task_id):
        return target
    return replace(
        target,
        map_index=linked.map_index if target.map_index is None else target.map_index,
        try_number=target.try_number or linked.try_number,
    )
