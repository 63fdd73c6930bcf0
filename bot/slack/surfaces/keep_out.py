"""The button under an answer that nobody called for, which sends the bot out of the thread."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.forms import Forms
from bot.slack.presses import Press
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    app.action(Press.KEEP_OUT.pattern())(acknowledge)
    app.action(Press.COME_BACK.pattern())(acknowledge)


SURFACE = Surface(
    name="keep out",
    register=register,
    scopes=("chat:write",),
    interactive=True,
)
