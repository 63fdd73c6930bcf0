"""The card of somebody's failing Dags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.answering.wording import count
from bot.domain.reports import FailingDag, FailingDags
from bot.slack.blocks.kit import (
    Block,
    Element,
    cell,
    context,
    header,
    linked_cell,
    mrkdwn,
    rich,
    section,
    table,
    text,
)
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import clock, small_print, unseen
from bot.slack.limits import Limit

_NAME = Limit(120)
_COLUMNS = ("Dag", "State", "Failed task", "When", "Yours by")


def mine_card(report: FailingDags) -> SlackMessage:
    summary = mrkdwn("\n".join([mine_headline(report), *map(_words, report.dags[:5])]))
    return fit(lambda room: SlackMessage(summary, tuple(_blocks(report, room))))


def mine_headline(report: FailingDags) -> str:
    failing = sum(not dag.recovered for dag in report.dags) + report.more
    if failing:
        return f"❌ {count(failing, 'Dag')} of yours failed in the last {report.hours} hours"
    # Where not all was seen, "none" is more than anybody knows.
    seen = "that I could see " if report.gaps else ""
    return f"✅ None of your Dags {seen}is failing"


def _blocks(report: FailingDags, room: Room) -> Iterator[Block]:
    yield header(mine_headline(report))
    shown = report.dags[: room.items]
    if shown:
        yield table(_COLUMNS, (_row(dag, report.several_clusters) for dag in shown))
    left = len(report.dags) - len(shown) + report.more
    notes = [f"{left} more are not shown" if left else "", unseen(report.gaps, room.items)]
    if any(notes):
        yield context(*notes)
    more = "Add patterns of Dag ids on my Home tab."
    yield rich(section(text(f"{Limit(room.prose).head(how_matched(report))} {more}")))
    yield small_print(report.reference)


def how_matched(report: FailingDags) -> str:
    """What was looked for."""
    by = (
        f"Looked for owners like {', '.join(report.known_as)}"
        if report.known_as
        else ("Slack does not tell me who you are, so I could not look for your Dags by owner")
    )
    patterns = f" and for your patterns {', '.join(report.patterns)}" if report.patterns else ""
    return f"{by}{patterns}."


def _row(dag: FailingDag, several: bool) -> Sequence[Element]:
    where = f" on {dag.cluster}" if several else ""
    name = _NAME.head(f"{dag.dag_id}{where}")
    more = f" and {dag.failed_tasks - 1} more" if dag.failed_tasks > 1 else ""
    state = "✅ well again" if dag.recovered else "❌ failed"
    words = (state, f"{_NAME.head(dag.task_id)}{more}", clock(dag.failed_at))
    return [linked_cell(name, dag.link), *map(cell, words), cell(_NAME.head(dag.why_yours))]


def _words(dag: FailingDag) -> str:
    mark = "✅" if dag.recovered else "❌"
    return f"{mark} {_NAME.head(dag.dag_id)} · {_NAME.head(dag.task_id)} · {clock(dag.failed_at)}"
