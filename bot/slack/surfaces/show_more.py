"""The buttons under a diagnosis that show what stands behind it: evidence and log excerpt."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.forms import Forms
from bot.slack.presses import Press
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    app.action(Press.EVIDENCE.pattern())(acknowledge)
    app.action(Press.LOG_EXCERPT.pattern())(acknowledge)


SURFACE = Surface(
    name="evidence and log excerpt",
    register=register,
    scopes=("chat:write",),
    better_with=("files:write",),
    interactive=True,
)
