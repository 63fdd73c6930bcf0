from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.classify import classify
from bot.diagnosis.confidence import CERTAIN, calibrated
from bot.diagnosis.known import Known
from bot.domain.runbooks import KnownFailure
from bot.domain.signals import Signals
from bot.domain.verdicts import Verdict, VerdictKind
from tests.diagnosis.cases import evidence, gap, known, signal, signals

CODE, DEPENDENCY = VerdictKind.CODE, VerdictKind.DEPENDENCY
CAPACITY, OPERATOR = VerdictKind.CAPACITY, VerdictKind.OPERATOR

RULES = (
    known("python_exception", CODE, some=[("exception", "*")], rank=-50, confidence=0.7),
    known("connection_refused", DEPENDENCY, signatures=["connection refused"], rank=5),
    known("nonzero_exit", CODE, some=[("wrapper", "bash")], rank=-60, confidence=0.6),
    known("oom_killed", CAPACITY, some=[("pod_reason", "OOMKilled")], none=[("ended_by", "user")]),
    known("marked_by_user", OPERATOR, some=[("ended_by", "user")]),
    known("disk_full", CAPACITY, signatures=["no space left"], rank=5),
)


def verdict(*items: object, rules: tuple[KnownFailure, ...] = RULES, **more: object) -> Verdict:
    seen = items[0] if len(items) == 1 and isinstance(items[0], Signals) else signals(*items)  # type: ignore[arg-type]
    return classify(seen, Known(rules), evidence(**more))  # type: ignore[arg-type]


def test_the_deepest_cause_wins_over_the_loudest() -> None:
    found = verdict(
        signal("wrapper", "bash", 20, line=9),
        signal("child_error", "psql: connection refused", 50, line=4),
    )
    assert (found.kind, found.cause) == (DEPENDENCY, "connection_refused")
    assert found.deciding is not None
    assert found.deciding.line == 4


def test_a_specific_rule_wins_over_a_fallback_at_equal_depth() -> None:
    found = verdict(
        signal("exception", "OSError", 40, line=7), signal("text", "connection refused", 40, line=7)
    )
    assert found.cause == "connection_refused"


def test_a_handled_complaint_does_not_beat_the_exception_that_ended_the_try() -> None:
    found = verdict(
        signal("text", "connection refused", 30, line=3),
        signal("exception", "KeyError", 40, line=9),
    )
    assert found.cause == "python_exception"


def test_what_a_person_did_rules_out_what_looks_like_a_crash() -> None:
    found = verdict(signal("pod_reason", "OOMKilled", 70), signal("ended_by", "user", 70))
    assert found.cause == "marked_by_user"
    assert [out.cause for out in found.ruled_out] == ["oom_killed"]
    out = found.ruled_out[0]
    assert out.reason == "what was seen speaks against it: who ended it (a person)"
    assert out.title
    assert len(found.possible_titles) == len(found.also_possible)


def test_nothing_known_is_an_honest_unknown_that_names_the_gaps() -> None:
    found = verdict(signal("state", "failed"), gaps=[gap("event log")])
    assert (found.kind, found.cause) == (VerdictKind.UNKNOWN, "insufficient_evidence")
    assert "event log" in found.why
    assert found.gaps == (gap("event log"),)


def test_a_weak_match_below_the_threshold_is_withheld() -> None:
    weak = known("guess", CODE, signatures=["hm"], confidence=0.2)
    found = verdict(signal("text", "hm", 40), rules=(weak,))
    assert found.kind is VerdictKind.UNKNOWN
    assert found.also_possible == ("guess",)


def test_a_close_rival_of_another_verdict_costs_confidence_and_is_named() -> None:
    alone = verdict(signal("text", "no space left", 40, line=1))
    torn = verdict(
        signal("text", "no space left", 40, line=2),
        signal("text", "connection refused", 40, line=1),
    )
    assert torn.confidence < alone.confidence
    assert len(torn.also_possible) == 1


def test_a_question_left_open_by_a_gap_costs_confidence_and_is_named() -> None:
    stopped = known("stopped", CODE, some=[("stopped", "*")])
    user = known("by_user", OPERATOR, every=[("stopped", "*")], some=[("ended_by", "user")])
    seen = (signal("stopped", "server_said_stop", 60),)
    blind = verdict(signals(*seen, blind=["ended_by"]), rules=(stopped, user))
    sighted = verdict(signals(*seen), rules=(stopped, user))
    assert blind.confidence < sighted.confidence
    assert blind.also_possible == ("by_user",)
    assert sighted.also_possible == ()


def test_why_is_the_runbooks_sentence_with_the_facts_filled_in() -> None:
    rule = known("x", some=[("exception", "*")], explains="It raised {exception} in {task}.")
    assert verdict(signal("exception", "KeyError", 40), rules=(rule,)).why == (
        "It raised KeyError in load."
    )


def test_a_sentence_with_a_missing_fact_gives_way_to_title_and_line() -> None:
    rule = known("some_cause", some=[("exception", "*")], explains="Pool {pool} was full.")
    found = verdict(signal("exception", "KeyError", 40), rules=(rule,))
    assert found.why == "Some cause: exception KeyError"


def test_braces_in_foreign_text_are_not_filled_in() -> None:
    rule = known("x", some=[("message", "*")], explains="It said {message}.")
    found = verdict(signal("message", "{task} {evil}", 40), rules=(rule,))
    assert found.why == "It said {task} {evil}."


SIGNALS = st.lists(
    st.sampled_from(
        [
            signal("exception", "KeyError", 40, line=9),
            signal("text", "connection refused", 40, line=8),
            signal("text", "connection refused", 30, line=3),
            signal("child_error", "no space left on device", 50, line=5),
            signal("wrapper", "bash", 20, line=10),
            signal("pod_reason", "OOMKilled", 70, line=2),
            signal("ended_by", "user", 70),
        ]
    ),
    unique=True,
)


@given(SIGNALS, st.permutations(RULES))
def test_the_order_of_runbooks_never_matters(
    seen: list[object], shuffled: list[KnownFailure]
) -> None:
    facts = signals(*seen)  # type: ignore[arg-type]
    assert classify(facts, Known(shuffled), evidence()) == classify(facts, Known(RULES), evidence())


@given(st.data())
def test_the_order_of_evidence_never_changes_the_verdict(data: st.DataObject) -> None:
    seen = data.draw(SIGNALS)
    shuffled = data.draw(st.permutations(seen))
    first, second = (
        classify(signals(*order), Known(RULES), evidence()) for order in (seen, shuffled)
    )
    assert (first.kind, first.cause, first.confidence) == (
        second.kind,
        second.cause,
        second.confidence,
    )
    assert first.deciding == second.deciding


def test_calibration_keeps_the_order_of_claims_and_the_bar_of_certain_ones() -> None:
    claims = [calibrated(step / 1000) for step in range(1001)]
    assert claims == sorted(claims)
    assert claims[0] >= 0
    assert claims[-1] < 1
    assert all((claim >= CERTAIN) == (step >= 800) for step, claim in enumerate(claims))
