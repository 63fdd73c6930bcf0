"""The card that offers a draft of a runbook, and says what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from bot.domain.runbook_drafts import DraftOrigin, DraftState, RunbookDraft
from bot.domain.verdicts import VerdictKind
from bot.services.runbook_growth import PATCH
from bot.slack.blocks.kit import (
    Block,
    Element,
    actions,
    button,
    context,
    header,
    mrkdwn,
    preformatted,
    rich,
    section,
    select,
    text,
)
from bot.slack.blocks.message import SlackMessage
from bot.slack.growth_values import DraftAct, RunbookOffer, action_id
from bot.slack.limits import Limit
from bot.words import mark, say, say_many

_TITLE = Limit(200)
_SIGNATURE = Limit(400)
_FAULT = Limit(200)
_FAULTS = 3
_SIGNATURES = re.compile(r"^signatures: \[(.*)\](?:  #.*)?$", re.M)
_USER = re.compile(r"[UW][A-Z0-9]{2,30}")
_RESOLVED = mark("Drafted from what somebody found out.")
_HEADINGS = {
    DraftState.PROPOSED: mark("A runbook to be"),
    DraftState.APPROVED: mark("Runbook approved"),
    DraftState.REJECTED: mark("Runbook rejected"),
}


def offer_message(offer: RunbookOffer) -> SlackMessage:
    draft = offer.draft
    title = _TITLE.head(" ".join(draft.title.split()))
    heading = say(_HEADINGS[draft.state])
    return SlackMessage(mrkdwn(f"{heading}: {title}"), tuple(_blocks(draft, heading, title)))


def _blocks(draft: RunbookDraft, heading: str, title: str) -> Iterator[Block]:
    yield header(heading)
    parts = [section(text(title, bold=True), text(f"\n{_why(draft)}"))]
    if draft.state is DraftState.PROPOSED:
        parts.append(section(text(say("It is told by:"))))
        parts.append(preformatted(_SIGNATURE.head(_signature(draft))))
    yield rich(*parts)
    if draft.state is not DraftState.PROPOSED:
        yield rich(section(*_decision(draft)))
    elif draft.faults:
        yield context(
            say("It does not keep its word yet:"), *map(_FAULT.head, draft.faults[:_FAULTS])
        )
    else:
        yield context(say("Checked against all examples of all runbooks."))
    if draft.state is DraftState.PROPOSED:
        yield actions(list(_deeds(draft)))
    yield context(f"{draft.file} · {draft.id}")


def _deeds(draft: RunbookDraft) -> Iterator[Element]:
    yield button(say("Show the patch"), action_id(DraftAct.SHOW, draft), draft.id)
    kinds = [one for one in VerdictKind if one is not VerdictKind.UNKNOWN]
    sides = [(say(one.headline), one.value) for one in kinds]
    yield select(say("Approve as…"), action_id(DraftAct.APPROVE, draft), sides)
    yield button(say("Reject"), action_id(DraftAct.REJECT, draft), draft.id)


def _why(draft: RunbookDraft) -> str:
    if draft.origin is DraftOrigin.RESOLVED:
        return say(_RESOLVED)
    return say_many(
        "It failed so on {n} run, without a runbook.",
        "It failed so on {n} runs, without a runbook.",
        draft.count,
    )


def _decision(draft: RunbookDraft) -> Iterator[Element]:
    if _USER.fullmatch(draft.decided_by):
        yield {"type": "user", "user_id": draft.decided_by}
        yield text(" ")
    if draft.state is DraftState.REJECTED:
        yield text(say("has rejected it; it is not drafted again."))
    elif draft.note == PATCH:
        yield text(say("has approved it; it comes into force with the patch below."))
    else:
        yield text(say("has approved it; it is in force as {file}.", file=draft.file))


def _signature(draft: RunbookDraft) -> str:
    """As it is matched; the file has it quoted."""
    found = _SIGNATURES.search(draft.text)
    return "\n".join(json.loads(f"[{found[1]}]")) if found else ""
