"""Addresses through which the app answers an interaction: five times, within half an hour."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from bot.playground.workspace.arguments import Arguments
from bot.playground.workspace.changes import MessageEdited, MessagePosted
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.hub import Hub
from bot.playground.workspace.methods.posting import Content, read_content, read_thread
from bot.playground.workspace.values import Edited, Json, Message

MOST_USES = 5


@dataclass(frozen=True, slots=True)
class ResponseUrl:
    """`source_ts` is the message that was acted on; None for a command."""

    channel: str
    user: str
    expires: float
    source_ts: str | None = None
    uses: int = 0


class ResponseUrls:
    """Gives addresses out and carries out what comes back through them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._open: dict[str, ResponseUrl] = {}

    def new(self, channel: str, user: str, source_ts: str | None = None) -> str:
        key = secrets.token_urlsafe(18)
        expires = self._hub.clock.now() + self._hub.limits.response_url
        self._open[key] = ResponseUrl(channel, user, expires, source_ts)
        return f"{self._hub.url}/hooks/{key}"

    def use(self, key: str, body: Json) -> None:
        """Posts, replaces or deletes as `body` says. Raises `SlackRefusal` as Slack would."""
        url = self._open.get(key)
        if url is None or self._hub.clock.now() > url.expires:
            raise SlackRefusal("expired_url")
        if url.uses >= MOST_USES:
            raise SlackRefusal("used_url")
        self._open[key] = replace(url, uses=url.uses + 1)
        answer(self._hub, url.channel, url.user, body, url.source_ts)


def answer(hub: Hub, channel: str, user: str, body: Json, source_ts: str | None = None) -> None:
    """What the app said to one person's action, in an ack or through a response_url."""
    arguments = Arguments(body)
    source = hub.state.message(channel, source_ts) if source_ts else None
    if arguments.flag("delete_original"):
        if source is not None:
            hub.commit(hub.deletion(source))
        return
    content = read_content(hub, arguments)
    if source is not None and arguments.flag("replace_original"):
        hub.commit(MessageEdited(source, _replaced(hub, source, content)))
        return
    in_channel = arguments.text("response_type", "ephemeral") == "in_channel"
    message = Message(
        channel,
        hub.new_ts(),
        hub.world.app.bot_user_id,
        content.text,
        content.blocks,
        content.attachments,
        read_thread(arguments),
        bot_id=hub.world.app.bot_id,
        metadata=content.metadata,
        ephemeral_to=None if in_channel else user,
    )
    hub.commit(MessagePosted(message))


def _replaced(hub: Hub, source: Message, content: Content) -> Message:
    return replace(
        source,
        text=content.text,
        blocks=content.blocks,
        attachments=content.attachments,
        edited=None if source.ephemeral_to else Edited(source.user, hub.new_ts()),
    )
