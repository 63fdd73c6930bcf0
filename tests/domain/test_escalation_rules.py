"""When a human is called, and what counts as one incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.incident_key import fingerprint, incident_key
from bot.domain.escalation_rules import (
    Among,
    Occurrence,
    Threshold,
    by_verdict,
    is_countable,
    severity_of,
    threshold_of,
)
from bot.domain.escalations import Fired, Rule, Severity
from bot.domain.evidence import Evidence, TaskInstance
from bot.domain.targets import Target
from bot.domain.verdicts import Quote, RetryAdvice, Verdict, VerdictKind
from tests.scenarios.shipped import catalogue

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TARGET = Target("prod", "orders", "r1", "load")


def verdict(kind: VerdictKind, cause: str = "oom_killed", quote: str = "") -> Verdict:
    quotes = (Quote("L1", quote, "task log"),) if quote else ()
    return Verdict(kind, cause, cause, 0.9, quotes, "", RetryAdvice.UNKNOWN, "platform")


def ago(minutes: float, dag: str = "a", task: str = "a.t", host: str = "h") -> Occurrence:
    return Occurrence(NOW - timedelta(minutes=minutes), dag, task, host)


def test_every_shipped_runbook_of_the_platform_has_a_threshold_that_can_be_counted() -> None:
    for known in catalogue().failures:
        if known.verdict in (VerdictKind.PLATFORM, VerdictKind.CAPACITY):
            countable = threshold_of(known.escalate_after) is not None
            by_choice = known.escalate_after in ("", "never by itself")
            assert countable or by_choice, f"{known.path}: {known.escalate_after}"


@pytest.mark.parametrize(
    ("words", "threshold"),
    [
        ("at once", Threshold("at once")),
        ("2 occurrences in 1h", Threshold("2 occurrences in 1h", 2, timedelta(hours=1))),
        ("30 minutes", Threshold("30 minutes", lasting=timedelta(minutes=30))),
        ("1h of failures", Threshold("1h of failures", lasting=timedelta(hours=1))),
        (
            "3 occurrences in 24h for one task",
            Threshold("3 occurrences in 24h for one task", 3, timedelta(hours=24), Among.ONE_TASK),
        ),
        ("never by itself", None),
        ("twice its usual duration", None),
        ("", None),
    ],
)
def test_a_threshold_is_read_from_a_runbook(words: str, threshold: Threshold | None) -> None:
    assert threshold_of(words) == threshold


@pytest.mark.parametrize(
    ("words", "occurrences", "crossed"),
    [
        ("at once", [ago(0)], True),
        ("2 occurrences in 1h", [ago(0)], False),
        ("2 occurrences in 1h", [ago(0), ago(61)], False),
        ("2 occurrences in 1h", [ago(0), ago(59)], True),
        ("2 occurrences in 1h over different Dags", [ago(0), ago(5)], False),
        ("2 occurrences in 1h over different Dags", [ago(0), ago(5, dag="b")], True),
        ("2 occurrences in 24h on one host", [ago(0), ago(5, host="other")], False),
        ("2 occurrences in 24h on one host", [ago(0), ago(5)], True),
        ("3 occurrences in 24h for one task", [ago(0), ago(1), ago(2, task="a.u")], False),
        ("30 minutes", [ago(0), ago(29)], False),
        ("30 minutes", [ago(0), ago(31)], True),
        ("30 minutes", [ago(0), ago(61)], False),
    ],
)
def test_a_threshold_counts_what_it_says(
    words: str, occurrences: list[Occurrence], crossed: bool
) -> None:
    threshold = threshold_of(words)
    assert threshold is not None
    assert threshold.is_crossed(occurrences, NOW) is crossed


def test_only_what_the_platform_answers_for_is_counted() -> None:
    counted = {kind for kind in VerdictKind if is_countable(verdict(kind))}
    assert counted == {VerdictKind.PLATFORM, VerdictKind.CAPACITY}


def test_an_unknown_verdict_and_a_guess_call_somebody_and_nothing_else_does() -> None:
    sure = verdict(VerdictKind.CODE)

    assert by_verdict(sure, 0.5) is None
    guess, unknown = (
        by_verdict(replace(sure, confidence=0.4), 0.5),
        by_verdict(verdict(VerdictKind.UNKNOWN), 0.5),
    )
    assert [one and one.rule for one in (guess, unknown)] == [Rule.LOW_CONFIDENCE, Rule.UNKNOWN]


def test_a_failing_platform_is_grave_whoever_called() -> None:
    asked = Fired(Rule.ASKED_FOR, "")
    assert severity_of(asked, verdict(VerdictKind.PLATFORM)) is Severity.HIGH
    assert severity_of(asked, verdict(VerdictKind.CODE)) is Severity.NORMAL
    assert severity_of(asked, None) is Severity.NORMAL


def test_failures_of_different_dags_with_one_platform_cause_are_one_incident() -> None:
    lost = verdict(VerdictKind.PLATFORM, "worker_lost", "worker 7 went away")
    other = replace(TARGET, dag_id="billing")
    assert incident_key(lost, TARGET) == incident_key(lost, other)
    assert incident_key(lost, TARGET) != incident_key(lost, replace(TARGET, cluster="dev"))


def test_two_full_pools_are_two_incidents() -> None:
    def waiting_in(pool: str) -> Evidence:
        return Evidence(TARGET, task_instance=TaskInstance("orders", "r1", "load", pool=pool))

    full = verdict(VerdictKind.CAPACITY, "pool_full")
    small, large = (incident_key(full, TARGET, waiting_in(pool)) for pool in ("small", "large"))
    assert small != large


def test_one_error_in_two_dags_is_one_incident_of_a_dependency_but_two_of_code() -> None:
    other = replace(TARGET, dag_id="billing")
    refused = verdict(VerdictKind.DEPENDENCY, "connection_refused", "db1:5432 refused")
    broken = verdict(VerdictKind.CODE, "key_error", "KeyError: 'amount'")
    assert incident_key(refused, TARGET) == incident_key(refused, other)
    assert incident_key(broken, TARGET) != incident_key(broken, other)


def test_without_a_quote_nothing_is_told_to_be_alike() -> None:
    unknown = verdict(VerdictKind.UNKNOWN, "insufficient_evidence")
    other = replace(TARGET, task_id="clean")
    assert incident_key(unknown, TARGET) != incident_key(unknown, other)


def test_messages_that_differ_in_numbers_and_names_have_one_fingerprint() -> None:
    first = "Traceback\n  File 'a'\nTimeout after 31 s on 10.0.0.3:5432, id 3fa85f64a1"
    second = "Timeout after 7 s on 10.9.9.9:5433, id 77aa85f64b2"
    assert fingerprint(first) == fingerprint(second)
    assert fingerprint("Timeout after 31 s") != fingerprint("Refused after 31 s")
