"""Messages that are edited or deleted, and channels that are gone: heard of as events.

Edits and deletions come as messages, to which the other surfaces listen. With the names of people
and channels it is known whose words are not to be kept: those of guests and other organisations.
"""

from __future__ import annotations

from bot.slack.surfaces import Surface, without_listeners

SURFACE = Surface(
    name="gone",
    register=without_listeners,
    events=("channel_deleted", "channel_left", "group_deleted", "group_left"),
    scopes=("chat:write",),
    better_with=("channels:read", "files:write", "groups:read", "users:read"),
)
