"""Running the parts: the service until it is stopped, one question, one round of checks.

A question at the terminal should not wait for the import of what only the service needs.
"""

from __future__ import annotations

import asyncio
import gc
import getpass
import os
import re
import secrets
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from queue import SimpleQueue
from threading import Thread
from time import sleep

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import __version__
from bot.adapters.sql.migrate import SchemaStatus, current_state, make_ready, require_current
from bot.adapters.terminal import TerminalChannel
from bot.answering.terminal.checks import checks_in_words
from bot.bootstrap import now, parts_of, redactor_of
from bot.domain.answers import Choice, NotFound
from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import StoreError
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.logging_setup import set_up_logging
from bot.services.standing import Standing
from bot.settings import Settings
from bot.workflows.single import claim_database

log = structlog.get_logger(__name__)

# Seconds that a busy thread may go on while others wait. An acknowledgement changes threads on
# its way into the database and back; with Python's 5 ms it would wait out much of Slack's patience
# while questions are worked on.
_TURN_OF_A_THREAD = 0.0005
# New objects between two looks for garbage, not Python's 700: an acknowledgement makes and drops
# hundreds, and what is looked through, all that the process has loaded, is never garbage.
_OBJECTS_BETWEEN_LOOKS = 20_000

# Seconds for a start that is called off to let go of what it has begun.
_LETTING_GO = 2.0
# Seconds from the signal on after which the process is gone, come what may: the event loop may be
# held up by a database that hangs. Kubernetes kills after 30.
_GONE_FROM_START = 5.0
_GONE = 28.0

_STARTING_OR_OLD = (
    "It has not brought it to this version's schema: ask again once it has started, or restart it "
    "with this version."
)


async def serve_until_stopped(settings: Settings) -> bool:
    """Serves until SIGTERM or SIGINT, which call off a start as well. Raises `BotError` where a
    part cannot start.

    False where threads are left that wait for a database that is down: end by `os._exit`.
    """
    set_up_logging(settings.logging, redactor_of(settings).redact)
    sys.setswitchinterval(_TURN_OF_A_THREAD)
    standing = Standing(waits_for="its libraries")
    stop = _stop_by_signal(standing)
    service = asyncio.create_task(_serve(settings, standing, stop))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([service, stopping], return_when=asyncio.FIRST_COMPLETED)
    if service.done() or not standing.waits_for:
        return await service
    log.info("stopped_while_starting", waited_for=standing.waits_for)
    service.cancel()
    await asyncio.wait([service], timeout=_LETTING_GO)
    return False


async def _serve(settings: Settings, standing: Standing, stop: asyncio.Event) -> bool:
    # Its libraries take a while, and a signal is to be heard meanwhile.
    from bot.serving import serving

    role, mode = settings.work.role.value, settings.slack.mode.value
    async with serving(settings, standing) as service:
        _spare_what_is_loaded()
        log.info("serving", version=__version__, role=role, mode=mode)
        await stop.wait()
    return service.threads_ended


def _spare_what_is_loaded() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, *gc.get_threshold()[1:])


def _stop_by_signal(standing: Standing) -> asyncio.Event:
    """Set by SIGTERM and SIGINT, which also see to it that the process is gone in time."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    heard: SimpleQueue[int] = SimpleQueue()  # of all queues the one that a handler may put into

    def hear(number: int, _: object) -> None:
        heard.put(number)
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    def be_gone() -> None:
        heard.get()
        waited_for = standing.waits_for
        sleep(_GONE_FROM_START if waited_for else _GONE)
        log.warning("left_without_waiting", waited_for=waited_for or "work under way")
        os._exit(0)

    # Not the loop's own handlers, which are called when it turns.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)
    Thread(target=be_gone, name="be-gone", daemon=True).start()
    return stop


async def ask_once(settings: Settings, text: str, width: int) -> bool:
    """Answers one question at the terminal; False where nothing was found."""
    set_up_logging(settings.logging, redactor_of(settings).redact, quiet=True)

    def say(progress: str) -> None:
        print(progress, file=sys.stderr)

    async with parts_of(settings, prepare=_fit_beside_a_bot) as parts:
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


async def doctor_report(settings: Settings, width: int | None) -> bool:
    """Prints one row a check, with the remedy; False where something failed."""
    set_up_logging(settings.logging, redactor_of(settings).redact, quiet=True)
    async with parts_of(settings, prepare=None) as parts:
        checks = [*await parts.doctor(), await _versions_of_work(settings)]
    print(checks_in_words(checks, width))
    return not any(check.status is CheckStatus.FAILED for check in checks)


async def _versions_of_work(settings: Settings) -> Check:
    # The engine's libraries take a while to import, and an answer at the terminal needs none.
    from bot.workflows.admin import WorkAdmin

    admin = WorkAdmin(settings.database_url, ())
    try:
        return await admin.check_versions()
    except StoreError as error:
        return Check("durable work", "versions", CheckStatus.SKIPPED, f"not looked at: {error}")
    finally:
        await admin.close()


async def _fit_beside_a_bot(database: AsyncEngine) -> None:
    """Brings a SQLite file up to date where nobody has it. Beside a bot at work, which bears
    others' turns in its file but no change of the schema, it has to fit as it is."""
    state = await current_state(database)
    behind = state.status in (SchemaStatus.EMPTY, SchemaStatus.BEHIND)
    if not behind or database.dialect.name != "sqlite":
        await require_current(database)
        return
    url = database.url.render_as_string(hide_password=False)
    with closing(claim_database(url, _STARTING_OR_OLD)):
        await make_ready(database)


def _question(text: str, redact: Callable[[str], str]) -> Question:
    made_up = secrets.token_hex(8)
    return Question(
        id=f"cli:{made_up}",
        origin=Origin.CLI,
        asker=Asker(getpass.getuser()),
        thread=ThreadKey("cli", "terminal", made_up),
        message_ts=made_up,
        text=redact(text),
        asked_at=now(),
        links=tuple(redact(link) for link in re.findall(r"https?://\S+", text)),
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
