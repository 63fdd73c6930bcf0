"""Drafts of runbooks that keep their word as far as a draft can: they pass `runbooks check`."""

from __future__ import annotations

from bot.answering.runbook_draft import draft_cause, is_usable, proofs, readable, runbook_draft
from bot.domain.answers import Diagnosis
from bot.domain.errors import RunbookError
from bot.domain.escalations import Escalation, Truth
from bot.knowledge.runbook_file import Words, read_runbook
from bot.services.check_runbooks import check_runbooks

_TRIES = 20


def checked_draft(
    escalation: Escalation, truth: Truth, diagnosis: Diagnosis | None
) -> tuple[str, str]:
    """The name of the file and its text. Of what could tell the case, the first that does."""
    truth = readable(truth)
    name = f"{draft_cause(escalation)}.md"
    usable = [one for one in proofs(truth, diagnosis) if is_usable(one[1])]
    drafts = (
        runbook_draft(escalation, truth, diagnosis, *one) for one in [*usable[:_TRIES], usable[-1]]
    )
    text = ""
    for text in drafts:
        if _passes(name, text):
            break
    return name, text


def _passes(name: str, text: str) -> bool:
    try:
        return not check_runbooks([read_runbook(text, name, Words((), ()))])
    except RunbookError:
        return False
