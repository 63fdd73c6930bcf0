"""The rules by which a server takes or refuses a file to learn from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain.finetuning import Method
from bot.learning.formats import formats
from bot.learning.training_file import faults_of
from tests.fakes.lessons import CORRECTED, example

USER = {"role": "user", "content": "why?"}
SAID = {"role": "assistant", "content": "because"}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CALLED = {"role": "assistant", "tool_calls": [CALL]}
SEEN = {"role": "tool", "tool_call_id": "c1", "content": "seen"}
BROKEN_CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "no"}}


def faults(*rows: Any, method: Method = Method.SUPERVISED) -> list[str]:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return faults_of(lines, method, least=1)[1]


@pytest.mark.parametrize("method", Method)
def test_what_an_export_writes_is_taken(method: Method) -> None:
    form = formats()[method.form]
    rows = [example(number, **CORRECTED) for number in range(12)]
    lines = [json.dumps(made) for row in rows for made in form.rows(row)]
    assert faults_of(lines, method) == (12, [])


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ({}, "messages is no list"),
        ({"messages": []}, "messages is no list"),
        ({"messages": [USER, SAID], "prompt": "x"}, "the key prompt"),
        ({"messages": ["hello"]}, "no message"),
        ({"messages": [{**USER, "role": "human"}, SAID]}, "the role 'human'"),
        ({"messages": [{**USER, "mood": "calm"}, SAID]}, "the key mood"),
        ({"messages": [{"role": "user", "content": ""}, SAID]}, "says nothing"),
        ({"messages": [{"role": "user", "content": 7}, SAID]}, "no text"),
        ({"messages": [USER]}, "no answer of the assistant"),
        ({"messages": [USER, {**SAID, "weight": 2}]}, "weight"),
        ({"messages": [{**USER, "weight": 1}, SAID]}, "weight"),
        ({"messages": [USER, CALLED, SAID]}, "never answered"),
        ({"messages": [USER, CALLED]}, "no answer of the assistant"),
        ({"messages": [USER, SEEN, SAID]}, "not called"),
        ({"messages": [USER, {**CALLED, "tool_calls": [BROKEN_CALL]}, SEEN, SAID]}, "JSON object"),
        ({"messages": [USER, SAID], "tools": [{"type": "function"}]}, "function with a name"),
    ],
)
def test_what_breaks_a_rule_is_named_by_its_line(row: Any, fault: str) -> None:
    (said,) = faults({"messages": [USER, SAID]}, row)
    assert said.startswith("line 2: ")
    assert fault in said


def test_pairs_need_one_answer_each() -> None:
    pair = {"input": {"messages": [USER]}, "preferred_output": [SAID]}
    good = {**pair, "non_preferred_output": [SAID]}
    assert faults(good, method=Method.DPO) == []
    assert faults(pair, method=Method.DPO)
    assert faults({**good, "preferred_output": [SAID, SAID]}, method=Method.DPO)
    assert faults({**good, "input": []}, method=Method.DPO)


def test_too_few_rows_and_tools_used_well_are_told_apart() -> None:
    good = json.dumps({"messages": [USER, CALLED, SEEN, SAID]})
    assert faults_of([good] * 9, Method.SUPERVISED) == (9, ["9 rows are too few: 10 at least"])
    assert faults_of([good, "\n"] * 10, Method.SUPERVISED) == (10, [])


def test_of_many_faults_the_first_are_told() -> None:
    count, said = faults_of(["{"] * 1_000, Method.SUPERVISED)
    assert (count, len(said)) == (1_000, 20)
