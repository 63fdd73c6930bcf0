"""The oncall command: who is called now, at a time, and next; and the check of a rota file.

Exit status: 0 done, 1 a source does not answer or a rota has faults, 2 cannot start.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.domain.errors import OnCallError
from bot.domain.oncall import OnCallNow, OnCallTurn, Responder
from bot.settings import LoggingSettings, load_settings

if TYPE_CHECKING:
    from bot.adapters.oncall.sources import LeveledOnCall

FINDINGS = 1
_AHEAD = timedelta(days=366)


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise typer.BadParameter("give a name such as Europe/Berlin") from None


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter("write it like 2026-12-24T18:00") from None


@dataclass(frozen=True, slots=True)
class Coming:
    """The turns of one level. `is_open`: the last one ends where nobody has looked further."""

    turns: Sequence[OnCallTurn]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked for: the moment, how many turns to come, and in which zone to show times."""

    at: datetime
    turns: int
    zone: tzinfo
    as_json: bool


def oncall(
    at: Annotated[
        datetime | None,
        typer.Option(parser=_time, metavar="TIME", help="At that time; now unless given."),
    ] = None,
    turns: Annotated[
        int, typer.Option("--next", min=0, max=500, metavar="N", help="Also N turns of each level.")
    ] = 0,
    check: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Check this rota, and look into it alone.")
    ] = None,
    timezone: Annotated[
        ZoneInfo | None,
        typer.Option(parser=_zone, metavar="ZONE", help="Times by its clock; UTC unless given."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", help="YAML file; else AIRFLOW_BOT_CONFIG, ./airflow-bot.yaml."
        ),
    ] = None,
) -> None:
    """Shows who is called for help, level by level."""
    zone = timezone or UTC
    moment = at or _now()
    moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
    look = Look(moment.astimezone(UTC), turns, zone, as_json)
    is_fine = asyncio.run(_of_file(check, look) if check else _of_settings(config, look))
    raise typer.Exit(0 if is_fine else FINDINGS)


async def _of_settings(config: Path | None, look: Look) -> bool:
    settings = load_settings(os.environ, config)
    from bot.bootstrap_oncall import on_call_of
    from bot.logging_setup import set_up_logging

    set_up_logging(settings.logging, _masking(settings.secret_values()), quiet=True)
    async with on_call_of(settings, _now) as on_call:
        return await _show(on_call, look)


async def _of_file(path: Path, look: Look) -> bool:
    from bot.adapters.oncall.rota import RotaSource, read_rota_file
    from bot.adapters.oncall.sources import LeveledOnCall
    from bot.logging_setup import set_up_logging

    set_up_logging(LoggingSettings(), str, quiet=True)
    try:
        rota = read_rota_file(path)
    except OnCallError as error:
        print(*error.faults, sep="\n")
        print(f"{path.name}: {_count(len(error.faults), 'fault')}")
        return False
    source = RotaSource(path, None, _now)
    is_fine = await _show(LeveledOnCall({"rota": source}, _now), look)
    if not look.as_json:
        for check in (await source.doctor())[1:]:
            print(f"{check.name}: {check.detail}. {check.remedy}".strip())
        print(f"{path.name}: {_count(len(rota.levels), 'level')}, 0 faults")
    return is_fine


async def _show(on_call: LeveledOnCall, look: Look) -> bool:
    """Prints it; False where a source did not answer."""
    levels = range(1, on_call.levels + 1)
    found = [await on_call.on_call(level, look.at) for level in levels]
    coming = [await _coming(on_call, level, look) for level in levels] if look.turns else []
    if look.as_json:
        print(_json(found, coming))
    elif not found:
        print("Nobody is set up to be on call. Name a source under on_call in the settings.")
    else:
        _print_now(found, look.zone)
        for level, turns in zip(levels, coming, strict=False):
            print()
            _print_turns(level, turns, look.zone)
    for words in _said(found):
        print(words, file=sys.stderr)
    return bool(found) and not any(one.fault for one in found)


async def _coming(on_call: LeveledOnCall, level: int, look: Look) -> Coming:
    """The turn at that time is the first. What its source cannot say was said already."""
    try:
        turns = await on_call.turns(level, look.at, _AHEAD)
    except OnCallError:
        turns = ()
    return Coming(turns[: look.turns + 1], len(turns) <= look.turns + 1)


def _said(found: Sequence[OnCallNow]) -> Iterable[str]:
    """What is amiss, once for each source."""
    lines = [f"level {one.level}: {one.fault}" for one in found if one.fault]
    warnings = dict.fromkeys(one.warning for one in found if one.warning)
    return [*lines, *warnings]


def _print_now(found: Sequence[OnCallNow], zone: tzinfo) -> None:
    rows = [
        (
            str(one.level),
            "not known" if one.fault else _names(one.responders),
            _moment(one.until, zone) if one.until else "",
            one.source,
        )
        for one in found
    ]
    _print_table(("Level", "On call", "Until", "Source"), rows)


def _print_turns(level: int, coming: Coming, zone: tzinfo) -> None:
    if not coming.turns:
        print(f"Level {level}: who comes next is not known to its source.")
        return
    ends = [_moment(turn.end, zone) for turn in coming.turns]
    if coming.is_open:
        ends[-1] = ""
    rows = [
        (_moment(turn.start, zone), end, _names(turn.responders))
        for turn, end in zip(coming.turns, ends, strict=True)
    ]
    _print_table((f"Level {level} from", "To", "On call"), rows)


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=name != "On call", overflow="fold")
    for row in rows:
        table.add_row(*row)
    width = max(60, shutil.get_terminal_size((120, 24)).columns)
    Console(width=width, markup=False, highlight=False, emoji=False).print(table)


def _names(responders: Sequence[Responder]) -> str:
    """Names come from files and from others' servers: a terminal would obey what is in them."""
    named = ", ".join(
        f"{one.name} ({one.user_id})" if one.user_id else f"{one.name} (not known to Slack)"
        for one in responders
    )
    return "".join(sign if sign.isprintable() else " " for sign in named) or "nobody"


def _moment(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"


def _json(found: Sequence[OnCallNow], coming: Sequence[Coming]) -> str:
    tree: dict[str, object] = {"levels": [asdict(one) for one in found]}
    if coming:
        tree["turns"] = [asdict(turn) for level in coming for turn in level.turns]
    return json.dumps(tree, ensure_ascii=False, indent=2, default=_as_text)


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _masking(secrets: Sequence[str]) -> Callable[[str], str]:
    """For the few lines that are logged here; the redactor's rules take seconds to load."""

    def mask(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "***")
        return text

    return mask


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _now() -> datetime:
    return datetime.now(UTC)
