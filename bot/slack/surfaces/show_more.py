"""The buttons under a diagnosis that show what stands behind it: evidence and log excerpt."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import ButtonPress
from bot.slack.desk import Desk
from bot.slack.inbox import arrived
from bot.slack.presses import Press
from bot.slack.surfaces import Surface


def register(app: AsyncApp, desk: Desk, command: str) -> None:
    async def evidence(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        press = arrived(context, ButtonPress)
        await desk.evidence(press.turn_id, press.place)

    async def log_excerpt(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        press = arrived(context, ButtonPress)
        await desk.log_excerpt(press.turn_id, press.place)

    app.action(Press.EVIDENCE.pattern())(evidence)
    app.action(Press.LOG_EXCERPT.pattern())(log_excerpt)


SURFACE = Surface(
    name="evidence and log excerpt",
    register=register,
    scopes=("chat:write",),
    better_with=("files:write",),
    interactive=True,
)
