"""The card of what fails right now, or of who else has the same."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answering.incidents import (
    dag_names,
    headline,
    incident_mark,
    incident_title,
    incident_words,
    notes,
    unknown_words,
)
from bot.domain.incidents import Incident, IncidentsReport
from bot.slack.blocks.kit import Block, context, header, lines, mrkdwn, rich, section, text
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import small_print, unseen
from bot.words import say, say_many

_SUMMED_UP = 3


def incidents_card(report: IncidentsReport) -> SlackMessage:
    told = [f"{incident_mark(one)} {incident_title(one)}" for one in report.incidents[:_SUMMED_UP]]
    summary = mrkdwn("\n".join([headline(report), *told]))
    return fit(lambda room: SlackMessage(summary, tuple(_blocks(report, room))))


def _blocks(report: IncidentsReport, room: Room) -> Iterator[Block]:
    several = report.several_clusters
    yield header(headline(report))
    for incident in report.incidents[: room.items]:
        yield _incident(incident, several)
    unknown = report.unknown[: room.items]
    if unknown:
        told = [unknown_words(one, several_clusters=several) for one in unknown]
        yield rich(section(text(say("Not looked into yet"), bold=True)), lines(told))
    more = max(0, len(report.incidents) - room.items) + max(0, len(report.unknown) - room.items)
    left = say_many("{n} more had no room.", "{n} more had no room.", more) if more else ""
    yield context(" ".join(filter(None, [*notes(report), left])))
    if missing := unseen(report.gaps, room.items):
        yield context(missing)
    yield small_print(report.reference)


def _incident(incident: Incident, several: bool) -> Block:
    title = f"{incident_mark(incident)} {incident_title(incident)}"
    words = [incident_words(incident), dag_names(incident, several_clusters=several)]
    return rich(section(text(title, bold=True)), lines(words))
