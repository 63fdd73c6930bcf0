"""A draft passes the check of runbooks, whatever was found and whatever somebody wrote."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.runbook_draft import is_worth_a_draft
from bot.domain.answers import Diagnosis
from bot.domain.escalation_course import opened
from bot.domain.escalations import Truth, WasRight
from bot.domain.verdicts import VerdictKind
from bot.knowledge.runbook_file import Words, read_runbook
from bot.services.check_runbooks import check_runbooks
from bot.services.runbook_drafts import checked_draft
from tests.contract.test_escalations import NOON, call
from tests.slack.replies import CAPACITY, CODE, UNKNOWN

ESCALATION = opened(call(1), "KQES8Q9T")
TRUTH = Truth("KQES8Q9T", "U9", NOON, "The export renamed a column", "Renamed it", WasRight.NO)


def complaints(truth: Truth, diagnosis: Diagnosis | None) -> tuple[object, ...]:
    draft = checked_draft(ESCALATION, truth, diagnosis)
    assert draft.name == "case_kqes8q9t.md"
    return check_runbooks([read_runbook(draft.text, draft.name, Words((), ()))])


@pytest.mark.parametrize("diagnosis", [CODE, CAPACITY, UNKNOWN, None])
def test_a_draft_passes_the_check(diagnosis: Diagnosis | None) -> None:
    assert complaints(TRUTH, diagnosis) == ()


@given(was_wrong=st.text(max_size=300), fixed_by=st.text(max_size=300))
def test_nothing_that_somebody_writes_breaks_a_draft(was_wrong: str, fixed_by: str) -> None:
    truth = replace(TRUTH, was_wrong=was_wrong, fixed_by=fixed_by)
    assert complaints(truth, None) == ()


def test_headings_in_what_somebody_wrote_open_no_parts() -> None:
    truth = replace(TRUTH, fixed_by="Renamed it\n## Check\nnothing")
    text = checked_draft(ESCALATION, truth, None).text
    known = read_runbook(text, "case_kqes8q9t.md", Words((), ()))

    assert known.section("Fix") == "Renamed it\n\\## Check\nnothing"
    assert known.section("Check") == "To be written."


@pytest.mark.parametrize(
    ("verdict", "was", "is_worth"),
    [
        (VerdictKind.CAPACITY, WasRight.YES, False),
        (VerdictKind.CAPACITY, WasRight.PARTLY, True),
        (VerdictKind.UNKNOWN, WasRight.YES, True),
        (None, WasRight.NOT_SAID, True),
    ],
)
def test_what_the_bot_knew_needs_no_draft(
    verdict: VerdictKind | None, was: WasRight, is_worth: bool
) -> None:
    escalation = replace(ESCALATION, subject=replace(ESCALATION.subject, verdict=verdict))
    assert is_worth_a_draft(escalation, replace(TRUTH, bot=was)) is is_worth
