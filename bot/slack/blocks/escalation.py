"""Cards of an escalation: what those on call are handed, and how the asker sees it stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.answering.causes import cause_words, possible_words, ruled_out_words
from bot.answering.escalations import (
    page_words,
    reach_words,
    standing_mark,
    standing_words,
    why_called,
)
from bot.answering.quotes import quoted_words, telling
from bot.answering.wording import moment, target_words
from bot.domain.answers import Diagnosis, HumanCalled, SeenIn
from bot.domain.escalations import Escalation, State, Truth, WasRight
from bot.domain.oncall import PageStatus
from bot.domain.verdicts import VerdictKind
from bot.slack.blocks.kit import (
    Block,
    Element,
    actions,
    button,
    context,
    date,
    header,
    link,
    listing,
    mrkdwn,
    plain,
    preformatted,
    quote,
    rich,
    section,
    select,
    text,
)
from bot.slack.blocks.markdown import rich_parts
from bot.slack.blocks.message import Room, SlackMessage, fit
from bot.slack.blocks.pieces import MARKS, link_buttons, origin_of, small_print, unseen
from bot.slack.escalation_presses import ASK_HUMAN, Act, action_id
from bot.slack.escalation_values import CallOut, Draft, Handoff, Relayed
from bot.slack.limits import BUTTON_VALUE, Limit
from bot.words import mark, mark_many, percent, say, say_many

_USER = re.compile(r"[UW][A-Z0-9]{2,30}")
_SNOOZES = (
    (mark("30 minutes"), 30),
    (mark("1 hour"), 60),
    (mark("4 hours"), 240),
    (mark("16 hours"), 960),
)
_NOT_REACHED = (PageStatus.FAILED, PageStatus.UNCERTAIN)
_RIGHT = {
    WasRight.YES: mark("The bot was right."),
    WasRight.PARTLY: mark("The bot was partly right."),
    WasRight.NO: mark("The bot was wrong."),
    WasRight.NOT_SAID: "",
}
_WHERE = {
    SeenIn.ABOVE: mark("My message above"),
    SeenIn.DIRECT: mark("My direct message to you"),
}
_TRUTH, _NAME, _DRAFT = Limit(1_200), Limit(80), Limit(2_800)


def standing_card(reply: HumanCalled) -> SlackMessage:
    """For the thread of whoever asked."""
    if reply.seen_in is not SeenIn.HERE:
        return _pointer(reply)
    escalation, truth = reply.escalation, reply.truth
    mark, words = standing_mark(escalation.state), standing_words(escalation, reply.called_at)
    details = [why_called(escalation)]
    page = escalation.page
    is_open = escalation.state is State.OPEN
    if page is not None and (page.status in _NOT_REACHED or (page.is_nobody and is_open)):
        details.insert(0, f"🔶 {page_words(page)}")
    if escalation.fault:
        details.insert(0, f"🔶 {say(escalation.fault)}")
    if not escalation.state.is_over:
        details.append(say("What you write in this thread reaches those on call."))
    standing = _standing(f"{mark} {words}", escalation, reply.called_at)
    parts = [section(*standing, *_by(escalation), text("."))]
    parts += _truth_parts(truth)
    summary = "\n".join([f"{mark} {words}.", *_truth_words(truth), *details])
    return SlackMessage(
        mrkdwn(summary), (rich(*parts), context(*details, say("Escalation {id}", id=escalation.id)))
    )


def _standing(
    words: str, escalation: Escalation, called_at: datetime | None
) -> tuple[Element, ...]:
    """`words`, whose time everybody reads by their own clock."""
    at = called_at or escalation.snoozed_until
    before, said, after = words.partition(moment(at)) if at is not None else (words, "", "")
    if at is None or not said:
        return (text(words, bold=True),)
    ends = (text(after, bold=True),) if after else ()
    return (text(before, bold=True), date(at, said), *ends)


def _pointer(reply: HumanCalled) -> SlackMessage:
    words = "🔔 " + say(
        "Those on call have it. {where} says where it stands.", where=say(_WHERE[reply.seen_in])
    )
    named = context(say("Escalation {id}", id=reply.escalation.id))
    return SlackMessage(mrkdwn(words), (rich(section(text(words))), named))


def _by(escalation: Escalation) -> tuple[Element, ...]:
    if escalation.state is State.OPEN or not escalation.responder:
        return ()
    return (text(" · "), person(escalation.responder))


def with_human(message: SlackMessage, turn_id: str) -> SlackMessage:
    """With a button beside the others that asks for a human; without it where there is no room."""
    rows = [number for number, block in enumerate(message.blocks) if block["type"] == "actions"]
    if not rows or not turn_id or not BUTTON_VALUE.fits(turn_id):
        return message
    row = message.blocks[rows[-1]]["elements"]
    wider = actions([*row, button(say("Ask a human"), ASK_HUMAN, turn_id)])
    blocks = (*message.blocks[: rows[-1]], wider, *message.blocks[rows[-1] + 1 :])
    offered = replace(message, blocks=blocks)
    return offered if offered.fits else message


def person(user_id: str) -> Element:
    """Somebody's name as Slack shows it; it calls them where the message is new."""
    if _USER.fullmatch(user_id):
        return {"type": "user", "user_id": user_id}
    return text(_NAME.head(user_id))


def handoff_card(handoff: Handoff) -> SlackMessage:
    """Everything that somebody needs who comes to it out of sleep."""
    escalation = handoff.escalation
    summary = mrkdwn(
        "\n".join(
            [
                f"{standing_mark(escalation.state)} {say(escalation.subject.title)}",
                f"{standing_words(escalation, handoff.called_at)}.",
                why_called(escalation),
            ]
        )
    )
    return fit(lambda room: SlackMessage(summary, tuple(_handoff_blocks(handoff, room))))


def _handoff_blocks(handoff: Handoff, room: Room) -> Iterator[Block]:
    escalation, diagnosis = handoff.escalation, handoff.diagnosis
    yield header(f"{standing_mark(escalation.state)} {say(escalation.subject.title)}")
    words = standing_words(escalation, handoff.called_at)
    standing = _standing(words, escalation, handoff.called_at)
    why = text(f"\n{Limit(room.prose).head(why_called(escalation))}")
    yield rich(section(*standing, *_by(escalation), why, *_paged(escalation, room)))
    yield from _question(handoff, room)
    if diagnosis is not None:
        yield from _verdict(diagnosis, room)
    yield from _reach(handoff, room)
    if diagnosis is not None and handoff.truth is None:
        yield from _tried(diagnosis, room)
    if handoff.truth is not None:
        yield rich(*_truth_parts(handoff.truth))
    yield from _buttons(handoff, room)
    notes = [say_many("{n} thread is told", "{n} threads are told", handoff.parties)]
    if handoff.runbook:
        notes.append(say("Runbook: {name}", name=Limit(80).head(handoff.runbook)))
    yield small_print(escalation.id, *notes)


def _paged(escalation: Escalation, room: Room) -> tuple[Element, ...]:
    """What became of the page, and where the pager shows it."""
    page, words = escalation.page, page_words(escalation.page)
    if page is None or not words:
        return ()
    said = text(f"\n{Limit(room.prose).head(words)}")
    if not page.link.startswith("https://") or not room.urls:
        return (said,)
    return (said, text("  "), link(say("Open the page"), page.link))


def _question(handoff: Handoff, room: Room) -> Iterator[Block]:
    question = handoff.escalation.subject.question
    links = [link(say("thread {n}", n=place), url) for place, url in enumerate(handoff.asked_in, 1)]
    asked_in = [part for one in links for part in (text("  "), one)] if room.urls else []
    if question.strip():
        words = Limit(min(room.prose, 500)).head(question)
        yield rich(section(text(say("The question"), bold=True), *asked_in), quote(text(words)))
    elif asked_in:
        yield rich(section(text(say("Asked in"), bold=True), *asked_in))


def _verdict(diagnosis: Diagnosis, room: Room) -> Iterator[Block]:
    verdict = diagnosis.verdict
    said = f"{MARKS[verdict.kind]} {say(verdict.kind.headline)}"
    if verdict.kind is not VerdictKind.UNKNOWN:
        said += f": {say(verdict.title)} ({percent(verdict.confidence)})"
    what = Limit(room.prose).head(diagnosis.what_happened or verdict.why)
    yield rich(
        section(
            text(say("What I found") + "  ", bold=True),
            text(Limit(300).head(said)),
            text(f"\n{target_words(diagnosis.target)}", code=False),
            *((text(f"\n{what}"),) if what else ()),
        )
    )
    for deciding in telling(verdict.quotes)[:1]:
        yield rich(preformatted(Limit(room.quote).tail(quoted_words(deciding))))
        yield context(origin_of(deciding))
    if missing := unseen(verdict.gaps, room.items):
        yield context(missing)


def _reach(handoff: Handoff, room: Room) -> Iterator[Block]:
    words = reach_words(handoff.reach)
    calls = handoff.escalation.count
    counted = say_many("{n} call so far", "{n} calls so far", calls) if calls > 1 else ""
    said = ". ".join(part for part in (words, counted) if part)
    if said:
        yield rich(
            section(text(say("Blast radius") + "  ", bold=True), text(Limit(room.prose).head(said)))
        )


def _tried(diagnosis: Diagnosis, room: Room) -> Iterator[Block]:
    """What was looked at and ruled out, what is left to find out, and what the runbook says."""
    verdict, size = diagnosis.verdict, Limit(min(room.step, 200))
    out = [f"{ruled_out_words(one)}: {say(one.reason)}" for one in verdict.ruled_out[: room.items]]
    if diagnosis.lines_read:
        one, many = mark_many("{n} line of its log was read", "{n} lines of its log were read")
        out.insert(0, say_many(one, many, diagnosis.lines_read))
    parts: list[Element] = []
    if out:
        parts.append(section(text(say("Tried and ruled out"), bold=True)))
        parts.append(listing((text(size.head(one)),) for one in out))
    parts.append(
        section(text(say("Open question") + "  ", bold=True), text(_open_question(diagnosis)))
    )
    if diagnosis.check:
        parts.append(section(text(say("The runbook says to check"), bold=True)))
        parts += rich_parts(diagnosis.check, Limit(room.step), trusted=True)
    yield rich(*parts)


def _open_question(diagnosis: Diagnosis) -> str:
    verdict = diagnosis.verdict
    others = ", ".join(f"“{one}”" for one in possible_words(verdict)[:4])
    if verdict.kind is VerdictKind.UNKNOWN:
        return (
            say("What is it? It may be {others}.", others=others) if others else say("What is it?")
        )
    if others:
        cause = f"“{cause_words(verdict.cause, verdict.title)}”"
        return say("Is it really {cause}, or rather {others}?", cause=cause, others=others)
    return say("Why did it come to that, and will it come again?")


def _buttons(handoff: Handoff, room: Room) -> Iterator[Block]:
    escalation, diagnosis = handoff.escalation, handoff.diagnosis

    def press(label: str, act: Act, primary: bool = False) -> Element:
        named = action_id(act, escalation.id, escalation.hands)
        return button(label, named, escalation.id, primary=primary)

    if escalation.state.is_over:
        told = (
            say("Say what was true …") if handoff.truth is None else say("Correct what was true …")
        )
        is_resolved = escalation.state is State.RESOLVED
        correct = [press(told, Act.CORRECT)] if is_resolved else []
        yield actions([press(say("Open again"), Act.REOPEN), *correct])
        return
    row = []
    if escalation.state in (State.OPEN, State.HANDED_ON):
        row.append(press(say("Acknowledge"), Act.ACKNOWLEDGE, primary=True))
    if escalation.state is not State.OPEN:
        row.append(press(say("Take over"), Act.TAKE_OVER))
    if escalation.state is not State.MITIGATED:
        row.append(press(say("Mitigated"), Act.MITIGATE))
    row.append(press(say("Resolve …"), Act.RESOLVE))
    yield actions(row)
    yield actions([_hand_to(escalation), _snooze(escalation)])
    if diagnosis is not None and (pages := link_buttons(diagnosis.links, room.urls)):
        yield actions(pages)


def _hand_to(escalation: Escalation) -> Element:
    return {
        "type": "users_select",
        "action_id": action_id(Act.HAND_TO, escalation.id, escalation.hands),
        "placeholder": plain(say("Hand to …")),
    }


def _snooze(escalation: Escalation) -> Element:
    options = [(say(label), str(minutes)) for label, minutes in _SNOOZES]
    return select(say("Snooze …"), action_id(Act.SNOOZE, escalation.id, escalation.hands), options)


def _truth_parts(truth: Truth | None) -> list[Element]:
    if truth is None:
        return []
    parts = []
    for label, words in _said(truth):
        if words:
            parts.append(section(text(f"{label}  ", bold=True), text(_TRUTH.head(words))))
    if right := _RIGHT[truth.bot]:
        parts.append(section(text(say(right), italic=True)))
    return parts


def _truth_words(truth: Truth | None) -> list[str]:
    if truth is None:
        return []
    return [f"{label}: {_TRUTH.head(words)}" for label, words in _said(truth) if words]


def _said(truth: Truth) -> tuple[tuple[str, str], ...]:
    return (say("What was wrong"), truth.was_wrong), (say("What fixed it"), truth.fixed_by)


def call_out_message(call: CallOut) -> SlackMessage:
    """The one message that is meant to call people."""
    people: list[Element] = [person(user) for user in call.users]
    if call.is_for_all:
        people.append({"type": "broadcast", "range": "channel"})
    named = [part for one in people for part in (one, text(" "))]
    words = say(call.words)
    parts = [*named, text(words)]
    if call.title:
        title = Limit(500).head(say(call.title))
        parts, words = [text(f"🔔 {title}\n", bold=True), *parts], f"🔔 {title}\n{words}"
    if call.link:
        parts += [text("  "), link(say("Open the card"), call.link)]
    return SlackMessage(mrkdwn(words), (rich(section(*parts)),))


def draft_message(draft: Draft) -> SlackMessage:
    """Of a long draft the beginning, which says what it is told by."""
    words = say("A runbook for the next time, to be finished and saved as {name}:", name=draft.name)
    shown = preformatted(_DRAFT.head(draft.words))
    return SlackMessage(mrkdwn(words), (rich(section(text(words)), shown),))


def relayed_message(relayed: Relayed) -> SlackMessage:
    """Somebody else's words, with who said them; they call and link nobody."""
    said = Limit(2_500).head(relayed.text)
    side = say(relayed.side)
    who = text(_NAME.head(relayed.user), bold=True)  # a mention would call them
    parts = [section(text("💬 "), who, text(f" {side}:", italic=True))]
    if said.strip():
        parts.append(quote(text(said)))
    if relayed.files:
        files = [(text("📎 "), link(one.name, one.url)) for one in relayed.files[:10]]
        parts.append(listing(files))
    return SlackMessage(mrkdwn(f"{side}: {said}"), (rich(*parts),))
