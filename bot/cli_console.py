"""What the console command takes: a way in for whoever sits at the bot's own machine."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_database import Config, opened
from bot.domain.errors import BotError
from bot.services.console_ports import Role
from bot.settings import load_settings

if TYPE_CHECKING:
    from bot.settings import Settings

_GOOD_FOR = timedelta(minutes=10)
_OFF = "console.enabled is false: set it to true and start the bot again"
_NAMELESS = "local"
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 (compared with, not listened on)

console_app = typer.Typer(help="The console: a way in.", no_args_is_help=True)


@console_app.callback()
def _console() -> None:
    """Keeps `token` a command of its own, however few there are."""


@console_app.command()
def token(
    role: Annotated[Role, typer.Option(help="What one may do by it.")] = Role.ADMIN,
    config: Config = None,
) -> None:
    """Prints a link that signs one in, once and within ten minutes, on this machine alone."""
    settings = load_settings(os.environ, config)
    if not settings.console.enabled:
        raise BotError(_OFF)
    print(asyncio.run(_link(settings, role)))


async def _link(settings: Settings, role: Role) -> str:
    from bot.adapters.sql.console import SqlGrants
    from bot.web.console.desk import fresh_secret, key_of
    from bot.web.console.guard import SIGN_IN
    from bot.web.console.sign_in import LOCAL_TOKEN

    secret, until = fresh_secret(), datetime.now(UTC) + _GOOD_FOR
    body = json.dumps({"user": _login(), "role": role.value})
    host = _host(settings.web.host)
    async with opened(settings) as database:
        await SqlGrants(database).put(key_of(secret), LOCAL_TOKEN, body, until)
    return f"http://{host}:{settings.web.port}{SIGN_IN}/local?token={secret}"


def _host(listening: str) -> str:
    """The name of this machine for itself. Raises `BotError` where nobody listens there."""
    if listening in _EVERYWHERE:
        return "127.0.0.1"
    if not listening.startswith(("127.", "localhost", "::1")):
        raise BotError(f"web.host is {listening}: set it to 0.0.0.0, or 127.0.0.1, to come in here")
    return f"[{listening}]" if ":" in listening else listening


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return _NAMELESS
