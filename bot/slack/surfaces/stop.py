"""Stopping work under way: by the button under a sign of it, or Slack's own for agents."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.forms import Forms
from bot.slack.presses import Press
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    app.action(Press.STOP.pattern())(acknowledge)


SURFACE = Surface(
    name="stop",
    register=register,
    events=("agent_session_stopped",),
    scopes=("chat:write",),
    interactive=True,
)
