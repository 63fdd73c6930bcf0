"""The app taken out of a workspace: heard of as events, by which all that was kept of it goes."""

from __future__ import annotations

from bot.slack.surfaces import Surface, without_listeners

SURFACE = Surface(
    name="uninstalled",
    register=without_listeners,
    events=("app_uninstalled", "tokens_revoked"),
)
