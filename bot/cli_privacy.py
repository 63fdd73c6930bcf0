"""What the privacy command takes: show what is kept of one person, and erase it.

It works in the database beside a bot that is running. Exit status: 0 done and nothing is left,
1 something is left, 2 cannot start, or not clear who is meant.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_database import AsJson, By, Config, clean, doer, opened
from bot.domain.privacy import Person, Trace
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.services.privacy import Erased, PersonalRecords

LEFT = 1
STAYS = """What stays, and why:
  the audit, with {pseudonym} for the person: who was let do what has to be provable
  consents and settings that they recorded, with that name: they hold for others
  escalations that others work on, with that name and without their words
  words of theirs that others' questions quote from a thread: kept without a name. To delete such a
    message in Slack takes it out of these, too
  what left with an export: its snapshots are invalid now, its copies are not ours to delete"""

privacy_app = typer.Typer(help="What is kept of one person.", no_args_is_help=True)

User = Annotated[
    str, typer.Argument(help="Slack's id (U…), from their profile; a login name at the terminal.")
]
Workspace = Annotated[
    str, typer.Option(help="The workspace's id (T…), where the person is known in several.")
]


@privacy_app.command(name="show")
def show_person(
    user: User, workspace: Workspace = "", as_json: AsJson = False, config: Config = None
) -> None:
    """Lists every place that keeps something of a person: how many rows, since when."""
    settings = load_settings(os.environ, config)
    person, found = asyncio.run(_show(settings, user, workspace.strip()))
    if as_json:
        print(json.dumps([_tree(one) for one in found], ensure_ascii=False, indent=2))
        return
    if not found:
        print(f"Nothing is kept of {clean(person.user_id)}.")
    _print(found)


@privacy_app.command(name="erase")
def erase_person(
    user: User,
    workspace: Workspace = "",
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    by: By = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Erases what is kept of a person, looks again, and ends with 1 where anything is left.

    Answers to them in Slack are deleted by a bot that is at work. It can be done again any time.
    """
    settings, who = load_settings(os.environ, config), doer(by)
    if not yes:
        typer.confirm(f"Erase all that is kept of {clean(user)}, for good?", abort=True, err=True)
    person, erased = asyncio.run(_erase(settings, user, workspace.strip(), who))
    if as_json:
        tree = {name: [_tree(one) for one in getattr(erased, name)] for name in ("before", "after")}
        print(json.dumps({**tree, "posts": erased.posts}, ensure_ascii=False, indent=2))
    else:
        _tell(person, erased)
    raise typer.Exit(LEFT if erased.left else 0)


def _tell(person: Person, erased: Erased) -> None:
    if not erased.before:
        print(f"Nothing is kept of {clean(person.user_id)}.")
        return
    print("There was:")
    _print(erased.before)
    if erased.posts:
        print(f"{erased.posts} answers in Slack are deleted by the bot, as soon as it is at work.")
    print("Looked again:")
    _print(erased.after)
    print("  something is left: run it again" if erased.left else "  nothing is left to erase")
    print(STAYS.format(pseudonym=person.pseudonym))


def _print(found: Sequence[Trace]) -> None:
    for one in found:
        since = f"since {one.since:%Y-%m-%d}" if one.since else ""
        why = f"stays: {one.why}" if one.why else ""
        print("  " + "  ".join(filter(None, (f"{one.rows:>6}", f"{one.place:<34}", since, why))))


def _tree(one: Trace) -> dict[str, object]:
    since = one.since.isoformat() if one.since else None
    return {"place": one.place, "rows": one.rows, "since": since, "why_it_stays": one.why}


async def _show(settings: Settings, user: str, workspace: str) -> tuple[Person, Sequence[Trace]]:
    async with _records(settings) as records:
        person = await records.person(user, workspace)
        return person, await records.show(person)


async def _erase(settings: Settings, user: str, workspace: str, by: str) -> tuple[Person, Erased]:
    async with _records(settings) as records:
        person = await records.person(user, workspace)
        return person, await records.erase(person, by, datetime.now(UTC))


@asynccontextmanager
async def _records(settings: Settings) -> AsyncIterator[PersonalRecords]:
    from bot.adapters.sql.persons import SqlPersonRecords, overwriting
    from bot.adapters.sql.talk import SqlTalkRecords
    from bot.cli_work.opening import KEPT
    from bot.services.privacy import PersonalRecords
    from bot.slack.jobs import ARRIVAL, EDIT
    from bot.slack.talk.hearing import forget_job
    from bot.workflows.person_work import PersonsWork
    from bot.workflows.withdrawing import WorkWithdrawal

    url = settings.database_url
    async with opened(settings) as database, overwriting(database), AsyncExitStack() as stack:
        work, calls = PersonsWork(url, KEPT), WorkWithdrawal(url, KEPT)
        stack.push_async_callback(work.close)
        stack.push_async_callback(calls.close)
        records, talk = SqlPersonRecords(database), SqlTalkRecords(database)
        yield PersonalRecords(records, work, talk, calls, (ARRIVAL, EDIT), forget_job)
