"""Raw replies about the cluster itself: events, pools, components, jobs, extra links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from bot.adapters.airflow.values import as_json, items, mapping, moment, text, whole
from bot.domain.evidence import (
    ComponentHealth,
    EventLogEntry,
    Job,
    NamedText,
    Pool,
    ProducedAsset,
)

Redact = Callable[[str], str]

EXTRA_KEPT = 4_000  # characters of one event's `extra`
_NEVER = datetime.min.replace(tzinfo=UTC)


def events(body: object, redact: Redact) -> tuple[EventLogEntry, ...]:
    return tuple(_event(raw, redact) for raw in items(body, "event_logs") if raw.get("event"))


def _event(raw: Mapping[str, object], redact: Redact) -> EventLogEntry:
    return EventLogEntry(
        id=whole(raw.get("event_log_id")) or whole(raw.get("id")) or 0,
        when=moment(raw.get("when")),
        event=text(raw.get("event")) or "",
        owner=text(raw.get("owner")),
        dag_id=text(raw.get("dag_id")),
        task_id=text(raw.get("task_id")),
        run_id=text(raw.get("run_id")),
        map_index=whole(raw.get("map_index")),
        try_number=whole(raw.get("try_number")),
        extra=redact(as_json(raw.get("extra")))[:EXTRA_KEPT],
    )


def merge_events(*groups: Iterable[EventLogEntry]) -> tuple[EventLogEntry, ...]:
    """Entries of several answers as one, oldest first, each once."""
    seen: dict[object, EventLogEntry] = {}
    for entry in (entry for group in groups for entry in group):
        seen.setdefault(entry.id or entry, entry)
    return tuple(sorted(seen.values(), key=lambda entry: (entry.when or _NEVER, entry.id)))


def pools(body: object) -> tuple[Pool, ...]:
    return tuple(_pool(raw) for raw in items(body, "pools") if text(raw.get("name")))


def _pool(raw: Mapping[str, object]) -> Pool:
    slots = whole(raw.get("slots")) or 0
    occupied = whole(raw.get("occupied_slots")) or 0
    open_slots = whole(raw.get("open_slots"))
    return Pool(
        name=text(raw.get("name")) or "",
        slots=slots,
        open_slots=slots - occupied if open_slots is None else open_slots,
        occupied=occupied,
        running=whole(raw.get("running_slots")) or 0,
        queued=whole(raw.get("queued_slots")) or 0,
        scheduled=whole(raw.get("scheduled_slots")) or 0,
        deferred=whole(raw.get("deferred_slots")) or 0,
    )


def health(body: object) -> tuple[ComponentHealth, ...]:
    """The components that report themselves; one without a status was never started."""
    return tuple(
        ComponentHealth(name, text(raw.get("status")), moment(raw.get(f"latest_{name}_heartbeat")))
        for name, raw in ((name, mapping(raw)) for name, raw in mapping(body).items())
        if raw
    )


def jobs(body: object) -> tuple[Job, ...]:
    return tuple(
        Job(
            id=whole(raw.get("id")) or 0,
            job_type=text(raw.get("job_type")) or "",
            state=text(raw.get("state")),
            hostname=text(raw.get("hostname")),
            start=moment(raw.get("start_date")),
            end=moment(raw.get("end_date")),
            latest_heartbeat=moment(raw.get("latest_heartbeat")),
        )
        for raw in items(body, "jobs")
    )


def extra_links(body: object, redact: Redact) -> tuple[NamedText, ...]:
    """The operator's own links by label. Later versions wrap them in `extra_links`."""
    found = mapping(mapping(body).get("extra_links", body))
    return tuple(
        NamedText(redact(str(label)), redact(url))
        for label, url in found.items()
        if isinstance(url, str) and url
    )


def version(body: object) -> str | None:
    return text(mapping(body).get("version"))


def assets(body: object) -> tuple[ProducedAsset, ...]:
    """Assets with the tasks that write them, and the Dags that wait for them or read them."""
    return tuple(_asset(raw) for raw in items(body, "assets") if text(raw.get("name")))


def _asset(raw: Mapping[str, object]) -> ProducedAsset:
    # Airflow 3.0 has another word for Dags that are scheduled by it.
    readers = ("scheduled_dags", "consuming_dags", "consuming_tasks")
    consumers = (text(one.get("dag_id")) for name in readers for one in items(raw.get(name)))
    writers = (
        (text(one.get("dag_id")) or "", text(one.get("task_id")) or "")
        for one in items(raw.get("producing_tasks"))
    )
    return ProducedAsset(
        text(raw.get("name")) or "",
        tuple(writers),
        tuple(dict.fromkeys(one for one in consumers if one)),
    )
