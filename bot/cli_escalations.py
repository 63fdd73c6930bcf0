"""What the escalations command takes: list them page by page, show one with all that was done.

It looks into the database beside a bot that is running. Exit status: 0 done, 1 no such escalation,
2 cannot start.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.domain.errors import StoreError
from bot.domain.escalations import Escalation, State
from bot.settings import load_settings

if TYPE_CHECKING:
    from bot.adapters.sql.escalation_reads import EscalationReads

NOT_FOUND = 1
_PAGE = 100

escalations_app = typer.Typer(
    help="Humans who were called: list the escalations, look into one.", no_args_is_help=True
)

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="YAML file; else AIRFLOW_BOT_CONFIG, ./airflow-bot.yaml."),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Look = Callable[["EscalationReads"], Awaitable[None]]


@escalations_app.command(name="list")
def list_escalations(
    state: Annotated[list[State] | None, typer.Option(help="Only in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Escalations on a page.")] = 50,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Lists escalations, newest first."""

    async def look(reads: EscalationReads) -> None:
        # One more than shown says whether there is a further page.
        found = await reads.list(state or (), limit + 1, (page - 1) * limit)
        if as_json:
            print(json.dumps([_tree(one) for one in found[:limit]], ensure_ascii=False, indent=2))
            return
        for one in found[:limit]:
            print(_line(one))
        if len(found) > limit:
            print(f"There is more: --page {page + 1}")
        if not found:
            print("There are no escalations.")

    _run(config, look)


@escalations_app.command(name="show")
def show_escalation(
    escalation_id: Annotated[str, typer.Argument(help="The eight letters under its card.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Shows one escalation with everything that was done about it."""

    async def look(reads: EscalationReads) -> None:
        found = await reads.get(escalation_id.upper())
        if found is None:
            typer.echo(
                f"There is no escalation {escalation_id}. See airflow-bot escalations list.",
                err=True,
            )
            raise typer.Exit(NOT_FOUND)
        deeds = await _deeds(reads, found.id)
        if as_json:
            print(json.dumps({**_tree(found), "deeds": deeds}, ensure_ascii=False, indent=2))
            return
        await _print(reads, found, deeds)

    _run(config, look)


async def _print(reads: EscalationReads, found: Escalation, deeds: list[dict[str, str]]) -> None:
    from bot.answering.escalations import page_words, reach_words, why_called

    print(_line(found))
    print(_clean(why_called(found)))
    for words in (page_words(found.page), found.fault, reach_words(await reads.reach(found.id))):
        if words:
            print(_clean(words))
    truth = await reads.truth(found.id)
    if truth is not None:
        print(_clean(f"What was wrong: {truth.was_wrong}"))
        print(_clean(f"What fixed it: {truth.fixed_by}"))
    print(f"Incident {found.key}, {found.count} calls")
    for deed in deeds:
        print("  " + _clean("  ".join(value for value in deed.values() if value)))


async def _deeds(reads: EscalationReads, escalation_id: str) -> list[dict[str, str]]:
    """Every page of them."""
    found: list[dict[str, str]] = []
    while page := await reads.deeds(escalation_id, _PAGE, len(found)):
        for one in page:
            deed = one.deed
            found.append(
                {
                    "at": _moment(deed.at),
                    "kind": deed.kind.value,
                    "by": deed.by,
                    "to": deed.to,
                    "names": ", ".join(deed.names),
                    "words": deed.words,
                }
            )
    return found


def _line(one: Escalation) -> str:
    held = f" by {one.responder}" if one.responder else ""
    words = f"{one.id}  {_moment(one.opened_at)}  {one.state.value}{held}  {one.subject.title}"
    return _clean(words)


def _tree(one: Escalation) -> dict[str, object]:
    return {
        "id": one.id,
        "incident": one.key,
        "state": one.state.value,
        "severity": one.severity.name.lower(),
        "rule": one.fired.rule.value,
        "why": one.fired.said(),
        "title": one.subject.title,
        "cause": one.subject.cause,
        "responder": one.responder,
        "level": one.level,
        "count": one.count,
        "opened_at": one.opened_at.isoformat(),
        "touched_at": one.touched_at.isoformat(),
    }


def _require_there(url: str) -> None:
    """To look at a file that is not there would make it."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        raise StoreError(f"There is no database at {parsed.database}. Start the bot first.")


def _clean(words: str) -> str:
    """A terminal would obey control characters."""
    return "".join(one if one.isprintable() else " " for one in words)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _run(config: Path | None, look: Look) -> None:
    settings = load_settings(os.environ, config)
    from bot.adapters.sql.engine import create_engine
    from bot.adapters.sql.escalation_reads import EscalationReads
    from bot.adapters.sql.migrate import require_current

    async def opened() -> None:
        _require_there(settings.database_url)
        engine = create_engine(settings.database_url, connections=1)
        try:
            await require_current(engine)
            await look(EscalationReads(engine, lambda: datetime.now(UTC)))
        finally:
            await engine.dispose()

    asyncio.run(opened())
