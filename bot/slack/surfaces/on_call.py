"""Naming who is on call: nothing to listen to, but people and groups to look up."""

from __future__ import annotations

from bot.slack.surfaces import Surface, without_listeners

SURFACE = Surface(
    name="on call",
    register=without_listeners,
    better_with=("usergroups:read", "users:read", "users:read.email"),
)
