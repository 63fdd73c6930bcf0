"""oauth.v2.access: a token for a code, or a new one for one that ends."""

from __future__ import annotations

import hmac

from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.methods.registry import Call, Method, Tier, TokenKind
from bot.playground.workspace.values import Json


def _access(call: Call) -> Json:
    grants, arguments = call.hub.grants, call.arguments
    if arguments.optional("client_id") != grants.app.client_id:
        raise SlackRefusal("invalid_client_id")
    secret = arguments.optional("client_secret") or ""
    if not hmac.compare_digest(secret, grants.app.client_secret):
        raise SlackRefusal("bad_client_secret")
    world = call.hub.world
    common: Json = {
        "app_id": world.app.id,
        "token_type": "bot",
        "scope": ",".join(sorted(world.app.scopes)),
        "bot_user_id": world.app.bot_user_id,
        "team": {"id": world.team_id, "name": world.team_name},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    if organisation := grants.app.organisation:
        whole = {"id": organisation, "name": "Local organisation"}
        common |= {"team": None, "enterprise": whole, "is_enterprise_install": True}
    if arguments.optional("grant_type") == "refresh_token":
        return {**common, **grants.refresh(arguments.optional("refresh_token") or "")}
    code = arguments.optional("code") or ""
    given, user = grants.exchange(code, arguments.optional("redirect_uri") or "")
    return {**common, **given, "authed_user": {"id": user}}


METHODS = (Method("oauth.v2.access", _access, tier=Tier.T4, token=TokenKind.NONE),)
