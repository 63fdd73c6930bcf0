"""Block elements and composition objects: buttons, menus, inputs, options, rich text."""

from __future__ import annotations

from typing import Any

from bot.playground.workspace.blocks.rules import (
    Findings,
    Rule,
    Shape,
    Surface,
    anything,
    array,
    flag,
    needs_one,
    of_shape,
    one_of,
    plain,
    shape,
    string,
    text,
    url,
    whole,
)

BUTTON_TEXT_MAX = 75
BUTTON_VALUE_MAX = 2_000
OPTION_VALUE_MAX = 150
OPTIONS_MAX = 100
ID_MAX = 255


def action_id(value: Any, pointer: str, findings: Findings) -> None:
    """At most 255 characters, and used once only among the blocks."""
    string(ID_MAX)(value, pointer, findings)
    if isinstance(value, str):
        if value in findings.action_ids:
            findings.add(pointer, f"`action_id` {value!r} already exists")
        findings.action_ids.add(value)


CONFIRM = of_shape(
    shape(
        "title text confirm deny",
        title=plain(100),
        text=text(300),
        confirm=plain(30),
        deny=plain(30),
        style=one_of("primary", "danger"),
    )
)
OPTION = of_shape(
    shape(
        "text value",
        text=text(75),
        value=string(OPTION_VALUE_MAX),
        description=text(75),
        url=url(),
    )
)
OPTIONS = array(OPTION, OPTIONS_MAX)
OPTION_GROUPS = array(
    of_shape(shape("label options", label=plain(75), options=OPTIONS)), OPTIONS_MAX
)
SLACK_FILE = of_shape(shape(id=string(ID_MAX), url=string(3000), also=needs_one("id", "url")))
RATING = of_shape(
    shape(
        "text value",
        text=plain(BUTTON_TEXT_MAX),
        value=string(BUTTON_VALUE_MAX),
        accessibility_label=string(75),
    )
)
DISPATCH = of_shape(shape(trigger_actions_on=anything))
STYLE = one_of("primary", "danger")


def _input(**fields: Rule) -> dict[str, Rule]:
    return {
        "action_id": action_id,
        "placeholder": plain(150),
        "focus_on_load": flag,
        "confirm": CONFIRM,
        **fields,
    }


def _select(**fields: Rule) -> Shape:
    return Shape(_input(**fields))


def _options(**fields: Rule) -> Shape:
    return Shape(_input(**fields), also=needs_one("options", "option_groups"))


def _typed(required: str = "", **fields: Rule) -> Shape:
    return shape(required, **_input(dispatch_action_config=DISPATCH, **fields))


_MANY: dict[str, Rule] = {"max_selected_items": whole(1, 100)}
_FILTER: dict[str, Rule] = {"filter": anything, "default_to_current_conversation": flag}
_ANSWERS: dict[str, Rule] = {"response_url_enabled": flag}

IMAGE = shape(
    "alt_text",
    image_url=url(),
    slack_file=SLACK_FILE,
    alt_text=string(2000),
    also=needs_one("image_url", "slack_file"),
)

ELEMENTS: dict[str, Shape] = {
    "button": shape(
        "text",
        text=plain(BUTTON_TEXT_MAX),
        action_id=action_id,
        url=url(),
        value=string(BUTTON_VALUE_MAX),
        style=STYLE,
        confirm=CONFIRM,
        accessibility_label=string(75),
        agent_prompt=string(4000),
        agent_prompt_display=anything,
        visible_to_user_ids=anything,
    ),
    "icon_button": shape(
        "icon text",
        icon=one_of("trash"),
        text=plain(BUTTON_TEXT_MAX),
        action_id=action_id,
        value=string(BUTTON_VALUE_MAX),
        confirm=CONFIRM,
        accessibility_label=string(75),
        visible_to_user_ids=anything,
    ),
    "feedback_buttons": shape(
        "positive_button negative_button",
        action_id=action_id,
        positive_button=RATING,
        negative_button=RATING,
    ),
    "workflow_button": shape(
        "text workflow",
        text=plain(BUTTON_TEXT_MAX),
        action_id=action_id,
        workflow=anything,
        style=STYLE,
        accessibility_label=string(75),
    ),
    "image": IMAGE,
    "overflow": shape("options", action_id=action_id, options=array(OPTION, 5), confirm=CONFIRM),
    "checkboxes": _options(options=array(OPTION, 10), initial_options=OPTIONS),
    "radio_buttons": _options(options=array(OPTION, 10), initial_option=OPTION),
    "datepicker": _select(initial_date=string(10)),
    "timepicker": _select(initial_time=string(5), timezone=string(100)),
    "datetimepicker": _select(initial_date_time=whole(0, 10**10)),
    "static_select": _options(options=OPTIONS, option_groups=OPTION_GROUPS, initial_option=OPTION),
    "multi_static_select": _options(
        options=OPTIONS,
        option_groups=OPTION_GROUPS,
        initial_options=OPTIONS,
        **_MANY,
    ),
    "external_select": _select(initial_option=OPTION, min_query_length=whole(0, 100)),
    "multi_external_select": _select(
        initial_options=OPTIONS, min_query_length=whole(0, 100), **_MANY
    ),
    "users_select": _select(initial_user=string(ID_MAX)),
    "multi_users_select": _select(initial_users=anything, **_MANY),
    "conversations_select": _select(initial_conversation=string(ID_MAX), **_FILTER, **_ANSWERS),
    "multi_conversations_select": _select(initial_conversations=anything, **_FILTER, **_MANY),
    "channels_select": _select(initial_channel=string(ID_MAX), **_ANSWERS),
    "multi_channels_select": _select(initial_channels=anything, **_MANY),
    "plain_text_input": _typed(
        initial_value=string(3000, 0),
        multiline=flag,
        min_length=whole(0, 3000),
        max_length=whole(1, 3000),
    ),
    "email_text_input": _typed(initial_value=string(3000, 0)),
    "url_text_input": _typed(initial_value=string(3000, 0)),
    "number_input": _typed(
        "is_decimal_allowed",
        is_decimal_allowed=flag,
        initial_value=anything,
        min_value=anything,
        max_value=anything,
    ),
    "rich_text_input": _typed(initial_value=anything, min_lines=anything, max_lines=anything),
    "file_input": shape(action_id=action_id, filetypes=anything, max_files=whole(1, 10)),
}

_MENUS = frozenset(name for name in ELEMENTS if name.endswith("_select"))
_PICKERS = frozenset({"checkboxes", "radio_buttons", "datepicker", "timepicker"})
IN_SECTION = _MENUS | _PICKERS | {"button", "image", "overflow", "workflow_button"}
IN_ACTIONS = (
    _MENUS
    | _PICKERS
    | {
        "button",
        "datetimepicker",
        "overflow",
        "rich_text_input",
        "workflow_button",
    }
)
IN_INPUT = (
    _MENUS
    | _PICKERS
    | {
        "datetimepicker",
        "email_text_input",
        "file_input",
        "number_input",
        "plain_text_input",
        "rich_text_input",
        "url_text_input",
    }
)
IN_CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})


def element(allowed: frozenset[str]) -> Rule:
    """An element of one of these types."""

    def rule(value: Any, pointer: str, findings: Findings) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in allowed or (kind == "file_input" and findings.surface != Surface.MODAL):
            findings.add(pointer, f"unsupported type: {kind}")
        else:
            ELEMENTS[kind].check(value, pointer, findings)

    return rule


def context_element(value: Any, pointer: str, findings: Findings) -> None:
    """An image or a text of at most 2,000 characters."""
    if isinstance(value, dict) and value.get("type") == "image":
        IMAGE.check(value, pointer, findings)
    else:
        text(2000)(value, pointer, findings)
