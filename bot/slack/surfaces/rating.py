"""Thumbs up and down, and the form that asks what was wrong."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.arrivals import RatingPress
from bot.slack.forms import Forms
from bot.slack.inbox import arrived
from bot.slack.presses import RATING_FORM, Press
from bot.slack.surfaces import Surface


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    async def listen(ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack()
        await forms.ask_why(arrived(context, RatingPress))

    app.action(Press.RATE.pattern())(listen)
    app.view(RATING_FORM)(listen)


SURFACE = Surface(name="rating", register=register, scopes=("chat:write",), interactive=True)
