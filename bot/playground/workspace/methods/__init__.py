"""The Web API methods by name; a family of methods is one file."""

from __future__ import annotations

from bot.playground.workspace.methods import (
    agents,
    chat,
    conversations,
    files,
    identity,
    oauth,
    openid,
    people,
    reactions,
    streams,
    unfurl,
    views,
)
from bot.playground.workspace.methods.registry import Call, Method, Tier, TokenKind

METHODS: dict[str, Method] = {
    method.name: method
    for family in (
        agents,
        chat,
        conversations,
        files,
        identity,
        oauth,
        openid,
        people,
        reactions,
        streams,
        unfurl,
        views,
    )
    for method in family.METHODS
}

__all__ = ["METHODS", "Call", "Method", "Tier", "TokenKind"]
