"""What is shown and pressed of drafts of runbooks, as values that outlive the process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.questions import Asker
from bot.domain.runbook_drafts import RunbookDraft
from bot.domain.verdicts import VerdictKind
from bot.slack.shapes import Action


class DraftAct(StrEnum):
    """Action ids; each is followed by the draft's id and the version that it was shown in."""

    SHOW = "runbook_show"
    APPROVE = "runbook_approve"
    REJECT = "runbook_reject"

    def pattern(self) -> re.Pattern[str]:
        return re.compile(rf"^{self.value}:")


@dataclass(frozen=True, slots=True)
class RunbookOffer:
    """A draft in the channel of those who decide about it, or what came of it."""

    draft: RunbookDraft


@dataclass(frozen=True, slots=True)
class DraftPlace:
    """Where the offer stands that something was pressed on."""

    channel: str
    thread: str
    message: str


@dataclass(frozen=True, slots=True)
class DraftPressed:
    """Somebody pressed something under the offer of a draft in that version. `verdict` is whose
    side they say it is on."""

    key: str
    draft: str
    version: int
    act: DraftAct
    at: datetime
    place: DraftPlace
    workspace: str
    asker: Asker
    verdict: VerdictKind | None = None


def action_id(act: DraftAct, draft: RunbookDraft) -> str:
    return f"{act.value}:{draft.id}:{draft.version}"


def read_draft_press(
    action: Action, place: DraftPlace, key: str, at: datetime, asker: Asker
) -> DraftPressed | None:
    """None where something else was pressed."""
    name, _, rest = action.action_id.partition(":")
    draft, _, version = rest.partition(":")
    if name not in set(DraftAct) or not draft or not version.isdecimal():
        return None
    chosen = action.selected_option.value if action.selected_option else ""
    verdict = VerdictKind(chosen) if chosen in set(VerdictKind) else None
    workspace = key.partition(":")[0]
    return DraftPressed(
        key, draft, int(version), DraftAct(name), at, place, workspace, asker, verdict
    )
