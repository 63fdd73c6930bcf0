"""The slash command: `help`, `why`, `status`, `logs` and `health`."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import Command
from bot.slack.desk import Desk
from bot.slack.inbox import arrived
from bot.slack.surfaces import SlashCommand, Surface


def register(app: AsyncApp, desk: Desk, command: str) -> None:
    async def listen(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        given = arrived(context, Command)
        await desk.ask(given.question, given.place)

    app.command(command)(listen)


SURFACE = Surface(
    name="slash command",
    register=register,
    scopes=("chat:write", "commands"),
    command=SlashCommand(
        description="Why an Airflow task failed, and what to do about it",
        usage_hint="why|status|logs|health|help [Dag, task or link]",
    ),
)
