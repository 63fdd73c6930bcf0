"""The card that offers a resolved case, what came of it, and the form that words it anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.domain.resolved_cases import CaseState, ResolvedCase, text_of
from bot.slack.blocks.escalation import person
from bot.slack.blocks.kit import (
    Block,
    Element,
    actions,
    button,
    context,
    header,
    mrkdwn,
    one_line,
    plain,
    preformatted,
    quote,
    rich,
    section,
    text,
)
from bot.slack.blocks.message import SlackMessage
from bot.slack.case_values import (
    CASE_FORM,
    CaseAct,
    CaseOffer,
    CasePressed,
    action_id,
)
from bot.slack.limits import MODAL_TITLE, Limit
from bot.words import mark, say

FIX, CAUSE = "fix", "cause"
_TITLE, _PROBLEM, _FIX, _NAMED = Limit(150), Limit(700), Limit(2_500), Limit(80)
_HEADINGS = {
    CaseState.DRAFT: mark("A case to tell others"),
    CaseState.DISPUTED: mark("A case that did not help"),
    CaseState.APPROVED: mark("Case approved"),
    CaseState.REJECTED: mark("Case rejected"),
}
_OVER = mark("Case closed")
_OPEN = (CaseState.DRAFT, CaseState.DISPUTED)
_WHAT_FOR = mark(
    "Whoever asks about a failure like this is told these words, once somebody approves them."
)


def case_message(offer: CaseOffer) -> SlackMessage:
    case = offer.case
    heading = say(_HEADINGS.get(case.state, _OVER))
    title = _TITLE.head(one_line(case.problem))
    return SlackMessage(mrkdwn(f"{heading}: {title}"), tuple(_blocks(offer, heading)))


def _blocks(offer: CaseOffer, heading: str) -> Iterator[Block]:
    case = offer.case
    yield header(heading)
    yield rich(
        section(text(say("What failed"), bold=True)),
        preformatted(_PROBLEM.head(case.problem)),
        section(text(say("What fixed it"), bold=True)),
        quote(text(_FIX.head(case.fix))),
    )
    if case.state in _OPEN:
        yield context(say(_WHAT_FOR))
        yield actions(list(_deeds(offer)))
    else:
        yield rich(section(*_decision(case)))
    yield context(" · ".join(filter(None, _notes(case))))


def _deeds(offer: CaseOffer) -> Iterator[Element]:
    for act, face in (
        (CaseAct.APPROVE, say("Approve")),
        (CaseAct.EDIT, say("Edit")),
        (CaseAct.REJECT, say("Reject")),
    ):
        is_first = act is CaseAct.APPROVE
        yield button(face, action_id(act, offer), offer.case.id, primary=is_first)


def _notes(case: ResolvedCase) -> Iterator[str]:
    yield _NAMED.head(case.dag_id)
    yield _NAMED.head(case.cause)
    yield say("Airflow {version}", version=case.airflow_version) if case.airflow_version else ""
    yield say("Case {id}", id=case.id)


def _decision(case: ResolvedCase) -> Iterator[Element]:
    if case.approved_by:
        yield person(case.approved_by)
        yield text(" ")
    if case.state is CaseState.APPROVED:
        yield text(say("has approved it; others are told."))
    elif case.state is CaseState.REJECTED:
        yield text(say("has rejected it; nobody is told."))
    else:
        yield text(say("Nobody is told of it any more."))


def case_form(case: ResolvedCase, pressed: CasePressed) -> dict[str, Any]:
    """Its answer comes back to the message that it was opened from."""
    place = pressed.place
    where = (case.id, text_of(case), place.channel, place.thread, place.message)
    return {
        "type": "modal",
        "callback_id": CASE_FORM,
        "private_metadata": " ".join(where),
        "title": plain(MODAL_TITLE.head(say("Word the case"))),
        "submit": plain(say("Approve")),
        "close": plain(say("Not yet")),
        "blocks": [
            _field(FIX, say("What fixed it"), _FIX.head(case.fix), is_long=True),
            _field(CAUSE, say("Cause, as its runbook is called"), _NAMED.head(case.cause)),
        ],
    }


def _field(name: str, label: str, value: str, *, is_long: bool = False) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "optional": not is_long,
        "label": plain(label),
        "element": {
            "type": "plain_text_input",
            "action_id": name,
            "multiline": is_long,
            "max_length": 2_500 if is_long else 80,
            **({"initial_value": value} if value else {}),
        },
    }
