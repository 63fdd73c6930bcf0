"""Interaction payloads and slash commands in the shape that Slack sends them."""

from __future__ import annotations

from typing import Any

from bot.playground.workspace.hub import Hub
from bot.playground.workspace.values import Json, Message, View
from bot.playground.workspace.wire import message_json, view_json

_DOMAIN = "local-workspace"


def _base(hub: Hub, kind: str, user: str) -> Json:
    person = hub.world.members[user]
    return {
        "type": kind,
        "team": {"id": hub.world.team_id, "domain": _DOMAIN},
        "user": {
            "id": user,
            "username": person.name,
            "name": person.name,
            "team_id": hub.state.team_of(user),
        },
        "api_app_id": hub.world.app.id,
        "token": "verification-tokens-are-deprecated",
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _channel(hub: Hub, channel: str) -> Json:
    found = hub.state.channels[channel]
    name = "directmessage" if channel.startswith("D") else found.name
    return {"id": channel, "name": name}


def action_on_message(
    hub: Hub, user: str, message: Message, action: Json, response_url: str, state: Json
) -> Json:
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    return _base(hub, "block_actions", user) | {
        "container": container,
        "trigger_id": hub.new_trigger(user),
        "channel": _channel(hub, message.channel),
        "message": message_json(hub, message, with_metadata=True),
        "state": {"values": state},
        "response_url": response_url,
        "actions": [action],
    }


def action_on_view(hub: Hub, user: str, view: View, action: Json) -> Json:
    return _base(hub, "block_actions", user) | {
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": hub.new_trigger(user),
        "view": view_json(hub, view),
        "actions": [action],
    }


def suggestion(hub: Hub, user: str, view: View, block: Json, element: Json, typed: str) -> Json:
    """Somebody types into a menu whose options the app gives."""
    return _base(hub, "block_suggestion", user) | {
        "container": {"type": "view", "view_id": view.id},
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "value": typed,
        "view": view_json(hub, view),
    }


def submission(hub: Hub, user: str, view: View, response_urls: list[Json]) -> Json:
    return _base(hub, "view_submission", user) | {
        "trigger_id": hub.new_trigger(user),
        "view": view_json(hub, view),
        "response_urls": response_urls,
    }


def closing(hub: Hub, user: str, view: View, is_cleared: bool) -> Json:
    return _base(hub, "view_closed", user) | {
        "view": view_json(hub, view),
        "is_cleared": is_cleared,
    }


def global_shortcut(hub: Hub, user: str, callback_id: str) -> Json:
    return _base(hub, "shortcut", user) | {
        "callback_id": callback_id,
        "trigger_id": hub.new_trigger(user),
        "action_ts": hub.new_ts(),
    }


def message_shortcut(
    hub: Hub, user: str, message: Message, callback_id: str, response_url: str
) -> Json:
    return _base(hub, "message_action", user) | {
        "callback_id": callback_id,
        "trigger_id": hub.new_trigger(user),
        "action_ts": hub.new_ts(),
        "message_ts": message.ts,
        "channel": _channel(hub, message.channel),
        "message": message_json(hub, message),
        "response_url": response_url,
    }


def command(hub: Hub, user: str, channel: str, name: str, text: str, response_url: str) -> Json:
    """A slash command; a flat object, since it travels as a form."""
    return {
        "token": "verification-tokens-are-deprecated",
        "team_id": hub.world.team_id,
        "team_domain": _DOMAIN,
        "channel_id": channel,
        "channel_name": _channel(hub, channel)["name"],
        "user_id": user,
        "user_name": hub.world.members[user].name,
        "command": name,
        "text": text,
        "api_app_id": hub.world.app.id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": hub.new_trigger(user),
    }


def action(hub: Hub, block: Json, element: Json, chosen: Any = None) -> Json:
    """One entry of `actions`: the element as it was used.

    `chosen` is a value of the options for menus, a list of such for multiple choice, the typed
    text for inputs, "positive" or "negative" (or the button's own value) for feedback buttons.
    """
    kind = element["type"]
    body: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": hub.new_ts(),
    }
    if kind in ("button", "icon_button", "workflow_button"):
        body |= {
            name: element[name] for name in ("text", "value", "style", "url") if name in element
        }
    elif kind == "feedback_buttons":
        pressed = _rating(element, chosen)
        body |= {"text": pressed["text"], "value": pressed["value"]}
    else:
        if "placeholder" in element:
            body["placeholder"] = element["placeholder"]
        body |= input_value(element, chosen)
    return body


def _rating(element: Json, chosen: Any) -> Json:
    buttons: list[Json] = [element["positive_button"], element["negative_button"]]
    if chosen in ("positive", buttons[0]["value"]):
        return buttons[0]
    if chosen in ("negative", buttons[1]["value"]):
        return buttons[1]
    raise ValueError(f"feedback is 'positive' or 'negative', not {chosen!r}")


_SELECTED = {
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}


def input_value(element: Json, chosen: Any) -> Json:
    """What an input holds, as `state.values` shows it."""
    kind = element["type"]
    if kind in _SELECTED:
        return {_SELECTED[kind]: chosen}
    if kind == "external_select":
        return {"selected_option": _external(chosen)}
    if kind in ("checkboxes", "multi_static_select"):
        return {"selected_options": [option(element, value) for value in chosen or ()]}
    if kind in ("static_select", "radio_buttons", "overflow"):
        return {"selected_option": None if chosen is None else option(element, chosen)}
    return {"value": chosen}


def _external(chosen: Any) -> Json | None:
    """One of the options that the app gave; Slack sends back what it was given."""
    if chosen is None:
        return None
    if not isinstance(chosen, dict) or not {"text", "value"} <= chosen.keys():
        raise ValueError(f"an option has text and value, unlike {chosen!r}")
    return {name: chosen[name] for name in ("text", "value")}


def option(element: Json, value: str) -> Json:
    """The option with this value. Raises ValueError naming the choices where there is none."""
    options: list[Json] = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        options += group["options"]
    for candidate in options:
        if candidate["value"] == value:
            return candidate
    values = ", ".join(repr(candidate["value"]) for candidate in options)
    raise ValueError(f"no option {value!r}; there are {values}")


def initial_value(element: Json) -> Json:
    """What an input holds before anybody touched it."""
    kind = element["type"]
    if kind in _SELECTED:
        name = _SELECTED[kind].replace("selected_", "initial_")
        return {_SELECTED[kind]: element.get(name)}
    if kind in ("checkboxes", "multi_static_select"):
        return {"selected_options": element.get("initial_options") or []}
    if kind in ("static_select", "external_select", "radio_buttons", "overflow"):
        return {"selected_option": element.get("initial_option")}
    return {"value": element.get("initial_value")}
