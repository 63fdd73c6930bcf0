"""The slash command: its subcommands, and the form where one needs more words than it has."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import Command, FormWanted
from bot.slack.forms import Forms
from bot.slack.inbox import arrival_of
from bot.slack.subcommands import SUBCOMMANDS
from bot.slack.surfaces import SlashCommand, Surface


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    async def listen(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        match arrival_of(context):
            case FormWanted() as wanted:
                await forms.ask(wanted, command)
            case Command() as arrival:
                await forms.opened_for(arrival)

    app.command(command)(listen)


SURFACE = Surface(
    name="slash command",
    register=register,
    scopes=("chat:write", "commands"),
    command=SlashCommand(
        description="Why an Airflow task failed, and what to do about it",
        usage_hint=f"{'|'.join(one.word for one in SUBCOMMANDS)} [Dag, task or link]",
    ),
)
