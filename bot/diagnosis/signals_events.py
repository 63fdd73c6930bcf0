"""Signals from Airflow's event log: who ended, cleared, paused or cancelled what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta

from bot.diagnosis.depth import Depth
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.signals_lines import pod_reason
from bot.diagnosis.text import normalise
from bot.domain.evidence import EventLogEntry, Evidence
from bot.domain.signals import Signal

NEAR_END = timedelta(seconds=60)
"""How far from the end of a try an action may lie and still have ended it. Airflow writes the
entry before it acts, and a task that resists SIGTERM lives up to a minute longer."""

_BY_SYSTEM = {
    "heartbeat timeout": ("heartbeat_timeout", Depth.RECORDED),
    "stuck in queued reschedule": ("queued_timeout", Depth.RECORDED),
    "stuck in queued tries exceeded": ("queued_timeout", Depth.RECORDED + 1),
    "state mismatch": ("executor", Depth.ROOT - 1),
    "cancel_backfill": ("backfill", Depth.RECORDED),
}
_SET_STATE = (
    "patch_task_instance",
    "patch_task_instances",
    "patch_dag_run",
    "patch_dag_run_state",
    "patch_task_group_instances",
    "bulk_task_instances",
    "bulk_dag_runs",
    "task_instance.modify",
    "dag_run.modify",
    "mark_failed",
    "mark_success",
    "dagrun_failed",
    "dagrun_success",
)
_OF_KUBERNETES = re.compile(r"\b(?:pod|node|container|kubernetes)\b", re.I)
_CLEARS = re.compile(r"clear")
_STATE = re.compile(r"\b(failed|success|skipped)\b")


def from_events(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    """Facts from entries about this task instance, this run and this Dag, oldest first."""
    for position, entry in enumerate(evidence.events, 1):
        if not _concerns(entry, evidence):
            continue
        quote = quotes.event(position, entry)
        yield Signal("event", entry.event, quote, Depth.STATE)
        if entry.extra:
            yield Signal("event_extra", normalise(entry.extra), quote, _extra_depth(entry))
        ended_by = _BY_SYSTEM.get(entry.event)
        if ended_by:
            yield Signal("ended_by", ended_by[0], quote, ended_by[1])
        reason = pod_reason(entry.extra)
        if reason:
            yield Signal("pod_reason", reason, quote, Depth.RECORDED)
        if entry.event == "paused" or (entry.event == "patch_dag" and "is_paused" in entry.extra):
            by = "scheduler" if (entry.owner or "").lower() == "scheduler" else "user"
            yield Signal("paused_by", by, quote, Depth.RECORDED)
        action = _action(entry)
        if action:
            yield Signal("user_action", action, quote, Depth.STATE)
            if action.startswith("marked_") and _ended_it(entry, action, evidence):
                yield Signal("ended_by", "user", quote, Depth.RECORDED)
                yield Signal("actor", entry.owner or "somebody", quote, Depth.STATE)


def _extra_depth(entry: EventLogEntry) -> int:
    if _OF_KUBERNETES.search(entry.event):
        return Depth.RECORDED
    return _BY_SYSTEM[entry.event][1] if entry.event in _BY_SYSTEM else Depth.STATE


def _concerns(entry: EventLogEntry, evidence: Evidence) -> bool:
    """About this task instance, its run or its Dag, or cluster-wide; not about a neighbour."""
    target, chosen = evidence.target, evidence.task_instance
    if entry.dag_id and target.dag_id and entry.dag_id != target.dag_id:
        return False
    if entry.run_id and target.run_id and entry.run_id != target.run_id:
        return False
    if entry.task_id and chosen and entry.task_id != chosen.task_id:
        return False
    indexed = chosen is not None and chosen.map_index >= 0 and entry.map_index is not None
    return not (indexed and chosen and entry.map_index not in (-1, chosen.map_index))


def _action(entry: EventLogEntry) -> str | None:
    name = entry.event.lower()
    if (entry.owner or "").lower() == "scheduler":
        return None
    if name in _SET_STATE:
        state = _new_state(entry)
        return f"marked_{state}" if state else None
    if _CLEARS.search(name):
        return "cleared"
    if name in ("unpaused", "paused", "trigger_dag_run", "cancel_backfill", "update_hitl_detail"):
        return name
    return None


def _new_state(entry: EventLogEntry) -> str | None:
    try:
        body = json.loads(entry.extra)
    except ValueError:
        body = None
    if isinstance(body, dict):
        value = body.get("new_state") or body.get("state")
        if isinstance(value, str):
            return value.lower()
    found = _STATE.search(f"{entry.event} {entry.extra}".lower())
    return found[1] if found else None


def _ended_it(entry: EventLogEntry, action: str, evidence: Evidence) -> bool:
    """The action fits the state that stands now, and lies near the end of the try."""
    chosen = evidence.task_instance
    ended = chosen.end if chosen else evidence.dag_run.end if evidence.dag_run else None
    stands = chosen.state if chosen else evidence.dag_run.state if evidence.dag_run else None
    on_run = "dag" in entry.event
    if stands and not on_run and action != f"marked_{stands}":
        return False
    if entry.when is None or ended is None:
        return True
    return abs(entry.when - ended) <= NEAR_END
