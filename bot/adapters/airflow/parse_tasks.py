"""Raw replies about task instances and tasks, as our own values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.adapters.airflow.parse_runs import dag_version
from bot.adapters.airflow.values import (
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
from bot.domain.evidence import TaskDetails, TaskInstance, UnmetDependency, WaitingSensor

Redact = Callable[[str], str]


def task_instances(body: object, redact: Redact) -> tuple[TaskInstance, ...]:
    """The task instances, or tries, of one page. Objects without a task id are left out."""
    return tuple(
        task_instance(raw, redact)
        for raw in items(body, "task_instances", "mapped_task_instances")
        if text(raw.get("task_id"))
    )


def task_instance(raw: Mapping[str, object], redact: Redact) -> TaskInstance:
    """One task instance or try; times and states of other versions are taken as far as they go."""
    map_index = whole(raw.get("map_index"))
    trigger = mapping(raw.get("trigger"))
    note = text(raw.get("note"))
    rendered = text(raw.get("rendered_map_index"))
    return TaskInstance(
        dag_id=text(raw.get("dag_id")) or "",
        run_id=text(raw.get("dag_run_id")) or text(raw.get("run_id")) or "",
        task_id=text(raw.get("task_id")) or "",
        map_index=-1 if map_index is None else map_index,
        state=_state(raw),
        try_number=whole(raw.get("try_number")) or 0,
        max_tries=whole(raw.get("max_tries")),
        start=moment(raw.get("start_date")),
        end=moment(raw.get("end_date")),
        duration=decimal(raw.get("duration")),
        queued_at=moment(raw.get("queued_when")) or moment(raw.get("queued_dttm")),
        scheduled_at=moment(raw.get("scheduled_when")) or moment(raw.get("scheduled_dttm")),
        hostname=text(raw.get("hostname")),
        pid=whole(raw.get("pid")),
        pool=text(raw.get("pool")),
        pool_slots=whole(raw.get("pool_slots")),
        queue=text(raw.get("queue")),
        executor=text(raw.get("executor")),
        operator=text(raw.get("operator_name")) or text(raw.get("operator")),
        note=redact(note) if note else None,
        rendered_map_index=redact(rendered) if rendered else None,
        trigger_class=text(trigger.get("classpath")),
        triggerer_id=whole(trigger.get("triggerer_id")),
        version=dag_version(raw.get("dag_version"), redact),
        run_after=moment(raw.get("run_after")),
    )


def waiting_sensors(body: object) -> tuple[WaitingSensor, ...]:
    """Of the task instances of one page those that wait for another Dag, as Airflow rendered that;
    the others are left out, since a server may not know the filter by operator."""
    found = []
    for raw in items(body, "task_instances"):
        rendered = mapping(raw.get("rendered_fields"))
        waits_for, dag_id = text(rendered.get("external_dag_id")), text(raw.get("dag_id"))
        if waits_for and dag_id:
            one = text(rendered.get("external_task_id"))
            tasks = (*([one] if one else []), *names(rendered.get("external_task_ids")))
            due = moment(raw.get("run_after"))
            found.append(WaitingSensor(dag_id, waits_for, tuple(dict.fromkeys(tasks)), due))
    return tuple(found)


def _state(raw: Mapping[str, object]) -> str | None:
    """Airflow's word. "Not yet scheduled" is null in replies and `no_status` in some filters."""
    state = text(raw.get("state"))
    return None if state in ("no_status", "none") else state


def tasks(body: object, redact: Redact) -> tuple[TaskDetails, ...]:
    """The tasks as written in the Dag."""
    return tuple(_task(raw, redact) for raw in items(body, "tasks") if text(raw.get("task_id")))


def _task(raw: Mapping[str, object], redact: Redact) -> TaskDetails:
    doc = text(raw.get("doc_md"))
    return TaskDetails(
        task_id=text(raw.get("task_id")) or "",
        operator=text(raw.get("operator_name"))
        or text(mapping(raw.get("class_ref")).get("class_name")),
        owner=text(raw.get("owner")),
        retries=whole(raw.get("retries")),
        execution_timeout=seconds(raw.get("execution_timeout")),
        pool=text(raw.get("pool")),
        queue=text(raw.get("queue")),
        trigger_rule=text(raw.get("trigger_rule")),
        depends_on_past=flag(raw.get("depends_on_past")),
        is_mapped=flag(raw.get("is_mapped")),
        downstream=names(raw.get("downstream_task_ids")),
        doc_md=redact(doc) if doc else None,
    )


def unmet_dependencies(body: object, redact: Redact) -> tuple[UnmetDependency, ...]:
    """Why Airflow does not schedule a task instance, in its own words."""
    return tuple(
        UnmetDependency(text(raw.get("name")) or "", redact(text(raw.get("reason")) or ""))
        for raw in items(body, "dependencies")
    )
