"""What people press and write about escalations, read once into values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.escalations import Kind, WasRight
from bot.domain.questions import Asker
from bot.domain.work import Job, Priority, Queue
from bot.slack.arrivals import Identity, Ignored, Place
from bot.slack.blocks.escalation_form import BOT_WAS, FIXED_BY, WAS_WRONG
from bot.slack.escalation_presses import ASK_HUMAN, ASKS, Act, read_action
from bot.slack.reading import Reading, read
from bot.slack.shapes import Action, ViewSubmission

ACT = "escalation_act"
"""The kind of job that does what somebody pressed or sent about an escalation."""
_LONGEST_SNOOZE = 7 * 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class Acted:
    """Somebody pressed a button of the card of `escalation`, having seen `seen` hands. `to` is whom
    it is handed to, `minutes` how long it is snoozed."""

    key: str
    escalation: str
    kind: Kind
    at: datetime
    place: Place
    seen: int
    to: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class ResolveWanted:
    """The form that asks what was true is to open; `trigger_id` is good for three seconds.
    `corrects`: it was said before."""

    key: str
    escalation: str
    place: Place
    trigger_id: str
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """That form, sent."""

    key: str
    escalation: str
    user: str
    at: datetime
    was_wrong: str
    fixed_by: str
    bot: WasRight
    place: None = None
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class HumanWanted:
    """The button under an answer that asks for a human; `asker` is who pressed it."""

    key: str
    turn_id: str
    at: datetime
    place: Place
    workspace: str
    asker: Asker | None = None


EscalationArrival = Acted | ResolveWanted | Resolved | HumanWanted


def act_job(arrival: EscalationArrival) -> Job:
    """Presses about one escalation are done in the order of arrival."""
    named = arrival.turn_id if isinstance(arrival, HumanWanted) else arrival.escalation
    return Job(
        key=arrival.key,
        kind=ACT,
        body=arrival,
        queue=Queue.QUESTIONS,
        share=f"escalation act:{named}",
        priority=Priority.ASKED,
    )


def user_of(arrival: EscalationArrival) -> str:
    return arrival.user if isinstance(arrival, Resolved) else arrival.place.user


def read_press(
    action: Action, place: Place, key: str, trigger_id: str, at: datetime, asker: Asker
) -> EscalationArrival | None:
    """None where something else was pressed."""
    if action.action_id == ASK_HUMAN and action.value:
        return HumanWanted(key, action.value, at, place, key.partition(":")[0], asker)
    found = read_action(action.action_id)
    if found is None:
        return None
    act, seen = found
    if act in ASKS:
        return ResolveWanted(key, seen.escalation, place, trigger_id, act is Act.CORRECT)
    chosen = action.selected_option.value if action.selected_option else ""
    minutes = int(chosen) if chosen and chosen.isdecimal() else 0
    return Acted(
        key=key,
        escalation=seen.escalation,
        kind=act.kind,
        at=at,
        place=place,
        seen=seen.hands,
        to=action.selected_user or "",
        minutes=min(minutes, _LONGEST_SNOOZE),
    )


def read_resolved(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Resolved | Ignored:
    """The form that says what was true, sent."""
    payload = read(body, ViewSubmission)
    view = payload.view
    if not view.private_metadata:
        return Ignored(f"form {view.callback_id} without its escalation")
    values = view.state.values
    escalation, _, corrects = view.private_metadata.partition(" ")
    right = _option(_answer(values, BOT_WAS))
    return Resolved(
        key=f"{bot.team_id}:form:{view.id}",
        escalation=escalation,
        user=payload.user.id,
        at=reading.now(),
        was_wrong=reading.clean(_text(_answer(values, WAS_WRONG))),
        fixed_by=reading.clean(_text(_answer(values, FIXED_BY))),
        bot=WasRight(right) if right in set(WasRight) else WasRight.NOT_SAID,
        corrects=bool(corrects),
    )


def _answer(values: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    found = values.get(name, {}).get(name)
    return found if isinstance(found, Mapping) else {}


def _text(answer: Mapping[str, Any]) -> str:
    value = answer.get("value")
    return value if isinstance(value, str) else ""


def _option(answer: Mapping[str, Any]) -> str:
    option = answer.get("selected_option")
    value = option.get("value") if isinstance(option, Mapping) else None
    return value if isinstance(value, str) else ""
