"""A mention, in a channel or in any thread."""

from __future__ import annotations

from bot.slack.surfaces import Surface, without_listeners

SURFACE = Surface(
    name="mention",
    register=without_listeners,
    events=("app_mention",),
    scopes=("app_mentions:read", "chat:write"),
    better_with=("reactions:write",),
)
