"""The card of somebody's failing Dags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from bot.words import mark, say, say_many

_NAME = Limit(120)
_COLUMNS = (mark("Dag"), mark("State"), mark("Failed task"), mark("When"), mark("Yours by"))


def mine_card(report: FailingDags) -> SlackMessage:
    summary = mrkdwn("\n".join([mine_headline(report), *map(_words, report.dags[:5])]))
    return fit(lambda room: SlackMessage(summary, tuple(_blocks(report, room))))


def mine_headline(report: FailingDags) -> str:
    failing = sum(not dag.recovered for dag in report.dags) + report.more
    if failing:
        return say_many(
            "❌ {n} Dag of yours failed in the last {hours} hours",
            "❌ {n} Dags of yours failed in the last {hours} hours",
            failing,
            hours=report.hours,
        )
    # Where not all was seen, "none" is more than anybody knows.
    if report.gaps:
        return say("✅ None of your Dags that I could see is failing")
    return say("✅ None of your Dags is failing")


def _blocks(report: FailingDags, room: Room) -> Iterator[Block]:
    yield header(mine_headline(report))
    shown = report.dags[: room.items]
    if shown:
        yield table([*map(say, _COLUMNS)], (_row(dag, report.several_clusters) for dag in shown))
    left = len(report.dags) - len(shown) + report.more
    notes = [not_shown(left), unseen(report.gaps, room.items)]
    if any(notes):
        yield context(*notes)
    more = say("Add patterns of Dag ids on my Home tab.")
    yield rich(section(text(f"{Limit(room.prose).head(how_matched(report))} {more}")))
    yield small_print(report.reference)


def how_matched(report: FailingDags) -> str:
    """What was looked for."""
    if report.known_as:
        by = say("Looked for owners like {names}", names=", ".join(report.known_as))
    else:
        by = say("Slack does not tell me who you are, so I could not look for your Dags by owner")
    patterns = ""
    if report.patterns:
        patterns = say(" and for your patterns {patterns}", patterns=", ".join(report.patterns))
    return f"{by}{patterns}."


def not_shown(left: int) -> str:
    """`3 more are not shown`; "" where all are."""
    return say_many("{n} more is not shown", "{n} more are not shown", left) if left else ""


def of_cluster(dag: FailingDag, several: bool) -> str:
    """The Dag's name, with its cluster where there are several."""
    if not several:
        return dag.dag_id
    return say("{name} on {cluster}", name=dag.dag_id, cluster=dag.cluster)


def and_more(task: str, failed_tasks: int) -> str:
    """The task's name with how many failed beside it."""
    if failed_tasks <= 1:
        return task
    return say_many("{named} and {n} more", "{named} and {n} more", failed_tasks - 1, named=task)


def _row(dag: FailingDag, several: bool) -> Sequence[Element]:
    name = _NAME.head(of_cluster(dag, several))
    state = say("✅ well again") if dag.recovered else say("❌ failed")
    words = (state, and_more(_NAME.head(dag.task_id), dag.failed_tasks), clock(dag.failed_at))
    return [linked_cell(name, dag.link), *map(cell, words), cell(_NAME.head(dag.why_yours))]


def _words(dag: FailingDag) -> str:
    mark = "✅" if dag.recovered else "❌"
    return f"{mark} {_NAME.head(dag.dag_id)} · {_NAME.head(dag.task_id)} · {clock(dag.failed_at)}"
