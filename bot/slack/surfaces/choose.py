"""The buttons and the menu under a question that several targets fit."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.forms import Forms
from bot.slack.presses import Press
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    app.action(Press.CHOOSE.pattern())(acknowledge)


SURFACE = Surface(name="choice", register=register, scopes=("chat:write",), interactive=True)
