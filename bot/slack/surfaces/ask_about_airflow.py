"""The shortcut that is there anywhere, and the form that it opens."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import FormFaulty, FormWanted, NamesWanted, TasksWanted
from bot.slack.asking_form import ASK_FORM, Field
from bot.slack.forms import Forms
from bot.slack.inbox import arrival_of, arrived
from bot.slack.parse_shortcut import ASK
from bot.slack.surfaces import Shortcut, ShortcutKind, Surface


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    async def open_form(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        await forms.ask(arrived(context, FormWanted), command)

    async def suggest(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack(**await forms.suggest(arrived(context, NamesWanted)))

    async def suggest_tasks(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack(**await forms.suggest_tasks(arrived(context, TasksWanted)))

    async def take(ack: AsyncAck, context: AsyncBoltContext) -> None:
        match arrival_of(context):
            case FormFaulty() as faulty:
                await ack(response_action="errors", errors=await forms.faults_of(faulty))
            case _:
                await ack()

    app.global_shortcut(ASK)(open_form)
    app.options(Field.DAG.value)(suggest)
    app.options(Field.TASK.value)(suggest_tasks)
    app.view(ASK_FORM)(take)


SURFACE = Surface(
    name="ask about Airflow",
    register=register,
    scopes=("chat:write", "commands", "im:write"),
    interactive=True,
    shortcut=Shortcut(
        name="Ask about Airflow",
        kind=ShortcutKind.GLOBAL,
        callback_id=ASK,
        description="Why something failed, how it stands, what its log says",
    ),
)
