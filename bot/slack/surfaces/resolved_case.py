"""The buttons under a case that is offered, and the form that words it anew."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.case_values import CASE_FORM, CaseAct, CasePressed
from bot.slack.forms import Forms
from bot.slack.inbox import arrived
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    async def edit(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        await forms.word_case(arrived(context, CasePressed))

    for act in CaseAct:
        app.action(act.pattern())(edit if act is CaseAct.EDIT else acknowledge)
    app.view(CASE_FORM)(acknowledge)


SURFACE = Surface(
    name="resolved_case",
    register=register,
    scopes=("chat:write",),
    better_with=("channels:history", "groups:history"),
    interactive=True,
)
