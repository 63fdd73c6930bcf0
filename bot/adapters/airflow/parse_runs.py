"""Raw replies about Dags, their versions and runs, as our own values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from bot.adapters.airflow.values import (
    as_json,
    decimal,
    flag,
    items,
    mapping,
    moment,
    names,
    seconds,
    text,
    whole,
)
from bot.domain.access import Labels
from bot.domain.evidence import DagDetails, DagRun, DagVersion, DagWarning, ImportProblem

Redact = Callable[[str], str]

DOC_MAX = 20_000  # characters of a Dag's documentation that are kept
CONF_MAX = 8_000
STACK_MAX = 20_000


def dag_version(raw: object, redact: Redact) -> DagVersion | None:
    """A Dag version, None where the reply holds none (as for Dags of before Airflow 3)."""
    found = mapping(raw)
    if not found:
        return None
    return DagVersion(
        number=whole(found.get("version_number")),
        created_at=moment(found.get("created_at")),
        bundle_name=text(found.get("bundle_name")),
        bundle_version=text(found.get("bundle_version")),
        bundle_url=_masked(text(found.get("bundle_url")), redact),
    )


@lru_cache(maxsize=64)
def _masked(url: str | None, redact: Redact) -> str | None:
    """A bundle's address may hold a token. Thousands of task instances share one."""
    return redact(url) if url else None


def dag_versions(body: object, redact: Redact) -> tuple[DagVersion, ...]:
    found = (dag_version(raw, redact) for raw in items(body, "dag_versions"))
    return tuple(version for version in found if version)


def dag_runs(body: object, redact: Redact) -> tuple[DagRun, ...]:
    return tuple(dag_run(raw, redact) for raw in items(body, "dag_runs"))


def dag_run(raw: Mapping[str, object], redact: Redact) -> DagRun:
    note = text(raw.get("note"))
    return DagRun(
        run_id=text(raw.get("dag_run_id")) or text(raw.get("run_id")) or "",
        dag_id=text(raw.get("dag_id")) or "",
        state=text(raw.get("state")),
        run_type=text(raw.get("run_type")),
        logical_date=moment(raw.get("logical_date")),
        run_after=moment(raw.get("run_after")),
        queued_at=moment(raw.get("queued_at")),
        start=moment(raw.get("start_date")),
        end=moment(raw.get("end_date")),
        duration=decimal(raw.get("duration")),
        triggered_by=text(raw.get("triggered_by")),
        triggering_user=text(raw.get("triggering_user_name")),
        conf=redact(as_json(raw.get("conf")) or "{}")[:CONF_MAX],
        note=redact(note) if note else None,
        versions=dag_versions(raw, redact),
    )


def dag_details(raw: Mapping[str, object], redact: Redact) -> DagDetails:
    """The reply of `/dags/{id}/details`; the shorter one of `/dags/{id}` fits too."""
    doc = text(raw.get("doc_md"))
    timetable = text(raw.get("timetable_summary")) or text(raw.get("timetable_description"))
    return DagDetails(
        dag_id=text(raw.get("dag_id")) or "",
        is_paused=flag(raw.get("is_paused")),
        is_stale=flag(raw.get("is_stale")),
        has_import_errors=flag(raw.get("has_import_errors")),
        owners=names(raw.get("owners")),
        tags=tuple(redact(tag) for tag in names(raw.get("tags"))),
        doc_md=redact(doc)[:DOC_MAX] if doc else None,
        fileloc=text(raw.get("fileloc")),
        relative_fileloc=text(raw.get("relative_fileloc")),
        timetable=redact(timetable) if timetable else None,
        timezone=text(raw.get("timezone")),
        max_active_runs=whole(raw.get("max_active_runs")),
        max_active_tasks=whole(raw.get("max_active_tasks")),
        max_consecutive_failed_runs=whole(raw.get("max_consecutive_failed_dag_runs")),
        dag_run_timeout=seconds(raw.get("dag_run_timeout")),
        last_parsed=moment(raw.get("last_parsed_time")) or moment(raw.get("last_parsed")),
        next_run_after=moment(raw.get("next_dagrun_run_after")),
    )


def dag_ids(body: object) -> tuple[str, ...]:
    return tuple(dag_id for raw in items(body, "dags") if (dag_id := text(raw.get("dag_id"))))


def dag_labels(body: object) -> dict[str, Labels]:
    """By Dag id; of which cluster, its reader knows."""
    found = {}
    for raw in items(body, "dags"):
        if dag_id := text(raw.get("dag_id")):
            tags, owners = names(raw.get("tags")), names(raw.get("owners"))
            found[dag_id] = Labels("", dag_id, frozenset(tags), frozenset(owners))
    return found


def dag_warnings(body: object, redact: Redact) -> tuple[DagWarning, ...]:
    return tuple(
        DagWarning(
            kind=text(raw.get("warning_type")) or text(raw.get("dag_warning_type")) or "",
            message=redact(text(raw.get("message")) or ""),
            at=moment(raw.get("timestamp")),
        )
        for raw in items(body, "dag_warnings")
    )


def import_problems(body: object, redact: Redact) -> tuple[ImportProblem, ...]:
    """Dag files that could not be parsed. Of a long trace the end is kept: it names the error."""
    return tuple(
        ImportProblem(
            filename=text(raw.get("filename")) or "",
            stack_trace=redact(_trace(raw))[-STACK_MAX:],
            at=moment(raw.get("timestamp")),
        )
        for raw in items(body, "import_errors")
    )


def _trace(raw: Mapping[str, object]) -> str:
    return text(raw.get("stack_trace")) or text(raw.get("stacktrace")) or ""
