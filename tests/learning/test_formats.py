"""Each format: what it makes of whom, and that the rules of who reads it hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolUnionParam
from pydantic import TypeAdapter

from bot.domain.datasets import Example, Judgement, Remark, Source
from bot.learning.formats import formats
from tests.fakes.lessons import CORRECTED, example

CORRECTED_ONE = example(2, **CORRECTED)
SILENT = example(3, judgement=Judgement.NONE, source=Source.RULES)
CONTRADICTED = example(4, judgement=Judgement.CONTRADICTED)
DISLIKED = example(5, judgement=Judgement.WRONG)
HOW_TO = example(6, said=None, target=None, seen=None, evidence="")
ALL = (example(), CORRECTED_ONE, SILENT, CONTRADICTED, DISLIKED, HOW_TO)

MESSAGE: TypeAdapter[Any] = TypeAdapter(ChatCompletionMessageParam)
TOOL: TypeAdapter[Any] = TypeAdapter(ChatCompletionToolUnionParam)


def rows(name: str, of: Example) -> list[dict[str, Any]]:
    return list(formats()[name].rows(of))


def row(name: str, of: Example) -> dict[str, Any]:
    (only,) = rows(name, of)
    return only


def follow_openais_rules(messages: list[dict[str, Any]]) -> None:
    """As its guide to fine-tuning has them: known roles and keys, every call answered at once, and
    a last word by the assistant."""
    called: list[str] = []
    for message in messages:
        MESSAGE.validate_python(message)
        assert set(message) <= {"role", "content", "tool_calls", "tool_call_id", "name", "weight"}
        if message["role"] == "tool":
            called.remove(message["tool_call_id"])
            continue
        assert not called
        for call in message.get("tool_calls", ()):
            called.append(call["id"])
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
        assert message.get("content") or called
    assert messages[-1]["role"] == "assistant"
    assert not called


def test_every_format_names_the_columns_of_its_rows() -> None:
    for form in formats().values():
        for one in ALL:
            for made in form.rows(one):
                assert set(made) <= set(form.columns), form.name


def test_what_contradicts_itself_is_in_no_format_and_what_is_only_disliked_in_kto_alone() -> None:
    assert [name for name in formats() if rows(name, CONTRADICTED)] == []
    assert [name for name in formats() if rows(name, DISLIKED)] == ["kto"]


@pytest.mark.parametrize("of", [example(), CORRECTED_ONE, SILENT, HOW_TO])
def test_sft_follows_openais_rules_to_the_key(of: Example) -> None:
    made = row("sft", of)
    assert set(made) <= {"messages", "tools", "parallel_tool_calls"}
    for tool in made.get("tools", ()):
        TOOL.validate_python(tool)
    follow_openais_rules(made["messages"])


def test_sft_calls_the_tool_for_evidence_before_it_answers() -> None:
    made = row("sft", example(earlier=(Remark(False, "and now?"), Remark(True, "Look."))))
    roles = [message["role"] for message in made["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "tool", "assistant"]
    assert "ZeroDivisionError" in made["messages"][5]["content"]


def test_sft_says_what_the_engineer_found_out_where_the_bot_was_wrong() -> None:
    said = row("sft", CORRECTED_ONE)["messages"][-1]["content"]
    assert said == (
        "**Something it depends on**\n\nThe divisor comes from a table that was empty.\n\n"
        "What to do: Load the table first."
    )


def test_dpo_sets_what_an_engineer_found_out_beside_the_wrong_answer() -> None:
    made = row("dpo", CORRECTED_ONE)
    assert [one["role"] for one in made["prompt"]] == ["system", "user"]
    assert "table that was empty" in made["chosen"][0]["content"]
    assert made["rejected"][0]["content"] == CORRECTED_ONE.answer
    assert rows("dpo", example()) == rows("dpo", SILENT) == []


def test_the_pairs_for_openai_follow_its_rules_to_the_key() -> None:
    made = row("openai_dpo", CORRECTED_ONE)
    assert set(made) == {"input", "preferred_output", "non_preferred_output"}
    for output in (made["preferred_output"], made["non_preferred_output"]):
        assert len(output) == 1
        follow_openais_rules([*made["input"]["messages"], *output])


def test_kto_has_what_people_judged_and_nothing_else() -> None:
    assert row("kto", example())["label"] is True
    assert row("kto", DISLIKED)["label"] is False
    assert rows("kto", SILENT) == []


def test_classification_takes_the_verdict_from_whoever_knows_best() -> None:
    assert row("classification", example())["label"] == "code"
    assert row("classification", CORRECTED_ONE)["label"] == "dependency"
    assert row("classification", SILENT)["labelled_by"] == "rules"


def test_the_text_to_be_classified_does_not_tell_the_verdict() -> None:
    text = row("classification", example())["text"]
    assert "ZeroDivisionError" in text
    assert "Your code" not in text
    assert "Check the divisor" not in text


def test_retrieval_has_the_right_causes_passage_against_each_other_one() -> None:
    made = row("retrieval", example())
    assert made["anchor"] == "why did orders fail?\nZeroDivisionError"
    assert "Check the divisor" in made["positive"]
    assert "Give it more" in made["negative"]
    assert rows("retrieval", CORRECTED_ONE) == []  # no passage of the right cause was found


def test_evaluation_is_made_of_what_people_judged_alone() -> None:
    assert row("evaluation", CORRECTED_ONE)["expected"]["verdict"] == "dependency"
    assert row("evaluation", example())["expected"]["root_line"] == "ZeroDivisionError"
    assert rows("evaluation", SILENT) == []


@given(text=st.text(max_size=80))
def test_any_text_comes_back_from_json_as_it_was(text: str) -> None:
    of = example(question=text, answer=text or "x", evidence=text)
    for form in formats().values():
        for made in form.rows(of):
            clean = json.dumps(made, ensure_ascii=True)
            assert json.loads(clean) == made
