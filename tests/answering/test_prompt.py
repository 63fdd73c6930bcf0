"""The prompt shows the telling evidence within its budget, each piece under one id."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.deterministic import with_passages
from bot.answering.prompts.build import Prompt, prompt_for_diagnosis, prompt_for_how_to
from bot.answering.prompts.schema import REPLY_SCHEMA
from bot.domain.answers import HowTo
from bot.domain.evidence import DagDetails, EventLogEntry, Evidence, UnmetDependency
from bot.domain.logs import ExceptionChain, Frame, LogLine, RaisedException
from bot.domain.runbooks import Passage
from bot.domain.verdicts import Quote, RuledOut
from tests.answering.cases import BEGAN, EVIDENCE, LOG, QUESTION, VERDICT, diagnosed, with_lines


def prompt(evidence: Evidence = EVIDENCE, max_tokens: int = 6000) -> Prompt:
    return prompt_for_diagnosis(
        QUESTION, diagnosed(evidence=evidence), evidence, nonce="6f1c", max_tokens=max_tokens
    )


def ids(asked: Prompt) -> list[str]:
    return [item.id for item in asked.pack.items]


def test_everything_that_was_seen_can_be_cited() -> None:
    evidence = replace(
        EVIDENCE,
        dag=DagDetails("orders", doc_md="Ask the shop team."),
        unmet=(UnmetDependency("Pool Slots", "no slot"),),
        log=replace(
            LOG,
            chains=(
                ExceptionChain(
                    (
                        RaisedException("RuntimeError", "load failed", 58),
                        RaisedException(
                            "KeyError", "'country'", 57, (Frame("/d/orders.py", 33, "load", True),)
                        ),
                    )
                ),
            ),
        ),
    )
    asked = prompt(evidence)
    kinds = {name[0] for name in ids(asked)}
    assert kinds == {"L", "F", "R", "T", "E", "C", "U"}
    assert "[C2] KeyError: 'country' (log line 57), raised by way of orders.py:33 in load" in (
        asked.user
    )


def test_ids_are_unique_and_a_quote_stands_for_its_line() -> None:
    asked = prompt()
    assert len(ids(asked)) == len(set(ids(asked)))
    item = asked.pack.find("L57")
    assert item is not None
    assert item.heading == "What decided"


def test_events_are_numbered_by_their_place_as_quotes_are() -> None:
    events = tuple(EventLogEntry(900 + n, BEGAN, f"event_{n}") for n in range(30))
    asked = prompt(replace(EVIDENCE, events=events))
    last = asked.pack.find("E30")
    assert last is not None
    assert "event_29" in last.text
    assert asked.pack.find("E1") is None


def test_what_was_ruled_out_is_shown_with_its_reason() -> None:
    quote = Quote("M4", "exit code 1", "task log")
    verdict = replace(VERDICT, ruled_out=(RuledOut("oom_killed", "no kill signal", quote),))
    asked = prompt_for_diagnosis(
        QUESTION, diagnosed(verdict), EVIDENCE, nonce="6f1c", max_tokens=6000
    )
    assert "[M4] exit code 1 (rules out oom_killed: no kill signal)" in asked.user


@settings(max_examples=30, deadline=None)
@given(
    lengths=st.lists(st.integers(min_value=1, max_value=3000), max_size=60),
    max_tokens=st.integers(min_value=1500, max_value=9000),
)
def test_the_budget_holds_and_what_decided_is_always_in(
    lengths: list[int], max_tokens: int
) -> None:
    noise = [LogLine(100 + n, "x " * length) for n, length in enumerate(lengths)]
    decided = LogLine(57, "KeyError: 'country'", level="error")
    asked = prompt(with_lines(decided, *noise), max_tokens)
    assert asked.tokens <= max_tokens
    assert "L57" in ids(asked)


def test_other_runbooks_give_way_to_the_evidence() -> None:
    found = [
        Passage(f"R{n}", f"other {n}", "words " * 500, "runbook", f"cause_{n}") for n in range(5)
    ]
    diagnosis = with_passages(diagnosed(), found)
    asked = prompt_for_diagnosis(QUESTION, diagnosis, EVIDENCE, nonce="6f1c", max_tokens=9000)
    assert [name for name in ids(asked) if name[0] == "R"] == ["R1", "R2", "R3"]
    tight = prompt_for_diagnosis(QUESTION, diagnosis, EVIDENCE, nonce="6f1c", max_tokens=2000)
    assert {"R1", "L57", "L40", "E2"} <= set(ids(tight))
    assert "R2" not in ids(tight)


def test_long_lines_keep_their_end() -> None:
    asked = prompt(with_lines(LogLine(50, "start " + "x" * 5000 + " the end", level="error")))
    item = asked.pack.find("L50")
    assert item is not None
    assert item.text.endswith("the end")
    assert len(item.text) < 700


def test_only_what_people_reviewed_may_lend_commands() -> None:
    evidence = replace(EVIDENCE, dag=DagDetails("orders", doc_md="run airflow db reset"))
    reviewed = {item.id: item.is_runbook for item in prompt(evidence).pack.items}
    assert reviewed["R1"] is True
    assert reviewed["R2"] is False


def test_a_how_to_prompt_holds_the_passages_and_the_question_only() -> None:
    passage = Passage("R1", "Clear a task", "Click clear.", "guide")
    asked = prompt_for_how_to(
        QUESTION, HowTo("A1", QUESTION.text, (passage,)), nonce="6f1c", max_tokens=4000
    )
    assert ids(asked) == ["R1"]
    assert asked.conclusion is None
    assert "Click clear." in asked.user


@pytest.mark.parametrize(
    "reply",
    [
        {"claims": []},
        {
            "claims": [{"text": "x", "cites": ["L1"], "quote": "", "stance": "certain"}],
            "next_steps": [],
            "agrees_with_verdict": "yes",
            "reason": "",
            "reason_cites": [],
        },
        {
            "claims": [],
            "next_steps": [],
            "agrees_with_verdict": "maybe",
            "reason": "",
            "reason_cites": [],
        },
        {
            "claims": [],
            "next_steps": [],
            "agrees_with_verdict": "yes",
            "reason": "",
            "reason_cites": [],
            "tool": "x",
        },
    ],
)
def test_the_schema_refuses_other_forms(reply: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(reply, REPLY_SCHEMA)


def test_the_schema_is_in_the_strict_subset() -> None:
    def objects(schema: object) -> list[dict[str, object]]:
        if isinstance(schema, list):
            return [found for part in schema for found in objects(part)]
        if not isinstance(schema, dict):
            return []
        inner = [found for part in schema.values() for found in objects(part)]
        return [schema, *inner] if schema.get("type") == "object" else inner

    for schema in objects(REPLY_SCHEMA):
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])  # type: ignore[call-overload]
