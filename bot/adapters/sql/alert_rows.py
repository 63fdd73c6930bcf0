"""Rows of alerts and of the failures in them, to values of the domain and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from bot.domain.alerts import Alert, AlertState, Diverted
from bot.domain.failures import FAILED, Failure, Success
from bot.domain.targets import Target

PORTION = 500
"""So many values go into one statement; SQLite takes some ten thousand in all."""

Place = tuple[str, str, str, str]
"""A Dag's task in a channel: channel, cluster, Dag, task."""

T = TypeVar("T")


def portions(values: Iterable[T]) -> Iterable[Sequence[T]]:
    whole = list(values)
    return (whole[start : start + PORTION] for start in range(0, len(whole), PORTION))


def alert_of(row: Any) -> Alert:
    return Alert(
        id=row.id,
        channel=row.channel,
        incident=row.incident,
        title=row.title,
        turn_id=row.turn_id,
        state=AlertState(row.state),
        first_at=row.first_at,
        last_at=row.last_at,
        opens_at=row.opens_at,
        recovered_at=row.recovered_at,
        relapses=row.relapses,
        version=row.version,
        thread=row.thread,
    )


def place_of(failure: Failure, channel: str) -> Place:
    target = failure.target
    return channel, target.cluster, target.dag_id or "", target.task_id or ""


def failure_values(
    failure: Failure,
    channel: str,
    *,
    is_answered: bool,
    now: datetime,
    diverted: Diverted | None = None,
) -> Mapping[str, Any]:
    target = failure.target
    return {
        "key": failure.key,
        "channel": channel,
        "alert_id": "",
        "cluster": target.cluster,
        "dag_id": target.dag_id or "",
        "run_id": target.run_id or "",
        "task_id": target.task_id or "",
        "map_index": -1 if target.map_index is None else target.map_index,
        "try_number": target.try_number or 0,
        "at": failure.failed_at,
        "run_after": failure.run_after,
        "is_answered": is_answered,
        "diverted": f"{diverted.channel}:{diverted.reason}" if diverted else "",
        "created_at": now,
    }


def failure_of(row: Any) -> Failure:
    target = Target(
        row.cluster,
        row.dag_id,
        row.run_id,
        row.task_id or None,
        row.map_index if row.map_index >= 0 else None,
        row.try_number or None,
    )
    return Failure(target, FAILED, row.created_at, row.at, row.run_after)


def diverted_of(words: str) -> Diverted:
    channel, _, reason = words.partition(":")
    return Diverted(channel, reason)


def success_of(row: Any) -> Success:
    return Success(row.cluster, row.dag_id, row.run_id, row.at, row.run_after)
