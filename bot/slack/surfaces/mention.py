"""A mention, in a channel or in any thread."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.arrivals import Way
from bot.slack.forms import Forms
from bot.slack.inbox import came_by
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    # A mention comes as both events where the bot reads the channel; whichever is first counts.
    for event in ("app_mention", "message"):
        app.event(event, matchers=[came_by(Way.MENTION)])(acknowledge)


SURFACE = Surface(
    name="mention",
    register=register,
    events=("app_mention",),
    scopes=("app_mentions:read", "chat:write"),
    better_with=("reactions:write",),
)
