"""The Home tab with its buttons and its form, and the prompts over the direct messages."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import FormFaulty
from bot.slack.forms import Forms
from bot.slack.home_arrivals import PatternsWanted
from bot.slack.inbox import arrival_of, arrived
from bot.slack.presses import MY_DAGS, Press
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    async def edit(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        await forms.edit_dags(arrived(context, PatternsWanted))

    async def take(ack: AsyncAck, context: AsyncBoltContext) -> None:
        match arrival_of(context):
            case FormFaulty() as faulty:
                await ack(response_action="errors", errors=await forms.faults_of(faulty))
            case _:
                await ack()

    app.action(Press.MY_DAGS.pattern())(edit)
    app.action(Press.KEEPING.pattern())(acknowledge)
    app.action(Press.REFRESH.pattern())(acknowledge)
    app.view(MY_DAGS)(take)


SURFACE = Surface(
    name="home tab",
    register=register,
    events=("app_context_changed", "app_home_opened"),
    scopes=("chat:write",),
    better_with=("assistant:write", "users:read", "users:read.email"),
    interactive=True,
)
