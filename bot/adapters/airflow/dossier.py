"""Evidence while it comes in: replies become fields, refusals become gaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from bot.adapters.airflow.asking import Listing
from bot.adapters.airflow.fault import asked_task
from bot.adapters.airflow.outcome import Outcome, Refusal
from bot.adapters.airflow.parse_cluster import merge_events
from bot.adapters.airflow.pieces import PIECES, fields_of
from bot.domain.evidence import (
    DagDetails,
    DagRun,
    EventLogEntry,
    Evidence,
    Gap,
    GapReason,
    ImportProblem,
    NamedText,
    TaskInstance,
)
from bot.domain.logs import LogReading
from bot.domain.targets import Target

STRANGERS_MAX = 20  # import errors that are kept where the Dag of the question does not exist
_NEVER = datetime.min.replace(tzinfo=UTC)


class Dossier:
    """Collects what was seen of one target; `evidence` closes it. For one thread at a time.

    `redact` is applied to every text a person or a program may have written.
    """

    def __init__(self, target: Target, redact: Callable[[str], str]) -> None:
        self.target = target
        self._redact = redact
        self._fields: dict[str, Any] = {}
        self._events: list[tuple[EventLogEntry, ...]] = []
        self._gaps: list[Gap] = []

    def take(self, piece: str, outcome: Outcome) -> None:
        """Files one parsed outcome (see `pieces.parsed`) under a name of `PIECES`."""
        if isinstance(outcome, Refusal):
            self._miss(piece, outcome)
            return
        found = dict(fields_of(outcome))
        self._events.append(found.pop("events", ()))
        self._fields.update(found)

    def put_listing(
        self, piece: str, field: str, listing: Listing[Any], *, shorten: bool = True
    ) -> None:
        """Files rows of several pages; with `shorten` a list that was cut is said to be."""
        if listing.rows or listing.refusal is None:
            self._fields[field] = listing.rows
        if listing.refusal:
            self._miss(piece, listing.refusal)
        elif shorten and not listing.is_whole:
            detail = f"{len(listing.rows)} of {listing.total} were looked at, failed ones first"
            self.add_gap(Gap(PIECES[piece].name, GapReason.TOO_LARGE, detail))

    def extend(self, field: str, outcome: Outcome) -> None:
        """Adds what one more parsed reply holds to a field; nothing where it was refused."""
        more = fields_of(outcome).get(field, ())
        if more:
            self._fields[field] = (*self._fields.get(field, ()), *more)

    def put(self, field: str, found: tuple[Any, ...]) -> None:
        """Files what was chosen out of a reply."""
        self._fields[field] = found

    def add_gap(self, gap: Gap) -> None:
        if gap not in self._gaps:
            self._gaps.append(gap)

    def add_text(self, name: str, text: str) -> None:
        self._fields["extra"] = (*self._fields.get("extra", ()), NamedText(name, text))

    @property
    def run(self) -> DagRun | None:
        run: DagRun | None = self._fields.get("dag_run")
        return run

    @property
    def dag(self) -> DagDetails | None:
        dag: DagDetails | None = self._fields.get("dag")
        return dag

    @property
    def dag_exists(self) -> bool | None:
        exists: bool | None = self._fields.get("dag_exists")
        return exists

    @property
    def task_instances(self) -> tuple[TaskInstance, ...]:
        seen: tuple[TaskInstance, ...] = self._fields.get("task_instances", ())
        return seen

    @property
    def history(self) -> tuple[TaskInstance, ...]:
        history: tuple[TaskInstance, ...] = self._fields.get("history", ())
        return history

    @property
    def links(self) -> tuple[NamedText, ...]:
        links: tuple[NamedText, ...] = self._fields.get("links", ())
        return links

    @property
    def tries(self) -> tuple[TaskInstance, ...]:
        tries: tuple[TaskInstance, ...] = self._fields.get("tries", ())
        return tries

    def last_green(self, chosen: TaskInstance) -> TaskInstance | None:
        """The latest success of the same task in the earlier runs that were seen so far."""
        history = _earlier(self.history, chosen)
        return next((one for one in history if one.state == "success"), None)

    def pick_task(self) -> TaskInstance | None:
        """Chooses the task instance at fault among those seen so far, and remembers it."""
        seen = self._fields.get("task_instances", ())
        chosen = asked_task(self.target, seen, self.run, self._fields.get("tasks", ()))
        self._fields["task_instance"] = chosen
        asked = self.target.task_id
        if chosen and asked and chosen.task_id != asked:
            self.add_text("message", f"{asked} did not run: {chosen.task_id} failed before it.")
        return chosen

    def evidence(self, gathered_at: datetime | None) -> Evidence:
        """All that was seen. May be called again after more has come in."""
        known = {field.name for field in fields(Evidence)}
        found = {name: value for name, value in self._fields.items() if name in known}
        chosen = found.get("task_instance")
        found["events"] = merge_events(*self._events)
        found["tries"] = _in_order(found.get("tries", ()))
        found["import_problems"] = self._own_import_problems()
        if chosen:
            history = _earlier(found.get("history", ()), chosen)
            found["history"] = history
            found["elsewhere"] = tuple(
                one
                for one in found.get("elsewhere", ())
                if (one.dag_id, one.run_id) != (chosen.dag_id, chosen.run_id)
            )
            found["last_green"] = next((one for one in history if one.state == "success"), None)
            found["executor"] = chosen.executor
            found["task"] = next(
                (task for task in found.get("tasks", ()) if task.task_id == chosen.task_id), None
            )
        return Evidence(target=self.target, gathered_at=gathered_at, gaps=self._told(), **found)

    def take_log(self, reading: LogReading, deciding: int | None) -> None:
        """Files the log of one try: the deciding one, or another."""
        if reading.try_number == deciding:
            self._fields["log"] = reading
        else:
            self._fields["other_logs"] = (*self._fields.get("other_logs", ()), reading)

    def _miss(self, piece: str, refusal: Refusal) -> None:
        kind = PIECES[piece]
        if piece == "dag_details" and refusal.reason is GapReason.NOT_FOUND:
            self._fields["dag_exists"] = False  # that is something seen, not a gap
            return
        remedy = refusal.remedy
        if refusal.reason is GapReason.FORBIDDEN and refusal.status == 403:
            remedy = kind.remedy
        detail = self._redact(refusal.detail)
        self.add_gap(Gap(kind.name, refusal.reason, detail, remedy))

    def _told(self) -> tuple[Gap, ...]:
        """The gaps, without those that only repeat that the Dag does not exist."""
        if self.dag_exists is not False:
            return tuple(self._gaps)
        repeats = {kind.name for kind in PIECES.values() if kind.of_dag}
        return tuple(
            gap
            for gap in self._gaps
            if gap.reason is not GapReason.NOT_FOUND or gap.source not in repeats
        )

    def _own_import_problems(self) -> tuple[ImportProblem, ...]:
        problems: tuple[ImportProblem, ...] = self._fields.get("import_problems", ())
        if self.dag_exists is False:
            name = self.target.dag_id or ""
            return tuple(sorted(problems, key=lambda one: not _mentions(one, name)))[:STRANGERS_MAX]
        if self.dag is None:
            return problems[:STRANGERS_MAX]
        return tuple(one for one in problems if _same_file(one.filename, self.dag))


def _in_order(tries: tuple[TaskInstance, ...]) -> tuple[TaskInstance, ...]:
    """Oldest first, each number once; of two with one number the later told wins."""
    return tuple(one for _, one in sorted({one.try_number: one for one in tries}.items()))


def _earlier(history: tuple[TaskInstance, ...], chosen: TaskInstance) -> tuple[TaskInstance, ...]:
    """The same task in other runs that began before this one, newest first.

    Servers that do not know a filter ignore it, so other tasks may be among them.
    """
    others = [
        one
        for one in history
        if (one.task_id, one.map_index) == (chosen.task_id, chosen.map_index)
        and one.run_id != chosen.run_id
        and (one.start is None or chosen.start is None or one.start <= chosen.start)
    ]
    ordered = sorted(others, key=lambda one: (one.start or _NEVER, one.run_id))
    return tuple(reversed(ordered))


def _mentions(problem: ImportProblem, dag_id: str) -> bool:
    return bool(dag_id) and dag_id in f"{problem.filename}\n{problem.stack_trace}"


def _same_file(filename: str, dag: DagDetails) -> bool:
    places = [place for place in (dag.relative_fileloc, dag.fileloc) if place]
    return any(
        filename == place or place.endswith("/" + filename) or filename.endswith("/" + place)
        for place in places
    )


def incomplete(reading: LogReading) -> LogReading:
    """The reading of a log that goes on beyond what was had of it."""
    return replace(reading, complete=False)
