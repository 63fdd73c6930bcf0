"""The buttons under a draft of a runbook."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.forms import Forms
from bot.slack.growth_values import DraftAct
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    for act in DraftAct:
        app.action(act.pattern())(acknowledge)


SURFACE = Surface(
    name="runbook_drafts",
    register=register,
    scopes=("chat:write",),
    better_with=("files:write",),
    interactive=True,
)
