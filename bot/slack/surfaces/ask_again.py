"""The button under an apology that asks the same question again."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import Asked
from bot.slack.desk import Desk
from bot.slack.inbox import arrived
from bot.slack.presses import Press
from bot.slack.surfaces import Surface


def register(app: AsyncApp, desk: Desk, command: str) -> None:
    async def listen(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        asked = arrived(context, Asked)
        await desk.ask(asked.question, asked.place)

    app.action(Press.ASK_AGAIN.pattern())(listen)


SURFACE = Surface(name="ask again", register=register, scopes=("chat:write",), interactive=True)
