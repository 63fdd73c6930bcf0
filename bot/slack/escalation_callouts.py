"""Whom a deed about an escalation calls, and with which words."""

from __future__ import annotations

from bot.domain.escalations import WAITING, Deed, Escalation, Kind
from bot.domain.oncall import OnCallNow
from bot.slack.escalation_values import CallOut
from bot.words import mark, say

_ON_CALL = mark("you are on call for this (level {n}). Please acknowledge it above.")


def call_out_of(escalation: Escalation, deed: Deed, found: OnCallNow | None) -> CallOut | None:
    """Whom the deed calls; None where the card says enough."""
    holder = (escalation.responder,) if escalation.responder else ()
    match deed.kind:
        case Kind.LEVEL_RAISED if found is not None:
            return _level_called(found)
        case Kind.OPENED if holder:
            return CallOut(
                mark("this is about a Dag of yours. Please acknowledge it above."), holder
            )
        case Kind.HANDED_ON | Kind.WOKEN:
            return CallOut(mark("this is yours now. Please acknowledge it above."), holder)
        case Kind.CHANNEL_CALLED:
            return CallOut(mark("Nobody has acknowledged this yet. Who can look?"), is_for_all=True)
        case Kind.REMINDED if escalation.state in WAITING:
            return CallOut(mark("Still nobody has acknowledged this."), is_for_all=True)
        case Kind.REMINDED:
            return CallOut(mark("still yours. Resolve it, hand it on, or snooze it."), holder)
    return None


def _level_called(found: OnCallNow) -> CallOut:
    users = tuple(one.user_id for one in found.responders if one.user_id)
    named = ", ".join(one.name for one in found.responders if not one.user_id)
    words = say(_ON_CALL, n=found.level)
    if named:
        words = say("{named} (not known in Slack): {words}", named=named, words=words)
    if not found.responders:
        fault = f" {found.fault}" if found.fault else ""
        words = say("Nobody is on call at level {n}.", n=found.level) + fault
    return CallOut(words, users)
