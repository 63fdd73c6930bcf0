"""Asking in the local workspace, and waiting for the answer."""

from __future__ import annotations

from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from tests.slack.running import RunningBot

ASK = "why did orders_daily fail?"


async def mention(ws: LocalWorkspace, text: str = ASK, **where: str) -> Message:
    channel = where.get("channel", SUPPORT_CHANNEL)
    thread = where.get("thread_ts")
    return await ws.say(channel, AUTHOR.id, f"{ws.mention} {text}", thread, raw=True)


async def answered(ws: LocalWorkspace, slack: RunningBot, message: Message) -> Message:
    """The bot's answer, once nothing is under way any more."""
    await ws.wait_for_reply(message)
    await slack.idle()
    return next(m for m in ws.replies(message) if m.bot_id and m.ephemeral_to is None)
