"""The database of a command that looks into it beside a bot that is running."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.domain.errors import BadRequest, StoreError
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

NOT_DONE = 1

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="YAML file; else AIRFLOW_BOT_CONFIG, ./airflow-bot.yaml."),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
By = Annotated[
    str, typer.Option(help="Who does this, for the audit; else the login name of this computer.")
]


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Raises `StoreError` where it is not there, or not of this version."""
    from bot.adapters.sql.engine import create_engine
    from bot.adapters.sql.migrate import require_current

    _require_there(settings.database_url)
    database = create_engine(settings.database_url, connections=1)
    try:
        await require_current(database)
        yield database
    finally:
        await database.dispose()


def work_with(
    made: Callable[[Settings, AsyncEngine], T],
    config: Path | None,
    do: Callable[[T], Awaitable[None]],
) -> None:
    """Runs `do` with what is made over the database. Why something is not done is one line."""
    settings = load_settings(os.environ, config)

    async def work() -> None:
        async with opened(settings) as engine:
            await do(made(settings, engine))

    try:
        asyncio.run(work())
    except BadRequest as error:
        print(error, file=sys.stderr)
        raise typer.Exit(NOT_DONE) from None


def deed_key(subject: str) -> str:
    """Of one deed at the terminal."""
    return f"cli:{subject.upper()}:{datetime.now(UTC).isoformat()}"


def _require_there(url: str) -> None:
    """To look at a file that is not there would make it."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        raise StoreError(f"There is no database at {parsed.database}. Start the bot first.")


def doer(by: str) -> str:
    """Raises `BadRequest` where nobody is named and the system does not know."""
    try:
        return by.strip() or getpass.getuser()
    except (KeyError, OSError) as error:
        raise BadRequest("This account has no login name: say with --by who does this.") from error


def clean(words: str) -> str:
    """Foreign text without control characters: a terminal would obey them."""
    return "".join(one if one.isprintable() else " " for one in words)
