"""The answer without a model: specific to this failure, in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answering.deterministic import with_passages
from bot.answering.gaps import gap_in_words
from bot.domain.answers import Diagnosis
from bot.domain.evidence import DagDetails, DagRun, Evidence, Gap, GapReason, TaskDetails
from bot.domain.runbooks import Passage
from bot.domain.verdicts import Verdict, VerdictKind
from tests.answering.cases import BEGAN, EVIDENCE, VERDICT, diagnosed, with_task


def facts(evidence: Evidence) -> dict[str, str]:
    return dict(diagnosed(evidence=evidence).facts)


def test_it_says_what_ended_how_and_why_in_two_sentences() -> None:
    assert diagnosed().what_happened == (
        "load (try 2 of 2) failed after 41 s, at 2026-11-22 05:54 UTC. "
        "The task's own code looked up the key 'country', which the row does not have."
    )


def test_without_a_reason_the_runbook_explains_in_its_first_paragraph() -> None:
    silent = diagnosed(replace(VERDICT, why=""))
    assert silent.what_happened.endswith("The task's own code raised an exception.")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"state": "running", "end": None}, "has been running since 2026-11-22 05:54 UTC"),
        ({"state": "success", "try_number": 3}, "load (try 3 of 3) succeeded"),
        (
            {"state": "queued", "start": None, "end": None},
            "is waiting (queued) since 2026-11-22 05:53 UTC",
        ),
        (
            {"start": None, "duration": None},
            "failed without ever having started, at 2026-11-22 05:54",
        ),
        ({"start": BEGAN, "end": BEGAN, "pid": None}, "failed without ever having started"),
        ({"map_index": 3}, "load[3] (try 2 of 2) failed"),
    ],
)
def test_the_ending_is_told_as_it_was(changes: dict[str, object], told: str) -> None:
    evidence = with_task(**changes)
    if changes.get("state") in ("running", "queued"):
        evidence = replace(evidence, dag_run=DagRun("r", "orders", state="running"))
    assert told in diagnosed(evidence=evidence).what_happened


@pytest.mark.parametrize(
    ("owner", "kind", "words"),
    [
        ("dag_owner", VerdictKind.CODE, "the Dag's owner (orders-team)"),
        ("platform", VerdictKind.CAPACITY, "the platform team"),
        ("", VerdictKind.PLATFORM, "the platform team"),
        ("", VerdictKind.CODE, "the Dag's owner (orders-team)"),
        ("network", VerdictKind.DEPENDENCY, "the network team"),
        ("warehouse-team", VerdictKind.DEPENDENCY, "warehouse-team"),
    ],
)
def test_the_owner_is_named_in_words(owner: str, kind: VerdictKind, words: str) -> None:
    assert diagnosed(replace(VERDICT, owner=owner, kind=kind)).owner == words


def test_airflows_default_owner_names_nobody() -> None:
    evidence = replace(EVIDENCE, dag=DagDetails("orders", owners=("airflow",)))
    assert diagnosed(evidence=evidence).owner == "the Dag's owner (the Dag names nobody)"
    assert "Owner" not in facts(evidence)


def test_the_tasks_owner_stands_in_for_a_dag_without_one() -> None:
    evidence = replace(EVIDENCE, dag=None, task=TaskDetails("load", owner="ann"))
    assert diagnosed(evidence=evidence).owner == "the Dag's owner (ann)"


def test_the_message_that_is_quoted_is_not_repeated_in_the_sentence_above() -> None:
    why = "A lookup failed in the task's own code: 'country'."
    assert diagnosed(replace(VERDICT, why=why)).what_happened.endswith("in the task's own code.")
    unquoted = diagnosed(replace(VERDICT, why=why, quotes=())).what_happened
    assert unquoted.endswith("'country'.")


def test_the_runbook_and_the_dags_own_docs_can_be_cited() -> None:
    dag = DagDetails("orders", doc_md="Ask the shop team.")
    diagnosis = diagnosed(evidence=replace(EVIDENCE, dag=dag))
    assert [(one.id, one.source) for one in diagnosis.passages] == [
        ("R1", "runbook"),
        ("R2", "dag docs"),
    ]


def test_passages_found_by_search_are_added_once_and_numbered_on() -> None:
    found = (
        Passage("R1", "same", "…", "runbook", "python_exception"),
        Passage("R2", "other", "…", "runbook", "data_missing"),
    )
    diagnosis: Diagnosis = with_passages(diagnosed(), found)
    assert [(one.id, one.cause) for one in diagnosis.passages] == [
        ("R1", "python_exception"),
        ("R2", "data_missing"),
    ]


def test_a_gap_is_told_with_its_reason_and_remedy() -> None:
    gap = Gap("event log", GapReason.FORBIDDEN, "403", "grant Audit Log read")
    assert gap_in_words(gap) == (
        "Event log: the bot's account may not read it (403). Grant Audit Log read."
    )


def test_the_verdict_itself_is_passed_on_untouched() -> None:
    verdict: Verdict = diagnosed().verdict
    assert verdict is VERDICT
