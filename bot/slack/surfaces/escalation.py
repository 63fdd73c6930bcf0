"""The buttons of an escalation's card, the form that asks what was true, and asking for a human."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.escalation_arrivals import ResolveWanted
from bot.slack.escalation_presses import ASK_HUMAN, ASKS, RESOLVE_FORM, Act
from bot.slack.forms import Forms
from bot.slack.inbox import arrived
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    async def ask(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        await forms.ask_what_was_true(arrived(context, ResolveWanted))

    for act in Act:
        app.action(act.pattern())(ask if act in ASKS else acknowledge)
    app.action(ASK_HUMAN)(acknowledge)
    app.view(RESOLVE_FORM)(acknowledge)


SURFACE = Surface(
    name="escalation",
    register=register,
    scopes=("chat:write",),
    better_with=("files:write", "users:read"),
    interactive=True,
)
