from __future__ import annotations

import pytest

from bot.diagnosis.findings import Finding, Matched, RuledOut, Undecided
from bot.diagnosis.known import Known
from bot.diagnosis.match import match
from bot.domain.runbooks import KnownFailure
from bot.domain.signals import Signals
from tests.diagnosis.cases import evidence, known, signal, signals


def finding(failure: KnownFailure, seen: Signals) -> Finding:
    hits = Known([failure]).hits(seen)
    return match(failure, seen, evidence(), hits.get(failure.cause, ()))


def test_a_signature_in_bearing_text_matches_with_its_line() -> None:
    said = signal("text", "container OOMKilled at 3", 40, line=12)
    found = finding(known(signatures=["oomkilled"]), signals(said))
    assert isinstance(found, Matched)
    assert found.proofs[0].quote.line == 12
    assert found.depth == 40


def test_a_regex_signature_is_searched_without_regard_to_case() -> None:
    found = finding(known(signatures=[r"/exit code \d+/"]), signals(signal("text", "EXIT CODE 3")))
    assert isinstance(found, Matched)


def test_a_signature_is_not_searched_in_facts() -> None:
    found = finding(known(signatures=["orders"]), signals(signal("pool", "orders")))
    assert isinstance(found, RuledOut)


def test_one_alternative_of_any_is_enough() -> None:
    rule = known(some=[("exception", "KeyError"), ("exception", "IndexError")])
    assert isinstance(finding(rule, signals(signal("exception", "IndexError"))), Matched)


def test_all_must_hold_beside_a_proof() -> None:
    rule = known(signatures=["timeout"], every=[("operator", "HttpSensor")])
    said = signal("text", "timeout")
    assert isinstance(finding(rule, signals(said, signal("operator", "HttpSensor"))), Matched)
    refused = finding(rule, signals(said, signal("operator", "BashOperator")))
    assert refused == RuledOut(
        "it would need this, which was not so: the operator (HttpSensor)", (said.quote,)
    )


def test_conditions_under_all_are_proof_enough_where_there_is_nothing_else() -> None:
    rule = known(every=[("dag_paused", "true"), ("waiting", "*")])
    both = signals(signal("dag_paused", "true", 60), signal("waiting", "queued"))
    assert isinstance(finding(rule, both), Matched)


def test_a_veto_rules_out_and_says_what_spoke_for_it() -> None:
    rule = known(some=[("signal", "9")], none=[("ended_by", "user")])
    killed, veto = signal("signal", "9", 40), signal("ended_by", "user", 70)
    assert finding(rule, signals(killed, veto)) == RuledOut(
        "what was seen speaks against it: who ended it (a person)", (veto.quote, killed.quote)
    )


def test_a_condition_that_cannot_be_seen_leaves_it_undecided() -> None:
    rule = known(every=[("stopped", "server_said_stop")], some=[("ended_by", "user")])
    stopped = signal("stopped", "server_said_stop", 60)
    assert finding(rule, signals(stopped, blind=["ended_by"])) == Undecided(
        ("ended_by",), (stopped.quote,)
    )


def test_the_same_condition_in_plain_sight_is_a_no() -> None:
    rule = known(every=[("stopped", "server_said_stop")], some=[("ended_by", "user")])
    found = finding(rule, signals(signal("stopped", "server_said_stop")))
    assert isinstance(found, RuledOut)


def test_a_veto_that_cannot_be_seen_is_remembered_as_a_doubt() -> None:
    rule = known(some=[("signal", "9")], none=[("ended_by", "user")])
    found = finding(rule, signals(signal("signal", "9"), blind=["ended_by"]))
    assert isinstance(found, Matched)
    assert found.unsure == ("ended_by",)


def test_an_unseen_alternative_does_not_matter_where_another_is_proved() -> None:
    rule = known(some=[("pod_reason", "OOMKilled"), ("ended_by", "heartbeat_timeout")])
    found = finding(rule, signals(signal("pod_reason", "OOMKilled"), blind=["ended_by"]))
    assert isinstance(found, Matched)


def test_nothing_seen_is_a_no_without_lines() -> None:
    assert finding(known(signatures=["x"]), signals()) == RuledOut("nothing of it was seen")


def test_a_file_without_any_rule_never_matches() -> None:
    assert isinstance(finding(known(), signals(signal("state", "failed"))), RuledOut)


@pytest.mark.parametrize(("version", "applies"), [("2.10.1", True), ("3.0.0", False)])
def test_a_file_for_other_versions_does_not_apply(version: str, applies: bool) -> None:
    rule = known(signatures=["x"], airflow="<3")
    found = finding(rule, signals(signal("text", "x"), signal("airflow", version)))
    assert isinstance(found, Matched) is applies


def test_an_unreadable_version_rules_nothing_out() -> None:
    rule = known(signatures=["x"], airflow="<3")
    found = finding(rule, signals(signal("text", "x"), signal("airflow", "3.x")))
    assert isinstance(found, Matched)


def test_a_file_for_other_executors_does_not_apply() -> None:
    rule = known(signatures=["x"], executors=("kubernetes",))
    celery = signals(signal("text", "x"), signal("executor", "CeleryExecutor"))
    pods = signals(signal("text", "x"), signal("executor", "KubernetesExecutor"))
    assert isinstance(finding(rule, celery), RuledOut)
    assert isinstance(finding(rule, pods), Matched)


def test_proofs_come_deepest_first_and_the_later_line_among_equals() -> None:
    early, late = signal("text", "x", 50, line=3), signal("text", "x y", 50, line=9)
    deep = signal("text", "x z", 70, line=1)
    found = finding(known(signatures=["x"]), signals(early, deep, late))
    assert isinstance(found, Matched)
    assert found.proofs == (deep, late, early)
