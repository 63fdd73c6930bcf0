"""The pieces of evidence that Airflow can give: what each is called, parsed and permitted by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.adapters.airflow import parse_cluster, parse_runs, parse_tasks
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply
from bot.adapters.airflow.values import mapping
from bot.domain.evidence import GapReason
from bot.words import mark, say

log = structlog.get_logger(__name__)

Redact = Callable[[str], str]
Fields = dict[str, object]  # fields of `Evidence`


@dataclass(frozen=True, slots=True)
class Piece:
    """One kind of reply. `name` is what a gap calls it; `permission` is FAB's word for it.

    `of_dag`: a 404 says nothing new where the Dag itself is already known to be missing.
    """

    name: str
    parse: Callable[[object, Redact], Fields]
    permission: str = ""
    of_dag: bool = False

    @property
    def remedy(self) -> str:
        """What to do where Airflow forbids it."""
        if not self.permission:
            return say("Give the bot's user the Viewer role.")
        return say(
            'Give the bot\'s role the permission "{permission}".', permission=self.permission
        )


PIECES: Mapping[str, Piece] = {
    "health": Piece(mark("health"), lambda body, _: {"health": parse_cluster.health(body)}),
    "version": Piece(
        mark("version"), lambda body, _: {"airflow_version": parse_cluster.version(body)}
    ),
    "jobs": Piece(
        mark("jobs"), lambda body, _: {"jobs": parse_cluster.jobs(body)}, "can read on Jobs"
    ),
    "pools": Piece(
        mark("pools"), lambda body, _: {"pools": parse_cluster.pools(body)}, "can read on Pools"
    ),
    "dag_details": Piece(
        mark("Dag"),
        lambda body, redact: {
            "dag": parse_runs.dag_details(mapping(body), redact),
            "dag_exists": True,
        },
        "can read on DAGs",
    ),
    "dag_versions": Piece(
        mark("Dag versions"),
        lambda body, redact: {"versions": parse_runs.dag_versions(body, redact)},
        "can read on DAG Versions",
        of_dag=True,
    ),
    "dag_warnings": Piece(
        mark("Dag warnings"),
        lambda body, redact: {"warnings": parse_runs.dag_warnings(body, redact)},
        "can read on DAG Warnings",
        of_dag=True,
    ),
    "import_errors": Piece(
        mark("import errors"),
        lambda body, redact: {"import_problems": parse_runs.import_problems(body, redact)},
        "can read on ImportError",
    ),
    "event_logs": Piece(
        mark("event log"),
        lambda body, redact: {"events": parse_cluster.events(body, redact)},
        "can read on Audit Logs",
    ),
    "dag_run": Piece(
        mark("run"),
        lambda body, redact: {"dag_run": parse_runs.dag_run(mapping(body), redact)},
        "can read on DAG Runs",
        of_dag=True,
    ),
    "recent_runs": Piece(
        mark("recent runs"),
        lambda body, redact: {"recent_runs": parse_runs.dag_runs(body, redact)},
        "can read on DAG Runs",
        of_dag=True,
    ),
    "task_instances": Piece(
        mark("task instances"),
        lambda body, redact: {"task_instances": parse_tasks.task_instances(body, redact)},
        "can read on Task Instances",
        of_dag=True,
    ),
    "tasks": Piece(
        mark("tasks of the Dag"),
        lambda body, redact: {"tasks": parse_tasks.tasks(body, redact)},
        "can read on DAGs",
        of_dag=True,
    ),
    "tries": Piece(
        mark("tries"),
        lambda body, redact: {"tries": parse_tasks.task_instances(body, redact)},
        "can read on Task Instances",
    ),
    "dependencies": Piece(
        mark("unmet dependencies"),
        lambda body, redact: {"unmet": parse_tasks.unmet_dependencies(body, redact)},
        "can read on Task Instances",
    ),
    "links": Piece(
        mark("extra links"),
        lambda body, redact: {"links": parse_cluster.extra_links(body, redact)},
        "can read on Task Instances",
    ),
    "history": Piece(
        mark("earlier runs of the task"),
        lambda body, redact: {"history": parse_tasks.task_instances(body, redact)},
        "can read on Task Instances",
    ),
    "assets": Piece(
        mark("assets"),
        lambda body, _: {"assets": parse_cluster.assets(body)},
        "can read on Assets",
    ),
    "sensors": Piece(
        mark("sensors that wait"),
        lambda body, _: {"sensors": parse_tasks.waiting_sensors(body)},
        "can read on Task Instances",
    ),
    "elsewhere": Piece(
        mark("other failures in the same minutes"),
        lambda body, redact: {"elsewhere": parse_tasks.task_instances(body, redact)},
        "can read on Task Instances",
    ),
    "child_runs": Piece(
        mark("triggered runs"),
        lambda body, redact: {"child_runs": (parse_runs.dag_run(mapping(body), redact),)},
        "can read on DAG Runs",
    ),
    "log": Piece(mark("task log"), lambda body, _: {}, "can read on Task Logs"),
    "green_log": Piece(
        mark("log of the last successful run"), lambda body, _: {}, "can read on Task Logs"
    ),
}


def parsed(piece: str, outcome: Outcome, redact: Redact) -> Outcome:
    """The outcome with `Evidence` fields for a body; a reply of unknown shape is a refusal."""
    if isinstance(outcome, Refusal):
        return outcome
    try:
        return Reply(PIECES[piece].parse(outcome.body, redact))
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        log.warning("reply_of_unknown_shape", error=type(error).__name__)
        return Refusal(GapReason.MALFORMED, mark("the reply has a shape that is unknown here"))


def fields_of(outcome: Outcome) -> Mapping[str, Any]:
    """The `Evidence` fields of a parsed outcome; none where it was refused."""
    if isinstance(outcome, Reply) and isinstance(outcome.body, Mapping):
        return outcome.body
    return {}
