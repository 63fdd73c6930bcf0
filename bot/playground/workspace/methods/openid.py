"""openid.connect.token: who somebody is, for a code."""

from __future__ import annotations

import hmac

from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.methods.registry import Call, Method, Tier, TokenKind
from bot.playground.workspace.values import Json


def _token(call: Call) -> Json:
    vouching, arguments, world = call.hub.vouching, call.arguments, call.hub.world
    if arguments.optional("client_id") != vouching.app.client_id:
        raise SlackRefusal("invalid_client_id")
    secret = arguments.optional("client_secret") or ""
    if not hmac.compare_digest(secret, vouching.app.client_secret):
        raise SlackRefusal("bad_client_secret")
    code = arguments.optional("code") or ""
    person = world.members.get(vouching.user_of(code))
    name = person.real_name if person else ""
    back = arguments.optional("redirect_uri") or ""
    token = vouching.exchange(code, back, name, call.hub.url)
    return {"access_token": "xoxp-of-nobody", "token_type": "Bearer", "id_token": token}


METHODS = (Method("openid.connect.token", _token, tier=Tier.T4, token=TokenKind.NONE),)
