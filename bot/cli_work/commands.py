"""What the work command takes and how it ends.

It looks straight into the database, beside a bot that is running. Exit status: 0 done, 1 a key is
not known or its work is not in a state for that, 2 cannot start.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_work.finding import PAGE, Wanted, every, key_of, unknown
from bot.cli_work.pages import print_detail, print_json, print_table
from bot.domain.errors import BadRequest
from bot.domain.work import Queue, WorkStatus
from bot.settings import load_settings

if TYPE_CHECKING:
    from bot.workflows.admin import WorkAdmin

FINDINGS = 1
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

work_app = typer.Typer(help="Work taken on: list it, look into it, retry it.", no_args_is_help=True)


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([smhd])", text.strip().lower())
    if found is None:
        raise typer.BadParameter("give a number with s, m, h or d, e.g. 30m, 2h or 3d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="YAML file; else AIRFLOW_BOT_CONFIG, ./airflow-bot.yaml."),
]
OfQueue = Annotated[Queue | None, typer.Option("--queue", help="Only of this queue.")]
Since = Annotated[
    timedelta | None,
    typer.Option("--since", parser=_age, metavar="AGE", help="Taken on since then, e.g. 2h."),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Keys = Annotated[list[str] | None, typer.Argument(metavar="KEY...", help="Keys or references.")]


@work_app.command(name="list")
def list_work(
    status: Annotated[WorkStatus | None, typer.Option(help="Only with this status.")] = None,
    queue: OfQueue = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="Pieces of work on a page.")] = 50,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Lists the work that the bot has taken on, newest first."""

    async def look(admin: WorkAdmin) -> None:
        # One more than shown says whether there is a further page.
        start = (page - 1) * limit
        found = await admin.list(status, queue, _time(since), limit + 1, start)
        if as_json:
            print_json(found[:limit])
            return
        print_table(found[:limit], _now())
        if len(found) > limit:
            print(f"There is more: --page {page + 1}")

    _run(config, look)


@work_app.command(name="show")
def show_work(
    key: Annotated[str, typer.Argument(help="A key, or the reference that users see.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Shows one piece of work with its steps."""

    async def look(admin: WorkAdmin) -> None:
        found = await admin.show(key) or await admin.show(await key_of(admin, key))
        if found is None:
            raise BadRequest(unknown(key))
        if as_json:
            print_json(found)
        else:
            print_detail(found, _now())

    _run(config, look)


@work_app.command(name="retry")
def retry_work(
    keys: Keys = None,
    all_failed: Annotated[bool, typer.Option("--all-failed", help="All that failed.")] = False,
    queue: OfQueue = None,
    since: Since = None,
    config: Config = None,
) -> None:
    """Lets failed or cancelled work go on from where it stopped."""
    _only_one_way(keys, all_failed, "--all-failed", queue, since)

    async def retry(admin: WorkAdmin) -> None:
        if keys:
            await _each(keys, admin, admin.retry, "goes on")
        else:
            wanted = Wanted(WorkStatus.FAILED, queue, _time(since))
            await _all(wanted, admin, admin.retry, "goes on")

    _run(config, retry)


@work_app.command(name="cancel")
def cancel_work(
    keys: Keys = None,
    all_waiting: Annotated[bool, typer.Option("--all-waiting", help="All that waits.")] = False,
    queue: OfQueue = None,
    since: Since = None,
    config: Config = None,
) -> None:
    """Calls work off, with all that it handed on."""
    _only_one_way(keys, all_waiting, "--all-waiting", queue, since)

    async def cancel(admin: WorkAdmin) -> None:
        if keys:
            await _each(keys, admin, admin.cancel, "is called off")
        else:
            wanted = Wanted(WorkStatus.WAITING, queue, _time(since))
            await _all(wanted, admin, admin.cancel, "is called off")

    _run(config, cancel)


def _only_one_way(
    keys: Sequence[str] | None,
    every_one: bool,
    option: str,
    queue: Queue | None,
    since: timedelta | None,
) -> None:
    if bool(keys) == every_one:
        raise typer.BadParameter(f"give keys, or {option}")
    if keys and (queue or since):
        raise typer.BadParameter(f"--queue and --since go with {option} only")


Deed = Callable[[str], Awaitable[None]]


async def _each(words: Sequence[str], admin: WorkAdmin, deed: Deed, what: str) -> None:
    """All that can be done is done, whatever cannot."""
    faults = 0
    for word in words:
        try:
            key = await key_of(admin, word)
            await deed(key)
        except BadRequest as error:
            faults += 1
            print(error, file=sys.stderr)
        else:
            print(f"{key} {what}.")
    if faults:
        raise typer.Exit(FINDINGS)


async def _all(wanted: Wanted, admin: WorkAdmin, deed: Deed, what: str) -> None:
    # Found before anything is done: what has been dealt with leaves the list.
    found = [each async for each in every(admin, wanted)]
    done = 0
    # What others are a part of comes first, and takes its parts along.
    for each in sorted(found, key=lambda work: work.part_of != ""):
        try:
            await deed(each.key)
        except BadRequest:
            continue  # it went along, or changed by itself meanwhile
        done += 1
        print(f"{each.key} {what}.")
    along = f", {len(found) - done} of their parts with them" if done < len(found) else ""
    print(f"{done} in all{along}.")


def _run(config: Path | None, deed: Callable[[WorkAdmin], Awaitable[None]]) -> None:
    settings = load_settings(os.environ, config)
    # The engine's libraries take a while to import, and faults of the settings show at once.
    from bot.cli_work.opening import work_admin

    async def opened() -> None:
        async with work_admin(settings) as admin:
            try:
                await deed(admin)
            except BadRequest as error:
                print(error, file=sys.stderr)
                raise typer.Exit(FINDINGS) from None

    asyncio.run(opened())


def _time(since: timedelta | None) -> datetime | None:
    return _now() - since if since is not None else None


def _now() -> datetime:
    return datetime.now(UTC)
