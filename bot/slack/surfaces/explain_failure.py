"""The shortcut on a message that explains the failure which the message tells of."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.forms import Forms
from bot.slack.parse_shortcut import EXPLAIN
from bot.slack.surfaces import Shortcut, ShortcutKind, Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    app.message_shortcut(EXPLAIN)(acknowledge)


SURFACE = Surface(
    name="explain this failure",
    register=register,
    scopes=("chat:write", "commands"),
    interactive=True,
    shortcut=Shortcut(
        name="Explain this failure",
        kind=ShortcutKind.MESSAGE,
        callback_id=EXPLAIN,
        description="Says why what this message tells of failed, and what to do",
    ),
)
