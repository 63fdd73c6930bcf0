"""The card that says who is on call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.oncall import OnCallNow, Responder
from bot.domain.reports import OnCallLevel, OnCallReport
from bot.slack.blocks.kit import Block, Element, context, header, mrkdwn, rich, section, text
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import WARNING, clock, small_print
from bot.slack.limits import Limit
from bot.words import mark, say

_NONE = mark("No on-call source is configured.")
_REMEDY = mark("Whoever runs this bot can set one up under on_call in its settings.")


def on_call_card(report: OnCallReport) -> SlackMessage:
    if not report.levels:
        none, remedy = say(_NONE), say(_REMEDY)
        body = section(text(none, bold=True), text(f"\n{remedy}"))
        return SlackMessage(mrkdwn(f"{none} {remedy}"), (rich(body), small_print(report.reference)))
    summary = mrkdwn("\n".join(map(_level_words, report.levels)))
    return fit(lambda room: SlackMessage(summary, tuple(_blocks(report, room))))


def _blocks(report: OnCallReport, room: Room) -> Iterator[Block]:
    yield header(say("📟 On call"))
    for level in report.levels[: room.items]:
        yield rich(section(*_now(level)), *_then(level))
        notes = [f"{WARNING} {note}" for note in (level.now.fault, level.now.warning) if note]
        if notes:
            yield context(*(Limit(room.prose).head(note) for note in notes))
    yield small_print(report.reference)


def _now(level: OnCallLevel) -> Sequence[Element]:
    now = level.now
    until = say(" until {at}", at=clock(now.until)) if now.until else ""
    said = say("cannot be told") if now.fault else say("nobody")
    who = list(_named(now.responders)) or [text(said, italic=True)]
    return [text(say("Level {n}: ", n=now.level), bold=True), *who, text(f"{until} ({now.source})")]


def _then(level: OnCallLevel) -> Sequence[Element]:
    then = level.then
    if then is None or then.fault:
        return ()
    who = list(_named(then.responders)) or [text(say("nobody"), italic=True)]
    return (section(text(say("then "), italic=True), *who),)


def _named(responders: Sequence[Responder]) -> Iterator[Element]:
    """Their names; Slack would call them if they were mentioned."""
    for number, one in enumerate(responders):
        yield text(f"{', ' if number else ''}{Limit(80).head(one.name)}")


def _level_words(level: OnCallLevel) -> str:
    return say("Level {n}: ", n=level.now.level) + _names(level.now)


def _names(now: OnCallNow) -> str:
    if now.fault:
        return say("not known: {fault}", fault=Limit(200).head(now.fault))
    return ", ".join(one.name for one in now.responders) or say("nobody")
