"""Links to Airflow, under which is shown how things stand; only where that is switched on."""

from __future__ import annotations

from bot.slack.surfaces import Surface, without_listeners

SURFACE = Surface(
    name="link unfurl",
    register=without_listeners,
    events=("link_shared",),
    better_with=("links:read", "links:write"),
    unfurls=True,
)
