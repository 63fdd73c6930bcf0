"""The button with which the asker closes a thread, and the one that takes that back."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.forms import Forms
from bot.slack.presses import Press
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    app.action(Press.SOLVED.pattern())(acknowledge)
    app.action(Press.NOT_SOLVED.pattern())(acknowledge)


SURFACE = Surface(
    name="solved",
    register=register,
    scopes=("chat:write",),
    better_with=("reactions:write",),
    interactive=True,
)
