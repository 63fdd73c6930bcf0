from __future__ import annotations

from datetime import date

import pytest

from bot.domain.errors import RunbookError
from bot.domain.runbooks import Condition, KnownFailure, Signature
from bot.domain.verdicts import ErrorClass, RetryAdvice, VerdictKind
from bot.knowledge.runbook_file import Words, read_runbook

WORDS = Words({"exception", "signal", "ended_by", "pool_slots"}, {"some_judgement"})

HEAD = """\
cause: oom_killed
title: Task killed for memory
verdict: capacity
retryable: false
owner: platform
"""


def read(front: str, body: str = "", path: str = "runbooks/oom_killed.md") -> KnownFailure:
    return read_runbook(f"---\n{front}---\n{body}", path, WORDS)


def refusal(front: str) -> str:
    with pytest.raises(RunbookError) as caught:
        read(front)
    return str(caught.value)


def test_every_key_arrives_in_the_known_failure() -> None:
    known = read(
        HEAD
        + """\
signatures:
  - "OOMKilled"
  - /memory limit of \\d+/
when:
  all: [{pool_slots: ">=1"}]
  any: [{exception: MemoryError}]
  none: [{ended_by: user}]
applies_to: {airflow: ">=2.7", executor: [KubernetesExecutor]}
escalate_after: 2 occurrences in 1h
last_reviewed: 2026-11-01
review_after_days: 90
rank: 7
confidence: 0.9
explains: "It used {memory}."
judgement: some_judgement
error_class: resource
catches: ["OOMKilled"]
spares: ["fine"]
""",
        "\n## What happened\nIt died.\n\n## Fix\n1. Ask for more.\n",
    )
    assert known.verdict is VerdictKind.CAPACITY
    assert known.retry is RetryAdvice.POINTLESS
    assert known.signatures == (Signature("OOMKilled"), Signature(r"memory limit of \d+", True))
    assert known.when.all == (Condition("pool_slots", ">=1"),)
    assert known.when.any == (Condition("exception", "MemoryError"),)
    assert known.when.none == (Condition("ended_by", "user"),)
    assert (known.airflow, known.executors) == (">=2.7", ("kubernetesexecutor",))
    assert (known.rank, known.confidence, known.review_after_days) == (7, 0.9, 90)
    assert known.last_reviewed == date(2026, 11, 1)
    assert known.error_class is ErrorClass.RESOURCE
    assert known.judgement == "some_judgement"
    assert known.section("what happened") == "It died."
    assert known.section("Fix") == "1. Ask for more."
    assert known.catches == ("OOMKilled",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", RetryAdvice.HELPS),
        ("false", RetryAdvice.POINTLESS),
        ("after_fix", RetryAdvice.AFTER_FIX),
        ("unknown", RetryAdvice.UNKNOWN),
    ],
)
def test_retryable_takes_four_words(written: str, meant: RetryAdvice) -> None:
    assert read(HEAD.replace("retryable: false", f"retryable: {written}")).retry is meant


def test_a_list_under_any_becomes_one_condition_a_value() -> None:
    known = read(HEAD + "when:\n  any: [{exception: [KeyError, IndexError]}]\n")
    assert known.when.any == (
        Condition("exception", "KeyError"),
        Condition("exception", "IndexError"),
    )


def test_a_list_under_all_becomes_one_alternation() -> None:
    known = read(HEAD + "when:\n  all: [{exception: [KeyError, a.b]}]\n")
    assert known.when.all == (Condition("exception", r"/^(?:KeyError|a\.b)$/"),)


def test_numbers_and_truth_values_compare_as_text() -> None:
    known = read(HEAD + "when:\n  any: [{signal: 9}, {ended_by: true}]\n")
    assert known.when.any == (Condition("signal", "9"), Condition("ended_by", "true"))


@pytest.mark.parametrize(
    ("front", "complaint"),
    [
        (HEAD.replace("verdict: capacity", "verdict: memory"), "md:4: \"verdict\" is 'memory'"),
        (HEAD.replace("title: Task killed for memory\n", ""), '"title" is missing'),
        (HEAD + "signature: [x]\n", 'md:7: unknown key "signature"; did you mean "signatures"?'),
        (HEAD + "signatures: ['/(?=x)/']\n", "md:7: /(?=x)/ is no RE2 pattern"),
        (HEAD + "signatures: ['']\n", "md:7: a signature is empty"),
        (HEAD + "when:\n  any: [{colour: red}]\n", 'unknown signal "colour"'),
        (HEAD + "when:\n  some: []\n", '"when" holds the lists'),
        (HEAD + "judgement: fortune_telling\n", 'there is no judgement "fortune_telling"'),
        (HEAD + "rank: high\n", '"rank" must be a number from -1000 to 1000'),
        (HEAD + "confidence: 1.5\n", '"confidence" must be a number from 0 to 1'),
        (HEAD + "applies_to: {airflow: new}\n", '"airflow: new" is no version range'),
        (HEAD + "last_reviewed: soon\n", '"last_reviewed" must be a date'),
        (HEAD + "rank: 1\nrank: 2\n", 'md:8: "rank" is given twice'),
        (HEAD + "when: [unclosed\n", "not valid YAML"),
        (HEAD.replace("oom_killed", "Out Of Memory"), "use lower_case_words"),
        (HEAD.replace("oom_killed", "disk_full"), "the file is called oom_killed.md"),
        (HEAD + "catches: one\n", '"catches" must be a list of texts'),
    ],
)
def test_a_broken_file_is_refused_by_name_line_and_reason(front: str, complaint: str) -> None:
    message = refusal(front)
    assert message.startswith("runbooks/oom_killed.md:")
    assert complaint in message


def test_a_file_without_front_matter_is_refused() -> None:
    with pytest.raises(RunbookError, match="must begin with front matter"):
        read_runbook("# Only prose\n", "runbooks/x.md", WORDS)


def test_front_matter_that_never_closes_is_refused() -> None:
    with pytest.raises(RunbookError, match="no closing ---"):
        read_runbook("---\n" + HEAD, "runbooks/oom_killed.md", WORDS)


def test_a_double_hash_in_a_code_fence_is_no_heading() -> None:
    known = read(HEAD, "## Fix\n```\n## not a heading\n```\n## Verify\nLook.\n")
    assert [section.heading for section in known.sections] == ["Fix", "Verify"]
    assert "## not a heading" in known.section("Fix")
