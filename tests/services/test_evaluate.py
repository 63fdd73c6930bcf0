from __future__ import annotations

import pytest

from bot.domain.evidence import Evidence, NamedText, TaskInstance
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from bot.services.evaluate import Case, Label, Report, Sample, Unreadable, evaluate
from bot.services.evaluate_text import render
from tests.diagnosis.cases import known

CODE, DEPENDENCY = VerdictKind.CODE, VerdictKind.DEPENDENCY
UNKNOWN, CAPACITY = VerdictKind.UNKNOWN, VerdictKind.CAPACITY

RULES = [
    known("sql_error", CODE, signatures=["syntax error"], confidence=0.9),
    known("http_5xx", DEPENDENCY, signatures=["502"], confidence=0.6),
]


def sample(
    name: str, text: str, verdict: VerdictKind | None, *also: VerdictKind, log: str = ""
) -> Sample:
    evidence = Evidence(Target("corpus"), extra=(NamedText("message", text),))
    label = Label(verdict, frozenset(also)) if verdict else None
    return Sample(Case(name, evidence, tuple(log.splitlines())), label)


def report(*samples: Sample | Unreadable) -> Report:
    return evaluate(samples, RULES)


def test_right_also_right_unknown_and_wrong_are_told_apart() -> None:
    found = report(
        sample("a", "syntax error", CODE),
        sample("b", "syntax error", DEPENDENCY, CODE),
        sample("c", "nothing known", CODE),
        sample("d", "answered 502", CODE),
        sample("e", "syntax error", CAPACITY),
    ).to_json()
    assert {key: found[key] for key in ("n", "right", "also_right", "abstained")} == {
        "n": 5,
        "right": 1,
        "also_right": 1,
        "abstained": 1,
    }
    assert found["confidently_wrong"] == 1


def test_a_wrong_verdict_below_the_threshold_is_not_confidently_wrong() -> None:
    assert report(sample("d", "answered 502", CODE)).to_json()["confidently_wrong"] == 0


def test_an_unknown_that_the_label_shares_is_right_and_still_counted_as_unknown() -> None:
    found = report(sample("a", "nothing known", UNKNOWN)).to_json()
    assert (found["right"], found["abstained"]) == (1, 1)


def test_the_json_holds_exactly_these_keys() -> None:
    found = report(sample("a", "syntax error", CODE)).to_json()
    assert list(found) == [
        "n",
        "right",
        "also_right",
        "abstained",
        "confidently_wrong",
        "by_verdict",
        "cases",
    ]
    assert found["cases"] == [
        {
            "id": "a",
            "verdict": "code",
            "cause": "sql_error",
            "confidence": 0.97,
            "deciding_line": "syntax error",
        }
    ]


def test_scores_are_broken_down_by_the_expected_verdict() -> None:
    found = report(
        sample("a", "syntax error", CODE), sample("b", "syntax error", DEPENDENCY, CODE)
    ).to_json()
    by_verdict = found["by_verdict"]
    assert isinstance(by_verdict, dict)
    assert by_verdict["code"]["right"] == 1
    assert by_verdict["dependency"]["also_right"] == 1


def test_cases_without_a_label_are_diagnosed_and_not_scored() -> None:
    found = report(sample("a", "syntax error", None)).to_json()
    assert (found["n"], found["right"], found["by_verdict"]) == (1, 0, {})
    assert "none labelled" in render(report(sample("a", "syntax error", None)))


def test_an_unreadable_row_is_named_and_the_rest_goes_on() -> None:
    found = report(Unreadable("dev.jsonl:3: no JSON"), sample("a", "syntax error", CODE))
    assert len(found.results) == 1
    assert "dev.jsonl:3: no JSON" in render(found)


def test_the_report_names_confusions_and_confidently_wrong_cases() -> None:
    text = render(report(sample("row-7", "syntax error", CAPACITY)))
    assert "capacity taken for code: 1" in text
    assert "row-7: sql_error (code, 0.97) instead of capacity" in text


def test_no_cases_at_all_make_a_report() -> None:
    assert report().to_json()["n"] == 0
    assert render(report())


@pytest.mark.parametrize(
    ("label", "text"),
    [(CODE, "syntax error"), (CAPACITY, "syntax error"), (UNKNOWN, "answered 502")],
)
def test_the_label_never_changes_the_verdict(label: VerdictKind, text: str) -> None:
    with_label, without = report(sample("a", text, label)), report(sample("a", text, None))
    assert with_label.to_json()["cases"] == without.to_json()["cases"]


def test_a_task_that_went_well_is_no_failure_of_its_state() -> None:
    evidence = Evidence(
        Target("corpus"), task_instance=TaskInstance("", "", "", state="success", try_number=1)
    )
    found = evaluate([Sample(Case("a", evidence), None)], RULES).results[0]
    assert found.verdict is UNKNOWN


def test_a_deciding_line_is_looked_up_in_the_text_it_was_quoted_from() -> None:
    text = "first line\n2026-03-01   ERROR  syntax error at 3"
    found = report(sample("a", text, CODE, log="a log line\nanother log line"))
    assert found.results[0].deciding_line == "2026-03-01   ERROR  syntax error at 3"
