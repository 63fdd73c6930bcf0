"""Modals and the Home tab."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.playground.workspace.blocks import check_view
from bot.playground.workspace.changes import HomePublished, ViewShown
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.hub import Hub
from bot.playground.workspace.methods.posting import with_ids
from bot.playground.workspace.methods.registry import Call, Method, Tier
from bot.playground.workspace.values import Json, View
from bot.playground.workspace.wire import view_json

STACK_MAX = 3
VIEW_MAX = 250_000
"""Characters of a view as JSON."""


def judged(hub: Hub, definition: Json | None, kind: str) -> Json:
    """The view as the app wrote it, with block ids; refused where Slack refuses."""
    if definition is None:
        raise SlackRefusal("invalid_arguments", ["[ERROR] missing required field: view"])
    if definition.get("type") != kind:
        raise SlackRefusal("invalid_arguments", [f"[ERROR] the view must be a {kind}"])
    check_view(definition)
    if len(json.dumps(definition)) > VIEW_MAX:
        raise SlackRefusal("view_too_large")
    return {**definition, "blocks": list(with_ids(hub, definition["blocks"]))}


def new_modal(hub: Hub, user: str, definition: Json, under: View | None = None) -> View:
    """A modal shown to `user`, on top of `under` where it was pushed."""
    view_id = hub.new_id("V")
    return View(
        view_id,
        hub.new_id("h"),
        user,
        definition,
        root_id=under.root_id if under else view_id,
        previous_id=under.id if under else None,
    )


def renewed(hub: Hub, view: View, definition: Json) -> View:
    """The same view with another content. What was typed into blocks that stay is kept."""
    ids = {block["block_id"] for block in definition["blocks"]}
    kept = {block: value for block, value in (view.values or {}).items() if block in ids}
    return replace(
        view, hash=hub.new_id("h"), definition=definition, values=kept or None, errors=None
    )


def _triggered_by(call: Call) -> str:
    """The user whose click opens this view. A trigger works once, for three seconds."""
    trigger_id = call.arguments.text("trigger_id")
    trigger = call.hub.triggers.get(trigger_id)
    if trigger is None:
        raise SlackRefusal("invalid_trigger_id")
    if trigger.used:
        raise SlackRefusal("exchanged_trigger_id")
    if call.hub.clock.now() > trigger.expires:
        raise SlackRefusal("expired_trigger_id")
    call.hub.triggers[trigger_id] = replace(trigger, used=True)
    return trigger.user


def _stack(hub: Hub, user: str) -> list[View]:
    return [view for view in hub.state.modals.values() if view.user == user]


def _open(call: Call) -> Json:
    definition = judged(call.hub, call.arguments.object("view"), "modal")
    _refuse_taken_external_id(call, definition)
    view = new_modal(call.hub, _triggered_by(call), definition)
    call.hub.commit(ViewShown(view))
    return {"view": view_json(call.hub, view)}


def _push(call: Call) -> Json:
    definition = judged(call.hub, call.arguments.object("view"), "modal")
    user = _triggered_by(call)
    stack = _stack(call.hub, user)
    if len(stack) >= STACK_MAX:
        raise SlackRefusal("push_limit_reached")
    if not stack:
        raise SlackRefusal("not_found")
    view = new_modal(call.hub, user, definition, stack[-1])
    call.hub.commit(ViewShown(view))
    return {"view": view_json(call.hub, view)}


def _refuse_taken_external_id(call: Call, definition: Json) -> None:
    external_id = definition.get("external_id")
    taken = (view.definition.get("external_id") for view in call.hub.state.modals.values())
    if external_id and external_id in taken:
        raise SlackRefusal("duplicate_external_id")


def _update(call: Call) -> Json:
    view = _known(call)
    definition = judged(call.hub, call.arguments.object("view"), view.kind)
    _refuse_old_hash(call, view)
    after = renewed(call.hub, view, definition)
    call.hub.commit(HomePublished(after) if view.kind == "home" else ViewShown(after))
    return {"view": view_json(call.hub, after)}


def _known(call: Call) -> View:
    view_id, external_id = (
        call.arguments.optional("view_id"),
        call.arguments.optional("external_id"),
    )
    for view in (*call.hub.state.modals.values(), *call.hub.state.homes.values()):
        if view.id == view_id or (
            external_id and view.definition.get("external_id") == external_id
        ):
            return view
    raise SlackRefusal("not_found")


def _refuse_old_hash(call: Call, view: View) -> None:
    asked = call.arguments.optional("hash")
    if asked and asked != view.hash:
        raise SlackRefusal("hash_conflict")


def _publish(call: Call) -> Json:
    if not call.hub.world.app.home_tab:
        raise SlackRefusal("not_enabled")
    user = call.user("user_id")
    definition = judged(call.hub, call.arguments.object("view"), "home")
    old = call.hub.state.homes.get(user)
    if old:
        _refuse_old_hash(call, old)
        view = renewed(call.hub, old, definition)
    else:
        view = new_modal(call.hub, user, definition)
    call.hub.commit(HomePublished(view))
    return {"view": view_json(call.hub, view)}


METHODS = (
    Method("views.open", _open, tier=Tier.T4),
    Method("views.publish", _publish, tier=Tier.T4),
    Method("views.push", _push, tier=Tier.T4),
    Method("views.update", _update, tier=Tier.T4),
)
