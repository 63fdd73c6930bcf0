"""What the commands about drafts of runbooks take: list them, show one, approve or reject it; and
which runbooks are due for a review.

They look into the database beside a bot that is running. Exit status: 0 done, 1 not done, 2 cannot
start.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_database import By, Config, clean, deed_key, doer, work_with
from bot.domain.errors import BadRequest
from bot.domain.runbook_drafts import DraftState, RunbookDraft
from bot.domain.verdicts import VerdictKind
from bot.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.services.runbook_growth import Person, RunbookGrowth

DraftId = Annotated[str, typer.Argument(help="The eight letters of the draft.")]
Side = Annotated[VerdictKind | None, typer.Option("--verdict", help="Whose side it is on.")]
Cause = Annotated[str, typer.Option(help="What the file is called from now on, without .md.")]


def add_commands(app: typer.Typer) -> None:
    """Adds them to the group of runbooks."""
    for name, command in (
        ("drafts", list_drafts),
        ("draft", show_draft),
        ("approve", approve_draft),
        ("reject", reject_draft),
    ):
        app.command(name=name)(command)


def list_drafts(
    state: Annotated[list[DraftState] | None, typer.Option(help="Only in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Drafts on a page.")] = 50,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    config: Config = None,
) -> None:
    """Lists the runbooks that were drafted, newest first."""

    async def look(growth: RunbookGrowth) -> None:
        # One more than shown says whether there is a further page.
        found = await growth.drafts.page(state or (), limit + 1, (page - 1) * limit)
        for one in found[:limit]:
            _print(_line(one))
        if len(found) > limit:
            _print(f"There is more: --page {page + 1}")
        if not found:
            _print("There are no drafts.")

    work_with(_growth, config, look)


def show_draft(
    draft_id: DraftId,
    patch: Annotated[
        bool, typer.Option("--patch", help="As a patch that git am takes, and nothing else.")
    ] = False,
    verdict: Side = None,
    cause: Cause = "",
    config: Config = None,
) -> None:
    """Prints the file that was drafted, or its patch."""

    async def look(growth: RunbookGrowth) -> None:
        from bot.services.runbook_growth import Chosen, shaped_as

        chosen = Chosen(verdict, cause)
        if patch:
            print((await growth.patch(draft_id.upper(), chosen))[1], end="")
            return
        draft = await growth.drafts.get(draft_id.upper())
        if draft is None:
            raise BadRequest(f"There is no draft {draft_id}. See airflow-bot runbooks drafts.")
        _print(_line(draft))
        for fault in draft.faults:
            _print(f"  does not keep its word: {fault}")
        _print("")
        for line in shaped_as(draft, chosen).text.splitlines():
            _print(line)

    work_with(_growth, config, look)


def approve_draft(
    draft_id: DraftId,
    verdict: Side = None,
    cause: Cause = "",
    by: By = "",
    config: Config = None,
) -> None:
    """Writes the draft to growth.folder; without that folder it prints the patch."""

    async def decide(growth: RunbookGrowth) -> None:
        from bot.services.runbook_growth import PATCH, Chosen

        chosen, person = Chosen(verdict, cause), _person(by)
        draft = await growth.approve(deed_key(draft_id), draft_id.upper(), chosen, person)
        if draft.note != PATCH:
            _print(f"In force as {draft.note}")
            return
        print((await growth.patch(draft.id))[1], end="")
        print("Approved: it comes into force with this patch (git am).", file=sys.stderr)

    work_with(_growth, config, decide)


def reject_draft(draft_id: DraftId, by: By = "", config: Config = None) -> None:
    """Rejects the draft: it is not drafted again."""

    async def decide(growth: RunbookGrowth) -> None:
        draft = await growth.reject(deed_key(draft_id), draft_id.upper(), _person(by))
        _print(f"Rejected: {draft.id} {draft.title}")

    work_with(_growth, config, decide)


def _growth(settings: Settings, engine: AsyncEngine) -> RunbookGrowth:
    from bot.adapters.runbook_shelf import FolderShelf
    from bot.adapters.sql.incidents import SqlIncidents
    from bot.adapters.sql.runbook_drafts import SqlRunbookDrafts
    from bot.adapters.sql.store import SqlConversationStore
    from bot.bootstrap import catalogue_of, runbook_folders
    from bot.services.runbook_growth import RunbookGrowth

    return RunbookGrowth(
        SqlRunbookDrafts(engine),
        SqlIncidents(engine),
        SqlConversationStore(engine),
        lambda: catalogue_of(runbook_folders(settings)).failures,
        lambda: datetime.now(UTC),
        FolderShelf(settings.growth.folder),
        path=settings.growth.path,
    )


def _person(by: str) -> Person:
    """Whoever may read the settings of the bot may decide; the audit has their name."""
    from bot.services.runbook_growth import Person

    return Person(doer(by), rule="at the terminal")


def _line(draft: RunbookDraft) -> str:
    seen = f"{draft.count} runs" if draft.origin == "seen" else "resolved"
    decided = f" by {draft.decided_by}" if draft.decided_by else ""
    made = f"{draft.made_at:%Y-%m-%d}"
    state = f"{draft.state.value}{decided}"
    return f"{draft.id}  {made}  {seen:<9} {state:<9} {draft.file:<22} {draft.title}"


def _print(words: str) -> None:
    print(clean(words))
