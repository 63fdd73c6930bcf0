"""Whether a retry helps, said plainly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.evidence import DagRun, Evidence, UnmetDependency
from bot.domain.runbooks import Section
from bot.domain.verdicts import RetryAdvice, VerdictKind
from tests.answering.cases import EVIDENCE, RUNBOOK, TASK_INSTANCE, VERDICT, diagnosed, with_task


def facts(evidence: Evidence) -> dict[str, str]:
    return dict(diagnosed(evidence=evidence).facts)


def retry(advice: RetryAdvice, evidence: Evidence, kind: VerdictKind = VerdictKind.CODE) -> str:
    return diagnosed(replace(VERDICT, retry=advice, kind=kind), evidence).retry_text


@pytest.mark.parametrize(
    ("advice", "told"),
    [
        (RetryAdvice.HELPS, "Yes (2 tries failed already): nothing in the code has to change."),
        (RetryAdvice.AFTER_FIX, "Only after the fix (2 tries failed already); then clear the task"),
        (RetryAdvice.POINTLESS, "No (2 tries failed already): the same run will meet the same end"),
        (RetryAdvice.UNKNOWN, "I can't say (2 tries failed already)"),
    ],
)
def test_whether_a_retry_helps_is_said_plainly(advice: RetryAdvice, told: str) -> None:
    assert retry(advice, EVIDENCE).startswith(told)


def test_a_coming_retry_is_named_with_its_time() -> None:
    unmet = UnmetDependency(
        "Not In Retry Period",
        "Task is not ready for retry yet but will be retried automatically. Current date is "
        "2026-11-22T06:00:00+00:00 and task will be retried at 2026-11-22T06:10:00+00:00.",
    )
    evidence = replace(with_task(state="up_for_retry", try_number=1, max_tries=3), unmet=(unmet,))
    assert retry(RetryAdvice.HELPS, evidence) == (
        "Airflow starts try 2 of 4 by itself at 06:10:00 UTC. "
        "That may be all it takes, so wait for it first."
    )
    assert "unless the fix is in before then" in retry(RetryAdvice.AFTER_FIX, evidence)
    assert facts(evidence)["State"] == "up_for_retry, next try at 06:10:00 UTC"


def test_many_failed_tries_make_a_retry_no_honest_advice() -> None:
    tries = tuple(replace(TASK_INSTANCE, try_number=number) for number in range(1, 5))
    evidence = replace(EVIDENCE, tries=tries, task_instance=tries[-1])
    assert retry(RetryAdvice.HELPS, evidence).startswith("Perhaps")


def test_tries_that_airflow_did_not_use_are_mentioned() -> None:
    evidence = with_task(try_number=1, max_tries=2)
    assert "Airflow had 2 more tries left and did not use them." in retry(
        RetryAdvice.AFTER_FIX, evidence
    )


def test_a_task_without_retries_is_told_what_can_absorb_it_next_time() -> None:
    assert "can absorb this next time" in retry(
        RetryAdvice.HELPS, with_task(try_number=1, max_tries=0)
    )


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("success", "Not needed: it has succeeded on try 2."),
        ("running", "Not now: it is running on try 2."),
        ("upstream_failed", "Not by itself: it never ran."),
    ],
)
def test_nothing_is_retried_that_has_not_failed(state: str, told: str) -> None:
    assert retry(RetryAdvice.HELPS, with_task(state=state)).startswith(told)


def test_what_waits_goes_on_by_itself() -> None:
    evidence = replace(with_task(state="scheduled"), dag_run=DagRun("r", "orders", state="running"))
    assert retry(RetryAdvice.HELPS, evidence).endswith("It goes on by itself once there is room.")


def test_what_was_done_on_purpose_needs_no_cure() -> None:
    told = retry(RetryAdvice.HELPS, EVIDENCE, VerdictKind.OPERATOR)
    assert "nothing to cure" in told


def test_a_task_that_succeeded_since_is_not_to_be_cleared() -> None:
    known = replace(
        RUNBOOK,
        sections=(Section("Fix", "1. Clear the task.\n2. Make it idempotent. Risk: none.\n"),),
    )
    succeeded = replace(
        EVIDENCE,
        task_instance=replace(TASK_INSTANCE, state="success"),
        tries=(replace(TASK_INSTANCE, try_number=1), replace(TASK_INSTANCE, state="success")),
    )
    assert diagnosed(evidence=succeeded, known=known).steps == (
        "Nothing for this run: try 2 has succeeded.",
        "Make it idempotent.",
    )
    assert diagnosed(known=known).steps == ("Clear the task.", "Make it idempotent.")


def test_a_skipped_task_has_nothing_to_retry() -> None:
    told = retry(RetryAdvice.UNKNOWN, with_task(state="skipped"), VerdictKind.OPERATOR)
    assert told == "Nothing to retry: it was skipped. Clear it if it should run after all."
