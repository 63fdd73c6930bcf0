"""A direct message: every one is a question."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.arrivals import Way
from bot.slack.forms import Forms
from bot.slack.inbox import came_by
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    app.event("message", matchers=[came_by(Way.DIRECT)])(acknowledge)


SURFACE = Surface(
    name="direct message",
    register=register,
    events=("message.im",),
    scopes=("chat:write", "im:history"),
)
