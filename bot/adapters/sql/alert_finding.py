"""Which alert takes a failure in, and which failures a success answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.alert_placing import is_at
from bot.adapters.sql.alert_rows import Place, success_of
from bot.adapters.sql.alert_tables import AlertFailureRow, AlertRow, DagSuccessRow
from bot.domain.alerts import UNREACHABLE, Found, Look
from bot.domain.failures import Success, is_needless


def open_key(channel: str, found: Found) -> str:
    return f"{channel}\n{found.incident}"


async def unsettled(connection: AsyncConnection, where: Place) -> Sequence[Any]:
    """What failed there and is in no alert, or in one of a cluster that did not answer."""
    row = AlertFailureRow
    of_no_cause = select(AlertRow.id).where(
        AlertRow.incident.startswith(UNREACHABLE, autoescape=True)
    )
    is_open = or_(row.alert_id == "", row.alert_id.in_(of_no_cause))
    statement = select(row).where(*is_at(row, where), row.is_answered.is_(False), is_open)
    return (await connection.execute(statement)).all()


async def same_dag(
    connection: AsyncConnection, look: Look, found: Found, stands: Any, *, fails: bool
) -> Any:
    """The newest alert of that cause and channel in which the Dag failed; or fails still."""
    row, target = AlertFailureRow, look.failure.target
    of_dag = [
        row.alert_id == AlertRow.id,
        row.cluster == target.cluster,
        row.dag_id == (target.dag_id or ""),
    ]
    if fails:
        of_dag.append(row.is_answered.is_(False))
    statement = (
        select(AlertRow)
        .where(
            AlertRow.channel == look.channel,
            AlertRow.incident == found.incident,
            stands,
            exists().where(and_(*of_dag)),
        )
        .order_by(AlertRow.last_at.desc(), AlertRow.id)
        .limit(1)
    )
    return (await connection.execute(statement)).first()


@dataclass(frozen=True, slots=True)
class Answered:
    """Alerts in which something is well now, and those in which tasks may be."""

    alerts: frozenset[str] = frozenset()
    to_check: frozenset[str] = frozenset()


async def answer(connection: AsyncConnection, success: Success) -> Answered:
    """Marks what the success answers, and keeps that of a run for failures that come late."""
    if success.task_id:
        return Answered(await _marked(connection, success))
    row = DagSuccessRow
    of_dag = (row.cluster == success.cluster, row.dag_id == success.dag_id)
    known = [success_of(one) for one in await connection.execute(select(row).where(*of_dag))]
    if is_needless(success, known):
        return Answered()
    known.append(success)
    for one in known[:-1]:
        others = [each for each in known if each is not one]
        if is_needless(one, others):
            known = others
            is_it = (row.run_id == one.run_id, row.at == one.at)
            await connection.execute(delete(row).where(*of_dag, *is_it))
    values = {
        "cluster": success.cluster,
        "dag_id": success.dag_id,
        "run_id": success.run_id,
        "at": success.at,
        "run_after": success.run_after,
    }
    await connection.execute(insert(row).values(values))
    return Answered(await _marked(connection, success), await _doubtful(connection, success))


async def _marked(connection: AsyncConnection, success: Success) -> frozenset[str]:
    """The same relation as `Success.answers`, in SQL; but of tasks that fail in an alert only what
    is said of the task itself."""
    row = AlertFailureRow
    if success.task_id:
        is_meant = row.task_id == success.task_id
    else:
        is_unseen = and_(row.alert_id == "", row.run_id != success.run_id)
        is_meant = or_(row.task_id == "", is_unseen)
    marking = update(row).where(*_before(success), is_meant).values(is_answered=True)
    found = await connection.scalars(marking.returning(row.alert_id))
    return frozenset(found.all()) - {""}


async def _doubtful(connection: AsyncConnection, success: Success) -> frozenset[str]:
    """Alerts in which tasks of that Dag failed before."""
    row = AlertFailureRow
    is_told = (row.task_id != "", row.alert_id != "")
    found = await connection.scalars(select(row.alert_id).where(*_before(success), *is_told))
    return frozenset(found.all())


def _before(success: Success) -> Sequence[ColumnElement[bool]]:
    """Conditions that a row fails still and did so before the success."""
    row = AlertFailureRow
    is_earlier = [
        row.cluster == success.cluster,
        row.dag_id == success.dag_id,
        row.is_answered.is_(False),
        row.at < success.at,
    ]
    if success.run_after is not None:
        is_earlier.append(or_(row.run_after.is_(None), row.run_after <= success.run_after))
    return is_earlier
