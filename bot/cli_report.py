"""What the report command takes: the weekly report of gaps, printed or posted; and which runbooks
are due for a review.

It looks into the database beside a bot that is running. Exit status: 0 done, 2 cannot start.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_database import Config, clean, opened
from bot.domain.errors import BadRequest
from bot.domain.gap_reports import CHARTED, GapReport, report_job
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.services.gap_reports import GapReports

report_app = typer.Typer(help="What the bot could not do, week by week.", no_args_is_help=True)


@report_app.callback()
def _group() -> None:
    """Keeps `gaps` a command of its own."""


@report_app.command(name="gaps")
def gaps(
    weeks: Annotated[int, typer.Option(min=1, max=52, help="Weeks to compare.")] = CHARTED,
    post: Annotated[
        bool, typer.Option("--post", help="Post it in gap_report.channel as well, by the bot.")
    ] = False,
    config: Config = None,
) -> None:
    """Prints what was unanswered or wrong in the last seven days, and what runbooks lack."""
    settings = load_settings(os.environ, config)
    if post and settings.gap_report.channel is None:
        raise BadRequest("There is nowhere to post it. Set gap_report.channel.")
    now = datetime.now(UTC)
    for line in lines_of(asyncio.run(_report(settings, now, weeks))):
        print(clean(line))
    if post:
        _post(settings, now)
        print("It is posted as soon as a bot works on it.")


def review(config: Config = None) -> None:
    """Lists runbooks whose review is due, or whose answers were said to be wrong, by owner."""
    settings = load_settings(os.environ, config)
    report = asyncio.run(_report(settings, datetime.now(UTC), CHARTED))
    from bot.answering.gap_words import review_words

    for one in sorted(report.reviews, key=lambda each: each.owner):
        print(clean(review_words(one)))
    for fault in report.failing:
        print(clean(f"refused: {fault}"))
    if not report.reviews and not report.failing:
        print("No runbook has to be looked at.")


def lines_of(report: GapReport) -> Iterator[str]:
    from bot.answering.gap_words import (
        cause_words,
        chart_words,
        drafts_words,
        few_words,
        review_words,
        rows,
        summary_words,
        title_words,
    )

    yield title_words(report)
    yield summary_words(report)
    if report.week.questions:
        yield ""
        for name, now, before in rows(report):
            yield f"  {name:<32} {now:<18} before: {before}"
        yield few_words(report)
    for heading, said in (
        ("By the cause that was given", [*map(cause_words, report.causes)]),
        ("Capacity beside code", [*map(chart_words, report.clusters)]),
        ("Runbooks to look at", [*map(review_words, report.reviews)]),
        ("Runbooks that are refused", [*report.failing]),
    ):
        if said:
            yield ""
            yield heading
            yield from (f"  {one}" for one in said)
    yield drafts_words(report)


async def _report(settings: Settings, until: datetime, weeks: int) -> GapReport:
    async with opened(settings) as engine:
        return await _reports(settings, engine).report(until, weeks)


def _reports(settings: Settings, engine: AsyncEngine) -> GapReports:
    from bot.adapters.sql.endings import SqlEndings
    from bot.adapters.sql.runbook_drafts import SqlRunbookDrafts
    from bot.bootstrap import catalogue_of, now, runbook_folders
    from bot.services.gap_reports import GapReports

    return GapReports(
        SqlEndings(engine, now),
        SqlRunbookDrafts(engine),
        lambda: catalogue_of(runbook_folders(settings)),
        now,
    )


def _post(settings: Settings, at: datetime) -> None:
    """By the bot: it is in the queue when this returns."""
    from bot.bootstrap import kept_types
    from bot.workflows.databases import open_engine
    from bot.workflows.enqueueing import Enqueuer
    from bot.workflows.serializer import TypedJson

    database = open_engine(settings.database_url, connections=1)
    try:
        Enqueuer(TypedJson(kept_types()), database).start(report_job(at, again="asked for"))
    finally:
        database.dispose()
