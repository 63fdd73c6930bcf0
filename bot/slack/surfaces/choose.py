"""The buttons and the menu under a question that several targets fit."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import Pick
from bot.slack.desk import Desk
from bot.slack.inbox import arrived
from bot.slack.presses import Press
from bot.slack.surfaces import Surface


def register(app: AsyncApp, desk: Desk, command: str) -> None:
    async def listen(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        pick = arrived(context, Pick)
        await desk.pick(pick.turn_id, pick.option, pick.question, pick.place)

    app.action(Press.CHOOSE.pattern())(listen)


SURFACE = Surface(name="choice", register=register, scopes=("chat:write",), interactive=True)
