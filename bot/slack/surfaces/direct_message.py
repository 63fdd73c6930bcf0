"""A direct message: every one is a question."""

from __future__ import annotations

from bot.slack.surfaces import Surface, without_listeners

SURFACE = Surface(
    name="direct message",
    register=without_listeners,
    events=("message.im",),
    scopes=("chat:write", "im:history"),
)
