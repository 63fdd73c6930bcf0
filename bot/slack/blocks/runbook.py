"""The card of a runbook."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.reports import RunbookReport
from bot.slack.blocks.kit import (
    Block,
    actions,
    context,
    header,
    link_button,
    mrkdwn,
    rich,
    section,
    text,
)
from bot.slack.blocks.markdown import rich_parts
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import small_print
from bot.slack.limits import Limit
from bot.slack.presses import Press
from bot.words import mark, say

_ALL_NAMES = Limit(1_500)
_HEADING = Limit(80)
HEADINGS = (
    mark("What happened"),
    mark("Check"),
    mark("Fix"),
    mark("Verify"),
    mark("Escalate"),
)
"""Of the parts that every runbook has."""
_NAME = Limit(60)


def runbook_card(report: RunbookReport) -> SlackMessage:
    if not report.cause:
        return _names_card(report)
    summary = mrkdwn(f"📘 {say(report.title)} ({report.cause})")
    return fit(lambda room: SlackMessage(summary, tuple(_blocks(report, room))))


def _blocks(report: RunbookReport, room: Room) -> Iterator[Block]:
    yield header(f"📘 {Limit(120).head(say(report.title))}")
    for heading, body in report.sections[: room.steps * 2]:
        parts = rich_parts(body, Limit(room.prose * 2), trusted=True)
        yield rich(section(text(_HEADING.head(say(heading)), bold=True)), *parts)
    if report.link and (button := link_button(say("Open the runbook"), Press.OPEN, report.link)):
        yield actions([button])
    owner = say("owner: {names}", names=_NAME.head(report.owner)) if report.owner else ""
    notes = [say("Runbook {name}", name=_NAME.head(report.cause)), owner]
    others = ", ".join(_NAME.head(one.cause) for one in report.others[: room.items])
    notes.append(say("also near: {names}", names=others) if others else "")
    yield context(" · ".join(note for note in notes if note))
    yield small_print(report.reference)


def _names_card(report: RunbookReport) -> SlackMessage:
    asked = Limit(120).head(report.asked)
    lead = say("These are the runbooks:")
    if asked:
        lead = say("No runbook fits “{asked}”.", asked=asked)
    names = _ALL_NAMES.head(", ".join(one.cause for one in report.others))
    hint = say("Ask for one by its name or by what happened: /airflow runbook out of memory")
    body = [section(text(lead, bold=True))]
    if names:
        body.append(section(text(names, code=True)))
    return SlackMessage(
        mrkdwn("\n".join(part for part in (lead, names, hint) if part)),
        (rich(*body, section(text(hint))), small_print(report.reference)),
    )
