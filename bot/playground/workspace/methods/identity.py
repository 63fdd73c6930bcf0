"""Who is calling and where: auth.test, team.info, bots.info, and the way into Socket Mode."""

from __future__ import annotations

from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.methods.registry import Call, Method, Tier, TokenKind
from bot.playground.workspace.values import Json


def _auth_test(call: Call) -> Json:
    world = call.hub.world
    return {
        "url": f"{call.hub.url}/",
        "team": world.team_name,
        "user": world.bot.name,
        "team_id": world.team_id,
        "user_id": world.app.bot_user_id,
        "bot_id": world.app.bot_id,
        "is_enterprise_install": False,
    }


def _auth_revoke(call: Call) -> Json:
    if call.arguments.flag("test"):
        return {"revoked": False}
    call.hub.grants.revoke()
    return {"revoked": True}


def _api_test(call: Call) -> Json:
    error = call.arguments.optional("error")
    if error:
        raise SlackRefusal(error, args=dict(call.arguments.sent))
    return {"args": dict(call.arguments.sent)}


def _team_info(call: Call) -> Json:
    return {
        "team": {
            "id": call.team,
            "name": call.hub.world.team_name,
            "domain": "local-workspace",
        }
    }


def _bots_info(call: Call) -> Json:
    app = call.hub.world.app
    if call.arguments.text("bot", app.bot_id) != app.bot_id:
        raise SlackRefusal("bot_not_found")
    return {
        "bot": {
            "id": app.bot_id,
            "app_id": app.id,
            "user_id": app.bot_user_id,
            "name": app.name,
            "deleted": False,
        }
    }


def _connections_open(call: Call) -> Json:
    ticket = call.hub.new_socket_ticket()
    return {"url": f"{call.hub.url.replace('http', 'ws', 1)}/link/?ticket={ticket}"}


METHODS = (
    Method("api.test", _api_test, tier=Tier.T4, token=TokenKind.NONE),
    Method("apps.connections.open", _connections_open, tier=Tier.T1, token=TokenKind.APP),
    Method("auth.revoke", _auth_revoke),
    Method("auth.test", _auth_test, tier=Tier.T4),
    Method("bots.info", _bots_info, ("users:read",)),
    Method("team.info", _team_info, ("team:read",)),
)
