"""Runbooks, somebody's failing Dags and who is on call, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answering.gaps import gap_in_words
from bot.answering.steps import unwrapped
from bot.answering.terminal.page import Part, section, table, text
from bot.answering.wording import moment
from bot.domain.oncall import OnCallNow
from bot.domain.reports import FailingDag, FailingDags, OnCallReport, RunbookReport


def runbook_parts(report: RunbookReport) -> Iterator[Part]:
    if not report.cause:
        said = f"No runbook fits “{report.asked}”." if report.asked else "These are the runbooks:"
        yield text(said, "bold")
        yield from (text(f"{one.cause}: {one.title}") for one in report.others)
        return
    yield text(f"{report.title} ({report.cause})", "bold")
    for heading, body in report.sections:
        yield section(heading, text(unwrapped(body)))
    if report.link:
        yield text(report.link, "dim")


def mine_parts(report: FailingDags) -> Iterator[Part]:
    failing = "These failed" if report.dags else "None failed"
    yield text(f"{failing} in the last {report.hours} hours", "bold")
    if report.dags:
        yield table([_row(dag) for dag in report.dags])
    if report.more:
        yield text(f"{report.more} more are not shown", "dim")
    yield from (text(gap_in_words(gap), "dim") for gap in report.gaps)


def _row(dag: FailingDag) -> tuple[str, ...]:
    at = moment(dag.failed_at) if dag.failed_at else ""
    state = "well again" if dag.recovered else "failed"
    return (dag.dag_id, state, dag.task_id, at, dag.why_yours)


def on_call_parts(report: OnCallReport) -> Iterator[Part]:
    if not report.levels:
        yield text("No on-call source is configured.", "bold")
        return
    for level in report.levels:
        yield text(f"Level {level.now.level}: {_who(level.now)}", "bold")
        if level.then is not None:
            yield text(f"then {_who(level.then)}")


def _who(now: OnCallNow) -> str:
    if now.fault:
        return f"not known ({now.fault})"
    return ", ".join(one.name for one in now.responders) or "nobody"
