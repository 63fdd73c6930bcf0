"""What is to be said, drawn as a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.answers import Diagnosis, HealthReport, HowTo, LogReport, StatusReport
from bot.domain.gap_reports import GapReport
from bot.slack.alert_values import AlertCard
from bot.slack.arrivals import Place
from bot.slack.blocks.alert import alert_message
from bot.slack.blocks.case import case_message
from bot.slack.blocks.escalation import (
    call_out_message,
    draft_message,
    handoff_card,
    relayed_message,
    with_human,
)
from bot.slack.blocks.evidence import evidence_card
from bot.slack.blocks.gaps import gap_message
from bot.slack.blocks.growth import offer_message
from bot.slack.blocks.kit import (
    Block,
    actions,
    button,
    context,
    mrkdwn,
    rich,
    section,
    text,
)
from bot.slack.blocks.logs import excerpt_card
from bot.slack.blocks.message import SlackMessage
from bot.slack.blocks.render import render
from bot.slack.blocks.talk import addendum_card
from bot.slack.case_values import CaseOffer
from bot.slack.escalation_values import CallOut, Draft, Handoff, Relayed
from bot.slack.growth_values import RunbookOffer
from bot.slack.limits import RICH_TEXT, Limit
from bot.slack.posts import EDITION, WORKING, Deed, Face, Notice, Post
from bot.slack.presses import Press
from bot.words import ENGLISH, mark, say, speaking

_ECHO = Limit(150)
_LEAD = Limit(500)
_NOT_CALLED = mark(
    "I follow this thread since I was called into it. If this was not for me, say so."
)


@dataclass(frozen=True, slots=True)
class Style:
    """What is the same for every message of this process."""

    has_model: bool = False
    calls_humans: bool = False

    def draw(self, post: Post) -> SlackMessage:
        """`post` as Slack takes it. Above it stands who asked, where others could not see that;
        below it what its readers must know of all replies there."""
        with speaking(post.place.language or ENGLISH):
            return self._drawn(post)

    def _drawn(self, post: Post) -> SlackMessage:
        message = self._plain(post)
        if (note := _note_of(post.place)) and not isinstance(post.content, Notice):
            message = _with_note(message, note)
        if post.whispers:
            return _with_share(message, post)
        message = replace(message, blocks=(*_head_of(post), *message.blocks, *_foot_of(post)))
        return _with_plan(message, post)

    def _plain(self, post: Post) -> SlackMessage:
        match post.content, post.face:
            case Notice() as said, _:
                return notice(said.text, said.deeds)
            case Handoff() as handoff, _:
                return handoff_card(handoff)
            case CallOut() as call, _:
                return call_out_message(call)
            case Draft() as draft, _:
                return draft_message(draft)
            case Relayed() as relayed, _:
                return relayed_message(relayed)
            case GapReport() as report, _:
                return gap_message(report)
            case CaseOffer() as case, _:
                return case_message(case)
            case RunbookOffer() as offer, _:
                return offer_message(offer)
            case AlertCard(reply=reply) as card, _:
                found = None if reply is None else self._plain(replace(post, content=reply))
                return alert_message(card, found)
            case Diagnosis() as diagnosis, Face.EVIDENCE:
                return evidence_card(diagnosis)
            case Diagnosis() as diagnosis, Face.LOG_EXCERPT:
                return excerpt_card(diagnosis)
            case (Diagnosis() | HowTo()) as explained, Face.ADDENDUM:
                return addendum_card(explained)
            case reply, _:
                message = render(reply, post.turn_id, post.words, has_model=self.has_model)
                is_offered = (
                    self.calls_humans and isinstance(reply, Diagnosis) and not post.whispers
                )
                return with_human(message, post.turn_id) if is_offered else message


def notice(words: str, deeds: Sequence[Deed] = ()) -> SlackMessage:
    """A short message of our own."""
    words = say(words)
    said = rich(section(text(RICH_TEXT.head(words))))
    pressed = [button(say(one.label), one.press, one.value) for one in deeds]
    return SlackMessage(mrkdwn(words), (said, actions(pressed)) if pressed else (said,))


def _note_of(place: Place) -> str:
    if not place.mistyped:
        return say(place.note)
    word, nearest = place.mistyped
    if not nearest:
        return say("“{word}” is none of my commands.", word=word)
    return say("“{word}” is none of my commands; {nearest} is.", word=word, nearest=nearest)


def _with_note(message: SlackMessage, note: str) -> SlackMessage:
    blocks = (*message.blocks, context(note)) if message.blocks else ()
    return SlackMessage(f"{message.text}\n{mrkdwn(note)}", blocks)


def _with_share(message: SlackMessage, post: Post) -> SlackMessage:
    """With the button that shows a whisper to all, where there is something to show."""
    worth = isinstance(post.content, Diagnosis | HealthReport | HowTo | LogReport | StatusReport)
    if not (post.may_be_shared and worth and post.face is Face.CARD and message.blocks):
        return message
    share = button(say("Share in the channel"), Press.SHARE, post.turn_id)
    return replace(message, blocks=(*message.blocks, actions([share])))


def _foot_of(post: Post) -> tuple[Block, ...]:
    """Under a sign of work what ends it; under an answer that nobody called for, what sends the
    bot away."""
    if isinstance(post.content, Notice):
        is_sign = post.revision % EDITION == WORKING and post.turn_id and post.place.user
        return (actions([button(say("Stop"), Press.STOP, post.turn_id)]),) if is_sign else ()
    if not post.place.may_keep_out:
        return ()
    leave = button(say("Stay out of this thread"), Press.KEEP_OUT, post.place.thread or "")
    return (context(say(_NOT_CALLED)), actions([leave]))


def _with_plan(message: SlackMessage, post: Post) -> SlackMessage:
    """Where there is room: the answer counts for more than what was done for it."""
    if post.plan is None or not message.blocks:
        return message
    planned = replace(message, blocks=(post.plan.block(), *message.blocks))
    return planned if planned.fits else message


def _head_of(post: Post) -> tuple[Block, ...]:
    place = post.place
    if place.lead:
        return (rich(section(text(_LEAD.head(say(place.lead))))),)
    if not re.fullmatch(r"[UW][A-Z0-9]{2,30}", place.user):
        return ()
    asker = {"type": "user", "user_id": place.user}
    if post.face is Face.SHARED:
        return (rich(section(asker, text(say(" shared this answer.")))),)
    if not place.echo:
        return ()
    return (rich(section(asker, text(say(" asked ")), text(_ECHO.head(place.echo), code=True))),)
