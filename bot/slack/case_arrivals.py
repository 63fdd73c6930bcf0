"""The form that words a case anew, sent, read once into a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.casework import fragment_of
from bot.slack.arrivals import Identity, Ignored
from bot.slack.blocks.case import CAUSE, FIX
from bot.slack.case_values import CaseAct, CasePlace, CasePressed
from bot.slack.reading import Reading, asker_of, read
from bot.slack.shapes import ViewSubmission

_PARTS = 5


def read_case_form(
    body: Mapping[str, Any], reading: Reading, bot: Identity
) -> CasePressed | Ignored:
    payload = read(body, ViewSubmission)
    view = payload.view
    where = (view.private_metadata or "").split(" ")
    if len(where) != _PARTS:
        return Ignored(f"form {view.callback_id} without its case")
    case, shown, *place = where
    values = view.state.values
    return CasePressed(
        # Named after the case, with which its words are deleted.
        key=f"{bot.team_id}:form:{view.id}:{fragment_of(case)}",
        case=case,
        shown=shown,
        act=CaseAct.EDIT,
        at=reading.now(),
        place=CasePlace(*place),
        workspace=bot.team_id,
        asker=asker_of(payload.user.id, payload.user.team_id or "", bot),
        fix=reading.clean(_text(values, FIX)),
        cause=reading.clean(_text(values, CAUSE)),
    )


def _text(values: Mapping[str, Mapping[str, Any]], name: str) -> str:
    answer = values.get(name, {}).get(name)
    value = answer.get("value") if isinstance(answer, Mapping) else None
    return value if isinstance(value, str) else ""
