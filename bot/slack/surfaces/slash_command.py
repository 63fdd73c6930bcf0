"""The slash command: `help`, `why`, `status`, `logs` and `health`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.forms import Forms
from bot.slack.surfaces import SlashCommand, Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    app.command(command)(acknowledge)


SURFACE = Surface(
    name="slash command",
    register=register,
    scopes=("chat:write", "commands"),
    command=SlashCommand(
        description="Why an Airflow task failed, and what to do about it",
        usage_hint="why|status|logs|health|help [Dag, task or link]",
    ),
)
