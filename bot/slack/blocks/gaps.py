"""The weekly report of gaps as a message."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answering.gap_words import (
    cause_words,
    drafts_words,
    few_words,
    review_words,
    rows,
    summary_words,
    title_words,
)
from bot.domain.gap_reports import GapReport
from bot.slack.blocks.kit import (
    Block,
    cell,
    context,
    header,
    lines,
    mrkdwn,
    rich,
    section,
    table,
    text,
)
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.limits import Limit
from bot.words import say

_LINE = Limit(200)


def gap_message(report: GapReport) -> SlackMessage:
    return fit(lambda room: _drawn(report, room))


def _drawn(report: GapReport, room: Room) -> SlackMessage:
    words = f"{title_words(report)}. {summary_words(report)}"
    return SlackMessage(mrkdwn(words), tuple(_blocks(report, room)))


def _blocks(report: GapReport, room: Room) -> Iterator[Block]:
    yield header(title_words(report))
    yield rich(section(text(summary_words(report))))
    if report.week.questions:
        head = ("", say("This week"), say("The week before"))
        yield table(head, [[cell(word) for word in row] for row in rows(report)])
    few = few_words(report) if report.week.questions else ""
    if few:
        yield context(few)
    yield from _part(say("By the cause that I gave"), map(cause_words, report.causes), room)
    yield from _part(say("Runbooks to look at"), map(review_words, report.reviews), room)
    yield from _part(say("Runbooks that are refused"), iter(report.failing), room)
    if report.drafts:
        yield context(drafts_words(report))


def _part(heading: str, said: Iterator[str], room: Room) -> Iterator[Block]:
    every = list(said)
    if not every:
        return
    shown = [f"• {_LINE.head(one)}" for one in every[: room.items]]
    if len(every) > room.items:
        shown.append(say("and {n} more", n=len(every) - room.items))
    yield rich(section(text(heading, bold=True)), lines(shown))
