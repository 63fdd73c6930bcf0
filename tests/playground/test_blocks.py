"""Blocks are judged as Slack judges them: existence, surface, sizes, ids."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models import blocks as sdk

from bot.playground.workspace.blocks import Surface, check_blocks, check_view
from bot.playground.workspace.errors import SlackRefusal

Block = dict[str, Any]


def text(content: str, kind: str = "mrkdwn") -> Block:
    return {"type": kind, "text": content}


def section(content: str) -> Block:
    return {"type": "section", "text": text(content)}


def button(label: str = "Go", **fields: Any) -> Block:
    return {"type": "button", "text": text(label, "plain_text"), "action_id": "go", **fields}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def problem(*blocks: Block, surface: Surface = Surface.MESSAGE) -> str:
    with pytest.raises(SlackRefusal) as caught:
        check_blocks(blocks, surface)
    return str(caught.value)


@pytest.mark.parametrize(
    ("fits", "too_long"),
    [
        (section("x" * 3000), section("x" * 3001)),
        (
            {"type": "header", "text": text("x" * 150, "plain_text")},
            {"type": "header", "text": text("x" * 151, "plain_text")},
        ),
        (actions(button("x" * 75)), actions(button("x" * 76))),
        (actions(button(value="x" * 2000)), actions(button(value="x" * 2001))),
        (actions(button(action_id="x" * 255)), actions(button(action_id="x" * 256))),
        ({**section("x"), "block_id": "x" * 255}, {**section("x"), "block_id": "x" * 256}),
        (
            {"type": "context", "elements": [text("x")] * 10},
            {"type": "context", "elements": [text("x")] * 11},
        ),
        (
            {"type": "section", "fields": [text("x" * 2000)] * 6},
            {"type": "section", "fields": [text("x")] * 11},
        ),
        ({"type": "markdown", "text": "x" * 12_000}, {"type": "markdown", "text": "x" * 12_001}),
        (
            {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 20]},
            {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]},
        ),
        (
            actions(*(button(action_id=str(n)) for n in range(25))),
            actions(*(button(action_id=str(n)) for n in range(26))),
        ),
    ],
)
def test_a_size_is_allowed_up_to_its_limit(fits: Block, too_long: Block) -> None:
    check_blocks([fits], Surface.MESSAGE)
    assert problem(too_long).startswith("invalid_blocks")


def test_a_refusal_points_at_the_fault() -> None:
    assert "must be less than 3001 characters [json-pointer:/blocks/1/text/text]" in problem(
        section("fine"), section("x" * 3001)
    )


def test_fifty_blocks_fit_a_message_and_a_hundred_a_modal() -> None:
    check_blocks([{"type": "divider"}] * 50, Surface.MESSAGE)
    check_blocks([{"type": "divider"}] * 100, Surface.MODAL)
    assert "no more than 50 items allowed" in problem(*[{"type": "divider"}] * 51)


def test_all_blocks_together_have_an_undocumented_limit() -> None:
    assert problem(*[section("x" * 2900)] * 5) == "msg_blocks_too_long"


def test_markdown_is_counted_over_the_whole_message() -> None:
    half = {"type": "markdown", "text": "x" * 6_100}
    assert problem(half, half).startswith("msg_too_long")


@pytest.mark.parametrize(
    ("block", "surface"),
    [
        ({"type": "markdown", "text": "x"}, Surface.MODAL),
        ({"type": "alert", "text": text("x")}, Surface.MESSAGE),
        ({"type": "context_actions", "elements": []}, Surface.HOME),
        ({"type": "marquee"}, Surface.MESSAGE),
    ],
)
def test_a_block_stands_only_on_its_surfaces(block: Block, surface: Surface) -> None:
    assert f"unsupported type: {block['type']}" in problem(block, surface=surface)


def test_ids_are_unique_blocks_over_the_message_actions_within_their_block() -> None:
    assert "`action_id` 'go' already exists" in problem(actions(button(), button()))
    assert "`block_id` 'a' already exists" in problem(*[{**section("x"), "block_id": "a"}] * 2)
    check_blocks([actions(button()), actions(button())], Surface.MESSAGE)


def test_an_empty_text_is_refused() -> None:
    assert "must be more than 0 characters" in problem(section(""))


def test_an_unknown_field_is_refused() -> None:
    assert "invalid additional property: colour" in problem({**section("x"), "colour": "red"})


def test_a_link_must_be_a_web_address() -> None:
    check_blocks([actions(button(url="https://airflow.example.com/"))], Surface.MESSAGE)
    assert "must be a valid url" in problem(actions(button(url="javascript:alert(1)")))


def test_a_modal_with_an_input_needs_a_submit_button() -> None:
    view: Block = {
        "type": "modal",
        "title": text("Why", "plain_text"),
        "blocks": [
            {
                "type": "input",
                "label": text("Reason", "plain_text"),
                "element": {"type": "plain_text_input", "action_id": "reason"},
            }
        ],
    }
    with pytest.raises(SlackRefusal, match="missing required field: submit"):
        check_view(view)
    check_view({**view, "submit": text("Send", "plain_text")})


def test_what_the_sdk_builds_within_its_limits_is_accepted() -> None:
    blocks = [
        sdk.HeaderBlock(text="Your code"),
        sdk.SectionBlock(
            text=sdk.MarkdownTextObject(text="*why*"),
            fields=["*Try*\n2"],
            accessory=sdk.StaticSelectElement(
                action_id="pick",
                placeholder="Pick",
                options=[sdk.Option(value="1", label="One")],
                confirm=sdk.ConfirmObject(title="Sure?", text="Really", confirm="Yes", deny="No"),
            ),
        ),
        sdk.ContextBlock(elements=[sdk.MarkdownTextObject(text="Try 2")]),
        sdk.ActionsBlock(
            elements=[
                sdk.ButtonElement(text="Log", action_id="log", value="1", style="primary"),
                sdk.OverflowMenuElement(
                    action_id="more",
                    options=[sdk.Option(value="a", label="A"), sdk.Option(value="b", label="B")],
                ),
            ]
        ),
        sdk.ContextActionsBlock(
            elements=[
                sdk.FeedbackButtonsElement(
                    action_id="rate",
                    positive_button=sdk.FeedbackButtonObject(text="Good", value="up"),
                    negative_button=sdk.FeedbackButtonObject(text="Bad", value="down"),
                ),
                sdk.IconButtonElement(action_id="bin", icon="trash", text="Delete"),
            ]
        ),
        sdk.MarkdownBlock(text="**bold**"),
        sdk.RichTextBlock(
            elements=[
                sdk.RichTextPreformattedElement(
                    elements=[sdk.RichTextElementParts.Text(text="Traceback")]
                )
            ]
        ),
        sdk.TaskCardBlock(task_id="1", title="Read the log", status="complete"),
    ]

    check_blocks([block.to_dict() for block in blocks], Surface.MESSAGE)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists))
def test_nonsense_is_refused_and_never_an_error(value: Any) -> None:
    for kind in ("section", "actions", "rich_text", "table", "plan", "carousel", "context"):
        for name in ("text", "elements", "rows", "tasks", "accessory"):
            with pytest.raises(SlackRefusal):
                check_blocks([{"type": kind, name: value, "nonsense": value}], Surface.MESSAGE)
