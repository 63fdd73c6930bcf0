"""What the audit command takes: who was denied what, and who asked for what takes a right."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_work.commands import AsJson, Config, Since
from bot.domain.audit import AuditEntry, AuditQuery, Outcome
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from rich.table import Table

_PAGE = 500


def audit(
    user: Annotated[str, typer.Option(help="Only of this person, by Slack's id.")] = "",
    channel: Annotated[str, typer.Option(help="Only of this channel, by Slack's id.")] = "",
    action: Annotated[
        str, typer.Option(help="Only this: read, logs, retry, escalate, settings, share …")
    ] = "",
    outcome: Annotated[Outcome | None, typer.Option(help="Only with this outcome.")] = None,
    dag: Annotated[str, typer.Option(help="Only about this Dag.")] = "",
    reference: Annotated[str, typer.Option(help="Only of the work that users know by it.")] = "",
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, max=_PAGE, help="Entries on a page.")] = 50,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Lists who was denied what, and who asked for what takes a right, newest first."""
    settings = load_settings(os.environ, config)
    query = AuditQuery(
        user_id=user,
        channel=channel,
        action=action,
        outcome=outcome,
        dag_id=dag,
        reference=reference.upper(),
        since=_time(since),
        limit=limit + 1,  # one more than shown says whether there is a further page
        offset=(page - 1) * limit,
    )
    found = asyncio.run(_entries(settings, query))
    if as_json:
        tree = [asdict(entry) for entry in found[:limit]]
        print(json.dumps(tree, ensure_ascii=False, indent=2, default=str))
        return
    _print(found[:limit])
    if len(found) > limit:
        print(f"There is more: --page {page + 1}")


async def _entries(settings: Settings, query: AuditQuery) -> Sequence[AuditEntry]:
    from bot.adapters.sql.audit import SqlAuditLog
    from bot.adapters.sql.engine import create_engine
    from bot.adapters.sql.migrate import require_current

    database = create_engine(settings.database_url)
    try:
        await require_current(database)
        return await SqlAuditLog(database).entries(query)
    finally:
        await database.dispose()


def _print(found: Sequence[AuditEntry]) -> None:
    from rich.console import Console

    if not found:
        print("There is no such entry.")
        return
    width = max(60, shutil.get_terminal_size((120, 24)).columns)
    Console(width=width, markup=False, highlight=False, emoji=False).print(_table(found))


def _table(found: Sequence[AuditEntry]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("At (UTC)", "Who", "Where", "What", "Outcome", "About", "Why", "Ref"):
        table.add_column(name, no_wrap=name in ("At (UTC)", "Ref"), overflow="fold")
    for entry in found:
        table.add_row(
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            _clean(entry.user_id),
            _clean(entry.channel),
            _clean(entry.action),
            entry.outcome.value,
            _clean(_about(entry)),
            _clean(entry.rule or entry.reason),
            entry.reference,
        )
    return table


def _about(entry: AuditEntry) -> str:
    target = entry.target
    named = target.label() if target else ""
    if target and target.cluster and target.dag_id:
        named = f"{named} on {target.cluster}"
    return " ".join(part for part in (named, entry.detail) if part)


def _clean(text: str) -> str:
    """Foreign text without control characters: a terminal would obey them."""
    return "".join(one if one.isprintable() else " " for one in text)


def _time(since: timedelta | None) -> datetime | None:
    return datetime.now(UTC) - since if since is not None else None
