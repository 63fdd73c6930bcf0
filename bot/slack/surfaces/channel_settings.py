"""The form for what the bot does in a channel; the command `settings` opens it."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import FormFaulty
from bot.slack.forms import Forms
from bot.slack.inbox import arrival_of
from bot.slack.settings_form import SETTINGS_FORM
from bot.slack.surfaces import Surface


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    async def take(ack: AsyncAck, context: AsyncBoltContext) -> None:
        match arrival_of(context):
            case FormFaulty() as faulty:
                await ack(response_action="errors", errors=await forms.faults_of(faulty))
            case _:
                await ack()

    app.view(SETTINGS_FORM)(take)


SURFACE = Surface(
    name="channel settings",
    register=register,
    scopes=("chat:write", "commands"),
    # Who made the channel, who is an admin, who is in a group: without them fewer may change it.
    better_with=("channels:read", "groups:read", "usergroups:read", "users:read"),
    interactive=True,
)
