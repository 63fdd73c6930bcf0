"""A message without a mention in a thread: heard only where the bot is engaged."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import Asked, Way
from bot.slack.desk import Desk
from bot.slack.inbox import arrived, came_by
from bot.slack.surfaces import Surface


def register(app: AsyncApp, desk: Desk, command: str) -> None:
    async def listen(context: AsyncBoltContext) -> None:
        asked = arrived(context, Asked)
        await desk.ask_if_engaged(asked.question, asked.place)

    app.event("message", matchers=[came_by(Way.FOLLOW_UP)])(listen)


SURFACE = Surface(
    name="follow-up",
    register=register,
    events=("message.channels", "message.groups"),
    scopes=("chat:write",),
    better_with=("channels:history", "groups:history"),
)
