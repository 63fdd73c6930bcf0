"""A message without a mention in a thread: heard only where the bot is engaged."""

from __future__ import annotations

from bot.slack.surfaces import Surface, without_listeners

SURFACE = Surface(
    name="follow-up",
    register=without_listeners,
    events=("message.channels", "message.groups"),
    scopes=("chat:write",),
    better_with=("channels:history", "groups:history"),
)
