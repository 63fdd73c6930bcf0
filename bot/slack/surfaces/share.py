"""The button under a private answer that shows it to everybody."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.forms import Forms
from bot.slack.presses import Press
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    app.action(Press.SHARE.pattern())(acknowledge)


SURFACE = Surface(name="share", register=register, scopes=("chat:write",), interactive=True)
