"""What a model says is kept, marked or dropped by what the evidence bears out."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.grounding import SUGGESTION, TEXT_MAX, Grounded, ground
from bot.answering.prompts.build import Prompt, prompt_for_diagnosis
from bot.answering.reply import parse_reply
from bot.domain.errors import ModelError
from bot.domain.verdicts import RetryAdvice, Verdict, VerdictKind
from tests.answering.cases import EVIDENCE, QUESTION, VERDICT, diagnosed
from tests.fakes.model_server import Body, claim, reply_text, step


def prompt(verdict: Verdict = VERDICT) -> Prompt:
    return prompt_for_diagnosis(
        QUESTION, diagnosed(verdict), EVIDENCE, nonce="6f1c", max_tokens=6000
    )


def grounded(
    claims: list[Body] | None = None,
    steps: list[Body] | None = None,
    verdict: Verdict = VERDICT,
    **more: object,
) -> Grounded:
    return ground(parse_reply(reply_text(claims, steps, **more)), prompt(verdict))  # type: ignore[arg-type]


def test_a_claim_that_quotes_its_line_stands() -> None:
    kept = grounded([claim("The row had no country.", "L57", quote="KeyError: 'country'")])
    assert kept.claims[0].text == "The row had no country."
    assert kept.claims[0].cites == ("L57",)
    assert not kept.claims[0].disputed


@pytest.mark.parametrize(
    "bad",
    [
        claim("The disk of the worker was full.", "L999"),
        claim("The disk of the worker was full."),
        claim("The key is missing.", "L57", quote="KeyError: 'region'"),
        claim("It raised a ValueError on the row.", "L57"),
        claim("The row broke it with botocore.exceptions.ClientError.", "L57"),
        claim("The key error led to exit code 137.", "L57"),
        claim("The key error came with HTTP 503.", "L57"),
        claim("The key error brought a SIGKILL.", "L57"),
        claim("The key error comes from billing_export.", "L57"),
        claim("The key error hit 48213 rows.", "L57"),
        claim("The key error came at 4 GiB.", "L57"),
        claim("The key error broke the SnowflakeOperator.", "L57"),
        claim("Bananas are yellow.", "L57"),
        claim("   ", "L57"),
        claim("See https://airflow.example.com for the key error.", "L57"),
        claim("See www.example.com for the key error.", "L57"),
    ],
)
def test_a_claim_that_the_cited_lines_do_not_bear_out_is_dropped(bad: Body) -> None:
    kept = grounded([bad])
    assert kept.claims == ()
    assert len(kept.reasons) == 1


def test_reasons_for_the_log_hold_nothing_of_what_the_model_wrote() -> None:
    kept = grounded([claim("It raised a SecretTokenError.", "L57")])
    assert "SecretTokenError" not in kept.reasons[0]


def test_an_unknown_citation_beside_a_good_one_is_left_out() -> None:
    kept = grounded([claim("The key 'country' is missing.", "L57", "L999", quote="'country'")])
    assert kept.claims[0].cites == ("L57",)


def test_names_of_the_target_itself_need_no_citation() -> None:
    kept = grounded([claim("orders.load found no country.", "L57", quote="'country'")])
    assert len(kept.claims) == 1


def test_quotes_may_differ_in_spacing_and_quotation_marks() -> None:
    kept = grounded([claim("A key is missing.", "[L57]", quote="“KeyError:   'country'”")])
    assert kept.claims[0].cites == ("L57",)


def test_a_part_of_a_word_is_no_support() -> None:
    kept = grounded([claim("The key is 'count'.", "L57", quote="count")])
    assert kept.claims == ()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (VerdictKind.CODE, "Reading the rows, the worker ran out of memory."),
        (VerdictKind.CODE, "The read failed as the scheduler crashed."),
        (VerdictKind.CAPACITY, "The read shows a bug in your code."),
        (VerdictKind.PLATFORM, "Someone cleared the read of the rows."),
        (VerdictKind.UNKNOWN, "The read was OOM killed."),
    ],
)
def test_a_claim_that_puts_the_fault_elsewhere_is_disputed(kind: VerdictKind, text: str) -> None:
    kept = grounded([claim(text, "L40", quote="rows")], verdict=replace(VERDICT, kind=kind))
    assert kept.claims[0].disputed


@pytest.mark.parametrize(
    "text",
    [
        "The rows were read, and nothing shows that it ran out of memory.",
        "The rows were read without the pool being full.",
        "The read is no sign that the scheduler crashed.",
    ],
)
def test_ruling_another_side_out_is_no_dispute(text: str) -> None:
    kept = grounded([claim(text, "L40", quote="rows")])
    assert not kept.claims[0].disputed


def test_a_claim_that_the_model_itself_calls_contradicting_is_disputed() -> None:
    kept = grounded([claim("The rows were read.", "L40", quote="rows", stance="contradicts")])
    assert kept.claims[0].disputed


def test_promising_that_a_retry_helps_against_the_runbook_is_disputed() -> None:
    pointless = replace(VERDICT, retry=RetryAdvice.POINTLESS)
    kept = grounded([claim("Retrying the read will help.", "L40", quote="read")], verdict=pointless)
    assert kept.claims[0].disputed


def test_disagreement_needs_evidence_as_well() -> None:
    reason = {"agrees": "no", "reason": "The rows were read before.", "reason_cites": ["L40"]}
    assert grounded(**reason).disputes_verdict == "The rows were read before."
    unfounded = grounded(**(reason | {"reason_cites": ["L999"]}))
    assert unfounded.disputes_verdict == ""
    assert unfounded.is_empty


def test_a_step_out_of_the_runbook_stands_as_it_is() -> None:
    kept = grounded(steps=[step("Guard the lookup that failed, then clear the task.", "R1")])
    assert kept.next_steps[0].text == "Guard the lookup that failed, then clear the task."


def test_a_command_of_the_runbook_may_be_repeated() -> None:
    kept = grounded(steps=[step("Test with `airflow dags test orders`.", "R1")])
    assert len(kept.next_steps) == 1


def test_an_own_idea_of_the_model_is_marked_as_a_suggestion() -> None:
    kept = grounded(steps=[step("Ask who writes the landing files about empty columns.", "L40")])
    assert kept.next_steps[0].text.startswith(SUGGESTION)


def test_citing_the_runbook_does_not_pass_an_own_idea_off_as_its() -> None:
    kept = grounded(steps=[step("Ask who writes the landing files about empty columns.", "R1")])
    assert kept.next_steps[0].text.startswith(SUGGESTION)


@pytest.mark.parametrize(
    "text",
    [
        "Run `pip install country` first.",
        "Run pip install country on the worker.",
        "Run `airflow db reset`.",
        "airflow users create an admin for it.",
        "Do a chmod 777 on the landing folder.",
        "Disable the TLS verification of the connection.",
        "Set verify=False in the lookup.",
        "Delete the metadata database and start again.",
        "Paste the connection string here.",
        "Grant the task admin rights.",
        "kubectl delete pod worker",
        "DROP TABLE rows",
        "Pipe it through | sh",
    ],
)
def test_commands_and_risky_advice_from_nowhere_are_dropped(text: str) -> None:
    assert grounded(steps=[step(text, "R1")]).next_steps == ()
    assert grounded(steps=[step(text, "L40")]).next_steps == ()


def test_repetitions_are_said_once_and_lists_have_an_end() -> None:
    one = claim("The key 'country' is missing.", "L57", quote="'country'")
    many = [claim(f"The key 'country' is missing {'so ' * n}.", "L57") for n in range(12)]
    assert len(grounded([one, one]).claims) == 1
    assert len(grounded(many).claims) == 5


def test_long_texts_are_cut_at_a_word() -> None:
    kept = grounded([claim("The key 'country' is missing " + "again " * 200, "L57")])
    assert len(kept.claims[0].text) <= TEXT_MAX
    assert kept.claims[0].text.endswith("again…")


@pytest.mark.parametrize(
    "wrapped",
    [
        "```json\n{}\n```",
        "Here is the answer:\n{}\nI hope that helps.",
        "<think>{{ maybe }}</think>\n{}",
    ],
)
def test_a_reply_may_be_wrapped(wrapped: str) -> None:
    text = wrapped.replace("{}", reply_text([claim("A key is missing.", "L57")]))
    assert parse_reply(text).claims[0].cites == ["L57"]


@pytest.mark.parametrize("text", ["", "no", "[1]", "{", "}{", '"x"', "{]}", "null"])
def test_a_reply_without_an_object_is_refused(text: str) -> None:
    with pytest.raises(ModelError):
        parse_reply(text)


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(ModelError):
        ground(parse_reply(text), prompt())


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "cites", "quote", "stance", "claims"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(claims=_JSON, steps=_JSON, agrees=_JSON)
def test_parts_of_the_wrong_shape_are_left_out_one_by_one(
    claims: object, steps: object, agrees: object
) -> None:
    good = {"text": "A key is missing.", "cites": ["L57"], "quote": "KeyError"}
    several = [*claims, good] if isinstance(claims, list) else [good]
    reply = {"claims": several, "next_steps": steps, "agrees_with_verdict": agrees}
    kept = ground(parse_reply(json.dumps(reply)), prompt())
    assert "A key is missing." in [one.text for one in kept.claims]
