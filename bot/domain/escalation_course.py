"""The course of an escalation: what a deed makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.domain.escalations import (
    WAITING,
    Call,
    Deed,
    Escalation,
    Kind,
    PageNote,
    State,
)
from bot.domain.oncall import PageStatus
from bot.words import mark

_OF_TIME = frozenset(
    {Kind.LEVEL_RAISED, Kind.CHANNEL_CALLED, Kind.REMINDED, Kind.WOKEN, Kind.EXPIRED}
)
_BY_PEOPLE = frozenset(
    {
        Kind.ACKNOWLEDGED,
        Kind.TAKEN_OVER,
        Kind.HANDED_ON,
        Kind.SNOOZED,
        Kind.MITIGATED,
        Kind.RESOLVED,
        Kind.REOPENED,
    }
)
# A resolution takes minutes to write, and holds whatever was pressed meanwhile.
_WHATEVER_WAS_SEEN = frozenset({Kind.RESOLVED})


@dataclass(frozen=True, slots=True)
class Advanced:
    escalation: Escalation


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed; `reason` is for whoever tried."""

    reason: str


def opened(call: Call, escalation_id: str) -> Escalation:
    """A new escalation, in which nobody on call was called yet."""
    return Escalation(
        id=escalation_id,
        key=call.incident,
        state=State.HANDED_ON if call.first else State.OPEN,
        severity=call.severity,
        fired=call.fired,
        subject=call.subject,
        opened_at=call.at,
        since=call.at,
        touched_at=call.at,
        joined_at=call.at,
        responder=call.first,
    )


def advance(escalation: Escalation, deed: Deed) -> Advanced | Refused:
    """What `deed` makes of it. Times never run backwards, whatever clocks say."""
    deed = replace(deed, at=max(deed.at, escalation.since))
    reason = _refusal(escalation, deed)
    if reason:
        return Refused(reason)
    changed = _DONE[deed.kind](escalation, deed)
    moves = deed.kind in _OF_TIME or deed.kind in _BY_PEOPLE or _is_graver(escalation, deed)
    moves = moves or _is_found_empty(escalation, changed)
    by_people, is_woken = deed.kind in _BY_PEOPLE, deed.kind is Kind.WOKEN
    return Advanced(
        replace(
            changed,
            version=escalation.version + 1,
            moves=escalation.moves + moves,
            hands=escalation.hands + by_people,
            touched_at=deed.at if by_people or is_woken else escalation.touched_at,
        )
    )


def _refusal(escalation: Escalation, deed: Deed) -> str:
    if deed.kind is Kind.FORGOTTEN:
        return ""
    if deed.kind is Kind.EXPLAINED:
        return "" if escalation.state is State.RESOLVED else mark("It is not resolved.")
    if deed.kind is Kind.REOPENED:
        return "" if escalation.state.is_over else mark("It is not over yet.")
    if escalation.state.is_over:
        if escalation.state is State.RESOLVED:
            return mark("It is resolved already. Open it again first.")
        return mark("It is expired already. Open it again first.")
    if deed.kind in _OF_TIME:
        return "" if deed.moves == escalation.moves else mark("It has moved on since.")
    if deed.kind not in _WHATEVER_WAS_SEEN and deed.seen not in (None, escalation.hands):
        return mark("Somebody was quicker: look at how it stands now.")
    return _refusal_by_kind(escalation, deed)


def _refusal_by_kind(escalation: Escalation, deed: Deed) -> str:
    match deed.kind:
        case Kind.OPENED:
            return mark("It is open already.")
        case Kind.ACKNOWLEDGED if escalation.state not in WAITING:
            return mark("Somebody has it already. Take it over if it is to be yours.")
        case Kind.TAKEN_OVER if _is_held_by(escalation, deed.by):
            return mark("It is yours already.")
        case Kind.HANDED_ON if not deed.to:
            return mark("Say who is to have it.")
        case Kind.HANDED_ON if _is_held_by(escalation, deed.to):
            return mark("They have it already.")
        case Kind.SNOOZED if deed.until is None or deed.until <= deed.at:
            return mark("Say until when, in the future.")
        case Kind.MITIGATED if escalation.state is State.MITIGATED:
            return mark("It is mitigated already.")
    return ""


def _is_held_by(escalation: Escalation, user_id: str) -> bool:
    held = escalation.state in (State.ACKNOWLEDGED, State.MITIGATED, State.HANDED_ON)
    return held and escalation.responder == user_id


def _is_graver(escalation: Escalation, deed: Deed) -> bool:
    return deed.severity is not None and deed.severity > escalation.severity


def _is_found_empty(before: Escalation, after: Escalation) -> bool:
    """Whether the level that was called turns out to have nobody: the next one is due then."""
    return after.page is not None and after.page.is_nobody and after.page != before.page


def _moved(escalation: Escalation, deed: Deed, state: State) -> Escalation:
    """In `state`, where a new waiting begins."""
    return replace(escalation, state=state, since=deed.at, reminders=0, snoozed_until=None)


def _joined(escalation: Escalation, deed: Deed) -> Escalation:
    severity = max(escalation.severity, deed.severity or escalation.severity)
    joined_at = max(escalation.joined_at, deed.at)
    count = escalation.count + 1
    return replace(escalation, count=count, joined_at=joined_at, severity=severity)


def _level_raised(escalation: Escalation, deed: Deed) -> Escalation:
    """Whoever it was handed on to did not take it."""
    level, moved = escalation.level + 1, _moved(escalation, deed, State.OPEN)
    return replace(moved, level=level, responder="", page=None)


def _channel_called(escalation: Escalation, deed: Deed) -> Escalation:
    moved = _moved(escalation, deed, State.OPEN)
    return replace(moved, is_channel_called=True, responder="")


def _reminded(escalation: Escalation, deed: Deed) -> Escalation:
    return replace(escalation, since=deed.at, reminders=escalation.reminders + 1)


def _woken(escalation: Escalation, deed: Deed) -> Escalation:
    """As if handed to whoever snoozed it."""
    return _moved(escalation, deed, State.HANDED_ON)


def _paged(escalation: Escalation, deed: Deed) -> Escalation:
    if deed.level < escalation.level:
        return escalation  # another level was called meanwhile
    status = deed.status or PageStatus.UNCERTAIN
    page = PageNote(
        deed.level, status, deed.names, deed.words, deed.link, is_tried_again=deed.is_tried_again
    )
    return replace(escalation, page=page)


def _card_told(escalation: Escalation, deed: Deed) -> Escalation:
    return replace(escalation, fault=deed.words)


def _acknowledged(escalation: Escalation, deed: Deed) -> Escalation:
    return replace(_moved(escalation, deed, State.ACKNOWLEDGED), responder=deed.by)


def _taken_over(escalation: Escalation, deed: Deed) -> Escalation:
    is_mitigated = escalation.state is State.MITIGATED
    state = State.MITIGATED if is_mitigated else State.ACKNOWLEDGED
    return replace(_moved(escalation, deed, state), responder=deed.by)


def _handed_on(escalation: Escalation, deed: Deed) -> Escalation:
    moved = _moved(escalation, deed, State.HANDED_ON)
    return replace(moved, responder=deed.to, is_channel_called=False)


def _snoozed(escalation: Escalation, deed: Deed) -> Escalation:
    moved = _moved(escalation, deed, State.SNOOZED)
    return replace(moved, responder=deed.by, snoozed_until=deed.until, is_channel_called=False)


def _mitigated(escalation: Escalation, deed: Deed) -> Escalation:
    responder = escalation.responder or deed.by
    return replace(_moved(escalation, deed, State.MITIGATED), responder=responder)


def _resolved(escalation: Escalation, deed: Deed) -> Escalation:
    responder = escalation.responder or deed.by
    return replace(_moved(escalation, deed, State.RESOLVED), responder=responder)


def _explained(escalation: Escalation, deed: Deed) -> Escalation:
    """It stays as it is: what was true is kept beside it."""
    return escalation


def _forgotten(escalation: Escalation, deed: Deed) -> Escalation:
    return replace(escalation, subject=replace(escalation.subject, question="", turn_id=""))


def _expired(escalation: Escalation, deed: Deed) -> Escalation:
    return _moved(escalation, deed, State.EXPIRED)


def _reopened(escalation: Escalation, deed: Deed) -> Escalation:
    moved = _moved(escalation, deed, State.OPEN)
    return replace(
        moved,
        responder="",
        level=0,
        is_channel_called=False,
        page=None,
        joined_at=deed.at,
        openings=escalation.openings + 1,
    )


_DONE: Mapping[Kind, Callable[[Escalation, Deed], Escalation]] = {
    Kind.JOINED: _joined,
    Kind.LEVEL_RAISED: _level_raised,
    Kind.CHANNEL_CALLED: _channel_called,
    Kind.REMINDED: _reminded,
    Kind.WOKEN: _woken,
    Kind.EXPIRED: _expired,
    Kind.PAGED: _paged,
    Kind.PAGE_FAILED: _paged,
    Kind.CARD_REFUSED: _card_told,
    Kind.CARD_SHOWN: _card_told,
    Kind.ACKNOWLEDGED: _acknowledged,
    Kind.TAKEN_OVER: _taken_over,
    Kind.HANDED_ON: _handed_on,
    Kind.SNOOZED: _snoozed,
    Kind.MITIGATED: _mitigated,
    Kind.RESOLVED: _resolved,
    Kind.EXPLAINED: _explained,
    Kind.REOPENED: _reopened,
    Kind.FORGOTTEN: _forgotten,
}
