"""A mention, in a channel or in any thread."""

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
        await desk.ask(asked.question, asked.place)

    # A mention comes as both events where the bot reads the channel; whichever is first counts.
    for event in ("app_mention", "message"):
        app.event(event, matchers=[came_by(Way.MENTION)])(listen)


SURFACE = Surface(
    name="mention",
    register=register,
    events=("app_mention",),
    scopes=("app_mentions:read", "chat:write"),
    better_with=("reactions:write",),
)
