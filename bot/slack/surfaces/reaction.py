"""Reactions on answers: thumbs count like the buttons, ✅ by the asker closes the thread, 🔇 sends
the bot away."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.forms import Forms
from bot.slack.inbox import arrived
from bot.slack.presses import Press
from bot.slack.surfaces import Surface
from bot.slack.talk.arrivals import TellMore


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    async def listen(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        await forms.tell_more(arrived(context, TellMore))

    app.action(Press.TELL_MORE.pattern())(listen)


SURFACE = Surface(
    name="reaction",
    register=register,
    events=("reaction_added", "reaction_removed"),
    scopes=("chat:write",),
    better_with=("reactions:read",),
    interactive=True,
)
