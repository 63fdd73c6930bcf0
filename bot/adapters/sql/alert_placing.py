"""Failures on their way into alerts: each kept once in each channel, and what has to be looked into
once for all of its task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.alert_rows import Place, failure_values, place_of, portions, success_of
from bot.adapters.sql.alert_tables import (
    AlertFailureRow,
    AlertRow,
    AlertSubjectRow,
    DagSuccessRow,
)
from bot.adapters.sql.statements import insert_into
from bot.domain.alerts import AlertState, Look
from bot.domain.failures import Failure, Pace, Success
from bot.services.alert_ports import Placed

# A look that was given up without a word is begun again after that.
_FORGOTTEN = timedelta(days=2)
# Two reports of one failure, of which one does not say which try it was.
_SAME_TRY = timedelta(minutes=10)
_TAKES_IN = (AlertState.OPEN.value, AlertState.WAITING.value)


@dataclass(frozen=True, slots=True)
class Round:
    """What `place` came to: looks with the seconds until they are due, the alerts that failures
    joined with when they last failed, and how many failures were told too late."""

    looks: list[tuple[Look, float]] = field(default_factory=list)
    joined: dict[str, datetime] = field(default_factory=dict)
    counted: int = 0
    answered: int = 0


async def place(
    connection: AsyncConnection, placed: Sequence[Placed], now: datetime, pace: Pace
) -> tuple[Round, int]:
    """The round, and how many failures were answered before they came."""
    new = await _inserted(connection, placed, now)
    waiting: dict[Place, list[Placed]] = {}
    for one, is_answered in new:
        if not is_answered:
            waiting.setdefault(place_of(one.failure, one.channel), []).append(one)
    known = await _subjects(connection, list(waiting))
    lines = await _lines(connection, {where[0] for where in waiting})
    round_ = Round()
    for where, failures in waiting.items():
        subject = known.get(where)
        if subject is not None and subject.is_looking and subject.due_at > now - _FORGOTTEN:
            continue  # it takes these with it
        is_recent = subject is not None and subject.due_at > now - timedelta(seconds=pace.quiet)
        if subject is not None and is_recent and subject.state in _TAKES_IN:
            await _assign(connection, where, subject.alert_id)
            last = max(one.failure.failed_at for one in failures)
            round_.joined[subject.alert_id] = max(last, round_.joined.get(subject.alert_id, last))
            continue
        due = _slot(lines, failures[0], now, pace)
        await _begin(connection, where, due)
        look = Look(where[0], failures[0].failure, now)
        round_.looks.append((look, (due - now).total_seconds()))
    return round_, sum(is_answered for _, is_answered in new)


def _slot(lines: dict[str, datetime], first: Placed, now: datetime, pace: Pace) -> datetime:
    """Each channel has a line of looks, which stands still in its quiet hours."""
    last = lines.get(first.channel)
    due = max(now, first.quiet_until or now)
    if last is not None:
        due = max(due, last + timedelta(seconds=pace.between))
    lines[first.channel] = due
    return due


async def _lines(connection: AsyncConnection, channels: set[str]) -> dict[str, datetime]:
    row = AlertSubjectRow
    last = select(row.channel, func.max(row.due_at)).where(row.channel.in_(channels))
    found = await connection.execute(last.group_by(row.channel))
    return {one.channel: one[1] for one in found}


async def _inserted(
    connection: AsyncConnection, placed: Sequence[Placed], now: datetime
) -> list[tuple[Placed, bool]]:
    """Those that were not known, and whether their Dag ran well since."""
    distinct = {(one.failure.key, one.channel): one for one in reversed(placed)}
    told = _without_runs_of_tasks(list(reversed(distinct.values())))
    told = await _without_same_tries(connection, told, now)
    successes = await _successes(connection, {one.failure.target.dag_id or "" for one in told})
    new: list[tuple[Placed, bool]] = []
    for portion in portions(told):
        rows = {
            (one.failure.key, one.channel): (one, _is_answered(one.failure, successes))
            for one in portion
        }
        values = [
            dict(
                failure_values(
                    one.failure,
                    one.channel,
                    is_answered=is_answered,
                    now=now,
                    diverted=one.diverted,
                )
            )
            for one, is_answered in rows.values()
        ]
        row = AlertFailureRow
        insert = insert_into(connection, row).values(values).on_conflict_do_nothing()
        inserted = await connection.execute(insert.returning(row.key, row.channel))
        found = {tuple(each) for each in inserted}
        new += [one for key, one in rows.items() if key in found]
    return new


def _without_runs_of_tasks(placed: Sequence[Placed]) -> list[Placed]:
    """A report of a whole run says no more than those of its tasks, where there are any."""
    of_tasks = {_run(one) for one in placed if one.failure.target.task_id}
    return [one for one in placed if one.failure.target.task_id or _run(one) not in of_tasks]


def _run(one: Placed) -> tuple[str, str, str | None, str | None]:
    target = one.failure.target
    return one.channel, target.cluster, target.dag_id, target.run_id


async def _without_same_tries(
    connection: AsyncConnection, placed: Sequence[Placed], now: datetime
) -> list[Placed]:
    """Without those that were reported a moment ago by somebody who said, or did not say, which
    try it was."""
    row, known = AlertFailureRow, set[tuple[Any, ...]]()
    for runs in portions({one.failure.target.run_id or "" for one in placed}):
        statement = select(row).where(row.run_id.in_(runs), row.created_at > now - _SAME_TRY)
        for found in await connection.execute(statement):
            instance = (found.cluster, found.dag_id, found.run_id, found.task_id, found.map_index)
            known.add((found.channel, *instance, bool(found.try_number)))
    left = []
    for one in placed:
        values = failure_values(one.failure, one.channel, is_answered=False, now=now)
        names = ("channel", "cluster", "dag_id", "run_id", "task_id", "map_index")
        instance = tuple(values[name] for name in names)
        says_try = bool(values["try_number"])
        if (*instance, not says_try) in known:
            continue
        known.add((*instance, says_try))
        left.append(one)
    return left


async def _successes(
    connection: AsyncConnection, dag_ids: set[str]
) -> Mapping[tuple[str, str], Sequence[Success]]:
    found: dict[tuple[str, str], list[Success]] = {}
    for portion in portions(dag_ids):
        statement = select(DagSuccessRow).where(DagSuccessRow.dag_id.in_(portion))
        for row in await connection.execute(statement):
            found.setdefault((row.cluster, row.dag_id), []).append(success_of(row))
    return found


def _is_answered(failure: Failure, successes: Mapping[tuple[str, str], Sequence[Success]]) -> bool:
    known = successes.get((failure.target.cluster, failure.target.dag_id or ""), ())
    return any(one.answers(failure) for one in known)


async def _subjects(connection: AsyncConnection, places: Sequence[Place]) -> dict[Place, Any]:
    """With the state of the alert that each is in."""
    row, found = AlertSubjectRow, dict[Place, Any]()
    wanted = set(places)
    for dag_ids in portions({dag_id for _, _, dag_id, _ in places}):
        statement = (
            select(row, AlertRow.state)
            .outerjoin(AlertRow, AlertRow.id == row.alert_id)
            .where(row.dag_id.in_(dag_ids))
        )
        for one in await connection.execute(statement):
            where = (one.channel, one.cluster, one.dag_id, one.task_id)
            if where in wanted:
                found[where] = one
    return found


async def _assign(connection: AsyncConnection, where: Place, alert_id: str) -> None:
    row = AlertFailureRow
    await connection.execute(
        update(row)
        .where(*is_at(row, where), row.alert_id == "", row.is_answered.is_(False))
        .values(alert_id=alert_id)
    )


async def _begin(connection: AsyncConnection, where: Place, due: datetime) -> None:
    channel, cluster, dag_id, task_id = where
    values = {"channel": channel, "cluster": cluster, "dag_id": dag_id, "task_id": task_id}
    begun = {"is_looking": True, "due_at": due}
    insert = insert_into(connection, AlertSubjectRow).values({**values, **begun, "alert_id": ""})
    again = insert.on_conflict_do_update(index_elements=list(values), set_=begun)
    await connection.execute(again)


def is_at(row: Any, where: Place) -> tuple[Any, ...]:
    """Conditions that a row is of that task in that channel."""
    channel, cluster, dag_id, task_id = where
    return (
        row.channel == channel,
        row.cluster == cluster,
        row.dag_id == dag_id,
        row.task_id == task_id,
    )
