"""What is shown and pressed of resolved cases, as values that outlive the process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.questions import Asker
from bot.domain.resolved_cases import ResolvedCase
from bot.slack.shapes import Action

CASE_FORM = "case_edited"
"""The callback id of the form in which somebody words a case anew."""


class CaseAct(StrEnum):
    """Action ids; each is followed by the case's id and the text that was shown."""

    APPROVE = "case_approve"
    EDIT = "case_edit"
    REJECT = "case_reject"

    def pattern(self) -> re.Pattern[str]:
        return re.compile(rf"^{self.value}:")


@dataclass(frozen=True, slots=True)
class CaseOffer:
    """A case for those who decide about it, or what came of it. `shown` names the draft's text."""

    case: ResolvedCase
    shown: str


@dataclass(frozen=True, slots=True)
class CasePlace:
    """Where the offer stands that something was pressed on."""

    channel: str
    thread: str
    message: str


@dataclass(frozen=True, slots=True)
class CasePressed:
    """Somebody pressed something under the offer of a case, or sent the form with other words for
    it. `trigger_id` opens that form within three seconds; `shown` names the text that they saw."""

    key: str
    case: str
    shown: str
    act: CaseAct
    at: datetime
    place: CasePlace
    workspace: str
    asker: Asker
    trigger_id: str = ""
    fix: str = ""
    cause: str = ""

    @property
    def is_form_wanted(self) -> bool:
        return self.act is CaseAct.EDIT and bool(self.trigger_id)


def action_id(act: CaseAct, offer: CaseOffer) -> str:
    return f"{act.value}:{offer.case.id}:{offer.shown}"


def read_case_press(
    action: Action, place: CasePlace, key: str, trigger_id: str, at: datetime, asker: Asker
) -> CasePressed | None:
    """None where something else was pressed."""
    name, _, rest = action.action_id.partition(":")
    case, _, shown = rest.partition(":")
    if name not in set(CaseAct) or not case or not shown:
        return None
    act = CaseAct(name)
    trigger = trigger_id if act is CaseAct.EDIT else ""
    return CasePressed(key, case, shown, act, at, place, key.partition(":")[0], asker, trigger)
