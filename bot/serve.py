"""Running the parts: the service until it is stopped, one question, one round of checks.

A question at the terminal should not wait for the import of what only the service needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

import structlog

from bot import __version__
from bot.adapters.terminal import TerminalChannel
from bot.bootstrap import Parts, new_reference, now, parts_of, redactor_of, slack_side
from bot.domain.answers import Choice, NotFound
from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import BotError
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.logging_setup import set_up_logging
from bot.settings import Settings, SlackMode

if TYPE_CHECKING:
    from bot.slack.app import SlackSide

log = structlog.get_logger(__name__)


async def serve_until_stopped(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises `BotError` where a part cannot start."""
    set_up_logging(settings.logging, redactor_of(settings).redact)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(settings):
        log.info("serving", version=__version__, mode=settings.slack.mode.value)
        await stop.wait()
        log.info("stopping")


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Parts]:
    """The whole service while the block runs: Slack, answers and the web side."""
    if settings.slack.mode is SlackMode.OFF:
        raise BotError("slack.mode is off: set the Slack tokens to serve, or use `airflow-bot ask`")
    async with parts_of(settings) as parts, _slack(parts) as slack, _web(parts, slack):
        await parts.knowledge.warm()
        if settings.slack.mode is SlackMode.SOCKET:
            await slack.connect()
        yield parts


async def ask_once(settings: Settings, text: str, width: int) -> bool:
    """Answers one question at the terminal; False where nothing was found."""
    set_up_logging(settings.logging, redactor_of(settings).redact, quiet=True)

    def say(progress: str) -> None:
        print(progress, file=sys.stderr)

    async with parts_of(settings) as parts:
        channel = TerminalChannel(
            print, say, width, colour=sys.stdout.isatty(), refined_only=settings.model.is_enabled
        )
        question = _question(text, parts.redactor.redact)
        turn = await parts.asking.handle(question, channel)
        while turn is not None and isinstance(turn.reply, Choice) and sys.stdin.isatty():
            option = _choose(len(turn.reply.ambiguous.options))
            if option is None:
                return False
            follow_up = _question(text, parts.redactor.redact)
            turn = await parts.asking.pick(turn.id, option, follow_up, channel)
        channel.flush()
        return turn is not None and not isinstance(turn.reply, NotFound | Choice)


async def doctor_report(settings: Settings, width: int) -> bool:
    """Prints one row a check, with the remedy; False where something failed."""
    set_up_logging(settings.logging, redactor_of(settings).redact, quiet=True)
    async with parts_of(settings, prepare=False) as parts:
        checks = await parts.doctor()
    _print_checks(checks, width)
    return not any(check.status is CheckStatus.FAILED for check in checks)


_MARKS = {
    CheckStatus.OK: "ok",
    CheckStatus.WARNING: "less",
    CheckStatus.FAILED: "FAILED",
    CheckStatus.SKIPPED: "skipped",
}


def _print_checks(checks: Sequence[Check], width: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Part", "Check", "Result", "Detail and remedy", box=None, pad_edge=False)
    for check in checks:
        said = "\n".join(part for part in (check.detail, check.remedy) if part)
        table.add_row(check.part, check.name, _MARKS[check.status], said)
    Console(width=width, markup=False, highlight=False).print(table)


@contextlib.asynccontextmanager
async def _slack(parts: Parts) -> AsyncIterator[SlackSide]:
    slack = slack_side(parts)
    try:
        await slack.open()
        yield slack
    finally:
        await slack.close()


@contextlib.asynccontextmanager
async def _web(parts: Parts, slack: SlackSide) -> AsyncIterator[None]:
    """Health pages, and Slack's door where events come by HTTP."""
    import uvicorn

    from bot.web.app import build_web

    by_http = parts.settings.slack.mode is SlackMode.HTTP

    async def ready() -> Sequence[Check]:
        connected = by_http or await slack.is_connected()
        status = CheckStatus.OK if connected else CheckStatus.FAILED
        return [Check("slack", "connection", status), await parts.store.ready()]

    web = build_web(ready, slack.app if by_http else None, version=__version__)
    host, port = parts.settings.web.host, parts.settings.web.port
    door = _listening(host, port)
    server = uvicorn.Server(uvicorn.Config(web, log_config=None, lifespan="off"))
    # Signals are ours: uvicorn would end before the questions under way are answered.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    serving = asyncio.create_task(server.serve(sockets=[door]))
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.05)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _listening(host: str, port: int) -> socket.socket:
    """A bound socket. Raises `BotError` where the address is taken or not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        raise BotError(
            f"{host}:{port} cannot be listened on ({error.strerror}). "
            "Stop what uses it, or set web.host and web.port to another address."
        ) from error
    return door


def _question(text: str, redact: Callable[[str], str]) -> Question:
    reference = new_reference()
    return Question(
        id=f"cli:{reference}",
        origin=Origin.CLI,
        asker=Asker(getpass.getuser()),
        thread=ThreadKey("cli", "terminal", reference),
        message_ts=reference,
        text=redact(text),
        asked_at=now(),
        links=tuple(re.findall(r"https?://\S+", text)),
        is_direct=True,
    )


def _choose(count: int) -> int | None:
    """The option picked by number, 0-based; None for an empty line."""
    while True:
        typed = input(f"Which one (1-{count}, Enter for none)? ").strip()
        if not typed:
            return None
        if typed.isdecimal() and 1 <= int(typed) <= count:
            return int(typed) - 1
