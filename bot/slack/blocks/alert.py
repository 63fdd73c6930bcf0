"""The card of an alert: how it stands and what it reaches, above what was found of its cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.answering.alerts import (
    AGAIN,
    MOVED,
    diverted_words,
    history_words,
    radius_words,
    standing_mark,
    standing_words,
)
from bot.domain.alerts import UNREACHABLE
from bot.slack.alert_values import AlertCard
from bot.slack.blocks.kit import Element, channel, link, mrkdwn, rich, section, text
from bot.slack.blocks.message import SlackMessage
from bot.slack.limits import Limit
from bot.words import say

_RADIUS, _SUMMARY = Limit(900), Limit(300)


def alert_message(card: AlertCard, reply: SlackMessage | None) -> SlackMessage:
    """`reply` is what was found, drawn."""
    if reply is None:
        said = f"☑️ {say(MOVED)}"
        return SlackMessage(mrkdwn(said), (rich(section(text(said))),))
    standing = rich(section(*_standing(card)))
    summary = f"{mrkdwn(_SUMMARY.head(_headline(card)))}\n{reply.text}"
    return replace(reply, text=summary, blocks=(standing, *reply.blocks) if reply.blocks else ())


def _headline(card: AlertCard) -> str:
    return f"{standing_mark(card.alert)} {standing_words(card.alert, card.radius)}"


def _standing(card: AlertCard) -> Iterator[Element]:
    alert, radius = card.alert, card.radius
    yield text(f"{standing_mark(alert)} ")
    yield text(standing_words(alert, radius), bold=True)
    details = [_RADIUS.head(radius_words(radius)), history_words(alert, radius)]
    if alert.incident.startswith(UNREACHABLE):
        details.append(say(AGAIN))
    for line in filter(None, details):
        yield text(f"\n{line}")
    for one in radius.diverted:
        yield text("\n↪️ " + say("Meant for "))
        yield channel(one.channel)
        yield text(diverted_words(one))
    if card.escalation:
        yield text("\n🙋 " + say("A human is called: "))
        words = say("escalation {id}", id=card.escalation)
        yield link(words, card.escalation_url) if card.escalation_url else text(words)
