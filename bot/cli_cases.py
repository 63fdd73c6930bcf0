"""What the commands about resolved cases take: list them, show one with its record, approve, reject
or retire it.

They work in the database beside a bot that is running. Exit status: 0 done, 1 not done, 2 cannot
start.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_database import AsJson, By, Config, clean, deed_key, doer, work_with
from bot.domain.errors import BadRequest
from bot.domain.resolved_cases import CaseQuery, CaseState, KnownCase
from bot.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.services.casework import Casework, Decider

_TITLE = 70  # characters

cases_app = typer.Typer(
    help="Failures that humans resolved, of which others are told.", no_args_is_help=True
)

CaseId = Annotated[str, typer.Argument(help="The id of the case, as its card says.")]
Why = Annotated[str, typer.Option(help="Why, for whoever looks at it later.")]


@cases_app.command(name="list")
def list_cases(
    state: Annotated[list[CaseState] | None, typer.Option(help="Only in this state.")] = None,
    words: Annotated[str, typer.Option(help="Words that all stand in it.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="Cases on a page.")] = 50,
    after: Annotated[str, typer.Option(help="The next page, as the one before names it.")] = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Lists cases with their record, newest first."""

    async def look(casework: Casework) -> None:
        query = CaseQuery(tuple(state or ()), words=words, after=after, limit=limit)
        page = await casework.cases.page(query)
        if as_json:
            print(json.dumps({"cases": [*map(_tree, page.cases)], "next": page.next}, indent=2))
            return
        for known in page.cases:
            _print(_line(known))
        if page.next:
            _print(f"There is more: --after '{page.next}'")
        if not page.cases:
            _print("There are no such cases.")

    work_with(_casework, config, look)


@cases_app.command(name="show")
def show_case(case_id: CaseId, as_json: AsJson = False, config: Config = None) -> None:
    """Prints a case with all that is known of it."""

    async def look(casework: Casework) -> None:
        known = await casework.cases.get(case_id.upper())
        if known is None:
            raise BadRequest(f"There is no case {case_id}. See airflow-bot cases list.")
        if as_json:
            print(json.dumps(_tree(known), indent=2))
            return
        for line in _page(known):
            _print(line)

    work_with(_casework, config, look)


@cases_app.command(name="approve")
def approve_case(
    case_id: CaseId,
    fix: Annotated[str, typer.Option(help="What fixed it, in other words.")] = "",
    cause: Annotated[str, typer.Option(help="The cause, as its runbook is called.")] = "",
    by: By = "",
    config: Config = None,
) -> None:
    """Approves the case: whoever asks about a failure like it is told."""

    async def decide(casework: Casework) -> None:
        from bot.services.casework import Wording

        wording = Wording(fix or None, cause or None)
        case = await casework.approve(deed_key(case_id), case_id.upper(), _decider(by), wording)
        _print(f"Approved: {case.id}. Others are told until {case.expires_at:%Y-%m-%d}.")

    work_with(_casework, config, decide)


@cases_app.command(name="reject")
def reject_case(case_id: CaseId, why: Why = "", by: By = "", config: Config = None) -> None:
    """Rejects the case: nobody is told."""

    async def decide(casework: Casework) -> None:
        case = await casework.reject(deed_key(case_id), case_id.upper(), _decider(by), why)
        _print(f"Rejected: {case.id}. Nobody is told.")

    work_with(_casework, config, decide)


@cases_app.command(name="retire")
def retire_case(case_id: CaseId, why: Why = "", by: By = "", config: Config = None) -> None:
    """Retires the case, whatever became of it: nobody is told any more."""

    async def decide(casework: Casework) -> None:
        case = await casework.retire(deed_key(case_id), case_id.upper(), _decider(by), why)
        _print(f"Retired: {case.id}. Nobody is told any more.")

    work_with(_casework, config, decide)


def _casework(settings: Settings, engine: AsyncEngine) -> Casework:
    from bot.adapters.sql.cases import SqlResolvedCases
    from bot.bootstrap import catalogue_of, redactor_of, runbook_folders
    from bot.services.casework import Casework

    def now() -> datetime:
        return datetime.now(UTC)

    return Casework(
        SqlResolvedCases(engine, clock=now, redact=redactor_of(settings).redact),
        lambda: catalogue_of(runbook_folders(settings)).failures,
        now,
        timedelta(days=settings.cases.keep_days),
    )


def _decider(by: str) -> Decider:
    """Whoever may read the settings of the bot may decide; the audit has their name."""
    from bot.services.casework import Decider

    return Decider(doer(by), rule="at the terminal")


def _tree(known: KnownCase) -> dict[str, Any]:
    case = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(known.case).items()
    }
    return {**case, "record": asdict(known.record)}


def _line(known: KnownCase) -> str:
    case, record = known.case, known.record
    title = " ".join(case.problem.split())[:_TITLE]
    told = f"told {record.served}, helped {record.helped}, failed {record.failed}"
    return f"{case.id}  {case.confirmed_at:%Y-%m-%d}  {case.state.value:<8}  {told}  {title}"


def _page(known: KnownCase) -> list[str]:
    case = known.case
    facts = {
        "Cause": case.cause,
        "Side": case.kind.value,
        "Dag": f"{case.dag_id}.{case.task_id}" if case.task_id else case.dag_id,
        "Cluster": case.cluster,
        "Operator": case.operator,
        "Exception": case.exception,
        "Tags": ", ".join(case.tags),
        "Airflow": case.airflow_version,
        "Fingerprint": case.fingerprint,
        "Found out by": f"{case.confirmed_by} on {case.confirmed_at:%Y-%m-%d}",
        "Decided by": case.approved_by,
        "Told until": f"{case.expires_at:%Y-%m-%d}" if case.expires_at else "",
        "Where": case.permalink,
        "Note": case.note,
    }
    lines = [_line(known), "", *case.problem.splitlines(), "", "What fixed it:"]
    lines += [f"  {line}" for line in case.fix.splitlines()]
    return [*lines, "", *(f"{name:<13} {value}" for name, value in facts.items() if value)]


def _print(words: str) -> None:
    print(clean(words))
