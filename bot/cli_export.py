"""What the export and snapshots commands take, and how they end.

They look into the database beside a bot that is running. Exit status: 0 done, 1 a snapshot is void
or not known, 2 nothing may be exported, or cannot start, 130 interrupted: run it again to go on.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import __version__
from bot.cli_database import AsJson, By, Config, clean, doer, opened
from bot.domain.datasets import Snapshot, Split
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.services.export import Exported, Exporter
    from bot.services.export_ports import Request
    from bot.services.export_survey import Surveyor

VOID = 1
_PAGE = 50

snapshots_app = typer.Typer(
    help="Which conversations datasets were made of, and whether all are still there.",
    no_args_is_help=True,
)
SnapshotId = Annotated[str, typer.Argument(metavar="ID", help="As snapshots list gives it.")]


def export(
    folder: Annotated[Path, typer.Argument(help="A new folder for it, or one to go on in.")],
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format", help="sft, dpo, kto … May be given several times; all of them without it."
        ),
    ] = None,
    snapshot: Annotated[
        str, typer.Option(help="Of an earlier snapshot; else of all that may leave now.")
    ] = "",
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only what was answered before that day (UTC)."),
    ] = None,
    unjudged: Annotated[
        bool, typer.Option("--unjudged", help="Also what nobody judged, by the bot's own word.")
    ] = False,
    balance: Annotated[
        float | None,
        typer.Option(
            min=1.0, help="To learn from, at most so many of a verdict for each of the rarest."
        ),
    ] = None,
    validation: Annotated[float, typer.Option(min=0, max=0.5, help="Its share.")] = 0.1,
    test: Annotated[float, typer.Option(min=0, max=0.5, help="Its share.")] = 0.1,
    licence: Annotated[
        str, typer.Option("--license", help="As Hugging Face names it, e.g. cc-by-4.0.")
    ] = "other",
    title: Annotated[str, typer.Option(help="Of the dataset.")] = "Airflow support conversations",
    by: By = "",
    config: Config = None,
) -> None:
    """Exports conversations as a dataset to train and measure models with. Broken off, it goes on
    where it was when it is run again."""
    from bot.learning.formats import formats as known
    from bot.learning.splits import Shares
    from bot.services.export_ports import Request

    unknown = sorted(set(formats or ()) - set(known()))
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(known())}")
    request = Request(
        formats=tuple(name for name in known() if not formats or name in formats),
        snapshot=snapshot.strip(),
        until=until.replace(tzinfo=UTC) if until else None,
        shares=Shares(validation, test),
        unjudged=unjudged,
        balance=balance,
        licence=licence,
        title=" ".join(title.split()),
    )
    done = asyncio.run(_export(load_settings(os.environ, config), folder, request, doer(by)))
    for line in _told(folder, done):
        print(clean(line))


@snapshots_app.command(name="list")
def list_snapshots(
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Lists snapshots, the newest first."""
    settings = load_settings(os.environ, config)
    found = asyncio.run(_all(settings, _PAGE + 1, (page - 1) * _PAGE))
    if as_json:
        print(json.dumps([_tree(one) for one in found[:_PAGE]], indent=2))
        return
    for one in found[:_PAGE]:
        print(f"{one.id}  {one.created_at:%Y-%m-%d %H:%M} UTC  {one.rows} rows  {_standing(one)}")
    if not found:
        print("There is no snapshot: airflow-bot export takes one.")
    if len(found) > _PAGE:
        print(f"There is more: --page {page + 1}")


@snapshots_app.command(name="show")
def show_snapshot(snapshot: SnapshotId, as_json: AsJson = False, config: Config = None) -> None:
    """Shows one snapshot: what is in it, by which consents, and what stayed out."""
    found = _found(config, snapshot)
    if as_json:
        print(json.dumps(_tree(found), indent=2))
        return
    print(f"{found.id}  taken {found.created_at:%Y-%m-%d %H:%M} UTC  {_standing(found)}")
    print(f"    conversations: {found.present} of {found.rows}")
    print(f"    consents: {', '.join(found.consents)}")
    for left, count in found.left.items():
        print(f"    stayed out: {count}, {left.value}")


@snapshots_app.command(name="verify")
def verify_snapshot(snapshot: SnapshotId, config: Config = None) -> None:
    """Says whether all that a snapshot was made of is still there, unchanged and allowed."""
    settings = load_settings(os.environ, config)
    fault = asyncio.run(_fault(settings, snapshot.strip()))
    print(fault or f"Snapshot {clean(snapshot)} is good: all of it is there, and may leave.")
    raise typer.Exit(VOID if fault else 0)


@snapshots_app.command(name="forget")
def forget_snapshot(snapshot: SnapshotId, config: Config = None) -> None:
    """Deletes the list of what a snapshot was made of; conversations and exports stay."""
    settings = load_settings(os.environ, config)
    if not asyncio.run(_forget(settings, snapshot.strip())):
        _unknown(snapshot)
    print(f"Snapshot {clean(snapshot)} is forgotten.")


async def _export(settings: Settings, folder: Path, request: Request, by: str) -> Exported:
    from bot.adapters.dataset.folder import ExportFolder
    from bot.adapters.terminal_progress import TerminalProgress

    async with opened(settings) as database:
        exporter = _exporter(settings, database)
        with TerminalProgress() as progress:
            return await exporter.run(ExportFolder(folder), request, by, progress)


def _exporter(settings: Settings, database: AsyncEngine) -> Exporter:
    from bot.adapters.scrub.scrubber import SnapshotScrubbers
    from bot.adapters.scrub.second_tool import SecondTool
    from bot.adapters.sql.audit import SqlAuditLog
    from bot.adapters.sql.consents import SqlConsents
    from bot.adapters.sql.dataset_reads import SqlTurnPages
    from bot.adapters.sql.snapshots import SqlSnapshots
    from bot.bootstrap import redactor_of
    from bot.services.export import Exporter

    return Exporter(
        pages=SqlTurnPages(database),
        snapshots=SqlSnapshots(database, _now),
        consents=SqlConsents(database),
        scrubbers=SnapshotScrubbers(lambda key: redactor_of(settings, key), SecondTool()),
        audit=SqlAuditLog(database),
        version=__version__,
        clock=_now,
    )


def _surveyor(database: AsyncEngine) -> Surveyor:
    from bot.adapters.sql.consents import SqlConsents
    from bot.adapters.sql.dataset_reads import SqlTurnPages
    from bot.adapters.sql.snapshots import SqlSnapshots
    from bot.services.export_survey import Surveyor

    return Surveyor(
        SqlTurnPages(database), SqlSnapshots(database, _now), SqlConsents(database), _now
    )


def _now() -> datetime:
    return datetime.now(UTC)


async def _all(settings: Settings, limit: int, offset: int) -> Sequence[Snapshot]:
    from bot.adapters.sql.snapshots import SqlSnapshots

    async with opened(settings) as database:
        return await SqlSnapshots(database, _now).all(limit, offset)


def _found(config: Path | None, snapshot: str) -> Snapshot:
    async def find() -> Snapshot | None:
        from bot.adapters.sql.snapshots import SqlSnapshots

        async with opened(load_settings(os.environ, config)) as database:
            return await SqlSnapshots(database, _now).find(snapshot.strip())

    return asyncio.run(find()) or _unknown(snapshot)


async def _fault(settings: Settings, snapshot: str) -> str:
    from bot.domain.errors import ExportError

    async with opened(settings) as database:
        try:
            await _surveyor(database).verify(snapshot)
        except ExportError as error:
            return str(error)
    return ""


async def _forget(settings: Settings, snapshot: str) -> bool:
    from bot.adapters.sql.snapshots import SqlSnapshots

    async with opened(settings) as database:
        return await SqlSnapshots(database, _now).forget(snapshot)


def _unknown(snapshot: str) -> Snapshot:
    typer.echo(f"There is no snapshot {clean(snapshot)}. See airflow-bot snapshots list.", err=True)
    raise typer.Exit(VOID)


def _told(folder: Path, done: Exported) -> Iterator[str]:
    from bot.learning.rows import path_of
    from bot.services.export import CARD, SAMPLE

    counts = ", ".join(f"{done.fates.get(split.value, 0)} {split.value}" for split in Split)
    yield f"Exported {counts} of {done.snapshot.rows} conversations (snapshot {done.snapshot.id})."
    for name in dict.fromkeys(path.partition("/")[0] for path in sorted(done.rows)):
        rows = ", ".join(f"{done.rows.get(path_of(name, split), 0)}" for split in Split)
        yield f"  {name}: {rows} rows"
    for reason in done.reasons:
        yield f"Left out: {reason}"
    yield f"Read {folder / SAMPLE} before you use it; {folder / CARD} says what it is."


def _standing(one: Snapshot) -> str:
    if one.is_whole:
        return "whole"
    return f"void: {'; '.join(one.faults)}"


def _tree(one: Snapshot) -> dict[str, object]:
    return {
        "id": one.id,
        "created_at": one.created_at.isoformat(),
        "rows": one.rows,
        "present": one.present,
        "is_whole": one.is_whole,
        "consents": list(one.consents),
        "ended": list(one.ended),
        "left": {left.name.lower(): count for left, count in one.left.items()},
    }
