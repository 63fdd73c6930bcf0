"""Previews that the app puts under links in messages of people."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.playground.workspace.blocks import Surface, check_blocks
from bot.playground.workspace.changes import MessageEdited
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.events import links_of
from bot.playground.workspace.methods.registry import Call, Method
from bot.playground.workspace.values import Json, Message


def _unfurl(call: Call) -> Json:
    message = _shared(call)
    shared = {link["url"] for link in links_of(message, call.hub.world.app.unfurl_domains)}
    attachments = list(message.attachments)
    for url, unfurl in _unfurls(call).items():
        if url not in shared:
            raise SlackRefusal("cannot_unfurl_url")
        check_blocks(unfurl.get("blocks") or (), Surface.MESSAGE, code="invalid_unfurls_format")
        attachments = [one for one in attachments if one.get("app_unfurl_url") != url]
        app = {"app_unfurl_url": url, "is_app_unfurl": True, "from_url": url}
        attachments.append({**unfurl, **app, "id": len(attachments) + 1})
    after = replace(message, attachments=tuple(attachments))
    call.hub.commit(MessageEdited(message, after, announced=False))
    return {}


def _shared(call: Call) -> Message:
    """The message, named by channel and ts or by what the event called it."""
    unfurl_id = call.arguments.optional("unfurl_id")
    if unfurl_id is None:
        return call.message(call.channel())
    channel, _, rest = unfurl_id.partition(".")
    ts = rest.rpartition(".")[0]
    found = call.hub.state.message(channel, ts)
    if found is None or call.arguments.optional("source") != "conversations_history":
        raise SlackRefusal("cannot_find_message")
    return found


def _unfurls(call: Call) -> dict[str, Json]:
    sent = call.arguments.sent.get("unfurls")
    try:
        unfurls = json.loads(sent) if isinstance(sent, str) else sent
    except ValueError:
        unfurls = None
    if not isinstance(unfurls, dict) or not all(isinstance(one, dict) for one in unfurls.values()):
        raise SlackRefusal("missing_unfurls")
    return unfurls


METHODS = (Method("chat.unfurl", _unfurl, ("links:write",)),)
