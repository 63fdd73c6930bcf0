"""What the consent command takes: record, show and withdraw on what grounds a workspace's
conversations may leave as training data.

It works in the database beside a bot that is running. Exit status: 0 done, 1 no such consent,
2 cannot start or not a consent.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_database import AsJson, By, Config, clean, doer, opened
from bot.domain.audit import AuditEntry, Outcome
from bot.domain.consents import Basis, Consent, Permission
from bot.domain.errors import BadRequest
from bot.domain.questions import Origin
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.services.consent_ports import Consents

NOT_FOUND = 1
CONSENT = "consent"
"""What these deeds are called in the audit."""

_RECORD = (
    "Records on what grounds conversations of a workspace may be exported.\n\n"
    "Rows from Slack need a written permission of Slack and one of the organisation, whatever the "
    "basis. Rows from the terminal and the local workspace need the basis opt_in.\n\n"
    + "\n\n".join(f"{one}: {one.meaning}." for one in Basis)
)

consent_app = typer.Typer(
    help="On what grounds conversations may be exported.", no_args_is_help=True
)

Workspace = Annotated[
    str,
    typer.Argument(help="The workspace's id (T… or E…); cli for what was asked at the terminal."),
]


@consent_app.command(name="record", help=_RECORD)
def record_consent(
    workspace: Workspace,
    basis: Annotated[Basis, typer.Option(help="The legal basis, see above.")],
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day of it (UTC).")
    ],
    slack_permission: Annotated[
        str, typer.Option(help="Where Slack's written permission is filed.")
    ] = "",
    organisation_permission: Annotated[
        str, typer.Option(help="Where the organisation's written permission is filed.")
    ] = "",
    note: Annotated[str, typer.Option(help="What else is to be known.")] = "",
    by: By = "",
    config: Config = None,
) -> None:
    settings = load_settings(os.environ, config)
    now = _now()
    consent = Consent(
        id=secrets.token_hex(4),
        workspace=workspace.strip(),
        basis=basis,
        permission=Permission(slack_permission.strip(), organisation_permission.strip()),
        recorded_by=doer(by),
        recorded_at=now,
        until=until.replace(tzinfo=UTC) + timedelta(days=1),
        note=note.strip(),
    )
    _check(consent)
    detail = f"recorded {consent.id}: {basis}, until {until:%Y-%m-%d}"
    asyncio.run(_record(settings, consent, _entry(consent, consent.recorded_by, now, detail)))
    print(f"Recorded {consent.id}. It covers {_covered(consent)}, until {until:%Y-%m-%d} (UTC).")


@consent_app.command(name="show")
def show_consents(
    workspace: Annotated[str, typer.Argument(help="Only of this workspace.")] = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Shows all consents, those that are over as well, the oldest first."""
    settings, now = load_settings(os.environ, config), _now()
    found = asyncio.run(_all(settings, workspace.strip()))
    if as_json:
        print(json.dumps([_tree(one, now) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        for line in _lines(one, now):
            print(clean(line))
    if not found:
        print("There is no consent: nothing is exported. See airflow-bot consent record --help.")


@consent_app.command(name="withdraw")
def withdraw_consent(
    consent_id: Annotated[str, typer.Argument(metavar="ID", help="As consent show gives it.")],
    by: By = "",
    config: Config = None,
) -> None:
    """Ends a consent now: exports under it stop, and snapshots made under it are invalid."""
    settings, who = load_settings(os.environ, config), doer(by)
    known, ended = asyncio.run(_withdraw(settings, consent_id.strip(), who))
    if known is None:
        typer.echo(
            f"There is no consent {clean(consent_id)}. See airflow-bot consent show.", err=True
        )
        raise typer.Exit(NOT_FOUND)
    if not ended:
        print(f"{known.id} was withdrawn before.")
        return
    print(
        f"{known.id} is withdrawn. No export goes on under it, and snapshots made under it are "
        "invalid. What was handed on before has to be called back by whoever handed it on."
    )


def _check(consent: Consent) -> None:
    """Raises `BadRequest` for what would cover nothing."""
    if not consent.workspace or consent.workspace.split() != [consent.workspace]:
        raise BadRequest("Give the workspace's id, e.g. T0123ABCD.")
    if consent.until <= consent.recorded_at:
        raise BadRequest("--until is over already: give a day to come.")
    permission = consent.permission
    if (permission.slack or permission.organisation) and not permission.is_whole:
        missing = "--organisation-permission" if permission.slack else "--slack-permission"
        raise BadRequest(f"Rows from Slack need both written permissions: {missing} is missing.")
    if not _covers(consent):
        raise BadRequest(
            f"The basis {consent.basis} alone covers nothing: rows from Slack need "
            "--slack-permission and --organisation-permission, all others the basis opt_in."
        )


def _covers(consent: Consent) -> list[Origin]:
    return [origin for origin in Origin if consent.covers(origin)]


def _covered(consent: Consent) -> str:
    named = ", ".join(origin.value for origin in _covers(consent))
    return f"rows of {consent.workspace} from {named}"


async def _record(settings: Settings, consent: Consent, entry: AuditEntry) -> None:
    async with opened(settings) as database:
        await _consents(database).record(consent, entry)


async def _all(settings: Settings, workspace: str) -> list[Consent]:
    async with opened(settings) as database:
        return list(await _consents(database).all(workspace))


async def _withdraw(settings: Settings, consent_id: str, who: str) -> tuple[Consent | None, bool]:
    """The consent, and whether this ended it."""
    async with opened(settings) as database:
        consents = _consents(database)
        known = await consents.find(consent_id)
        if known is None:
            return None, False
        now = _now()
        entry = _entry(known, who, now, f"withdrew {known.id}")
        return known, await consents.withdraw(known.id, who, now, entry)


def _consents(database: AsyncEngine) -> Consents:
    from bot.adapters.sql.consents import SqlConsents

    return SqlConsents(database)


def _entry(consent: Consent, who: str, at: datetime, detail: str) -> AuditEntry:
    return AuditEntry(
        key=f"{CONSENT}:{consent.id}:{detail.partition(' ')[0]}",
        at=at,
        user_id=who,
        workspace=consent.workspace,
        channel="",
        action=CONSENT,
        outcome=Outcome.ALLOWED,
        detail=detail,
    )


def _lines(one: Consent, now: datetime) -> Iterator[str]:
    yield f"{one.id}  {one.workspace}  {_standing(one, now)}"
    yield f"    basis: {one.basis}: {one.basis.meaning}"
    if one.permission.is_whole:
        yield f"    Slack's permission: {one.permission.slack}"
        yield f"    the organisation's: {one.permission.organisation}"
    yield f"    covers: {_covered(one)}"
    yield f"    recorded {one.recorded_at:%Y-%m-%d %H:%M} UTC by {one.recorded_by}"
    if one.note:
        yield f"    note: {one.note}"


def _standing(one: Consent, now: datetime) -> str:
    if one.withdrawn_at is not None:
        return f"withdrawn {one.withdrawn_at:%Y-%m-%d %H:%M} UTC by {one.withdrawn_by}"
    last = f"{one.until - timedelta(days=1):%Y-%m-%d}"
    return f"in force until {last}" if one.is_in_force(now) else f"over since {last}"


def _tree(one: Consent, now: datetime) -> dict[str, object]:
    return {
        "id": one.id,
        "workspace": one.workspace,
        "in_force": one.is_in_force(now),
        "basis": one.basis.value,
        "slack_permission": one.permission.slack,
        "organisation_permission": one.permission.organisation,
        "covers": [origin.value for origin in _covers(one)],
        "recorded_by": one.recorded_by,
        "recorded_at": one.recorded_at.isoformat(),
        "until": one.until.isoformat(),
        "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
        "withdrawn_by": one.withdrawn_by,
        "note": one.note,
    }


def _now() -> datetime:
    return datetime.now(UTC)
