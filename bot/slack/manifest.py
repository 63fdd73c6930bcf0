"""The app's manifest, made of what the surfaces say they need.

`manifest.json` at the root of the project is `as_json(app_manifest())`; a test holds the two
together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from bot.slack.surfaces import Surface, all_surfaces

_NAME = "Airflow Support Bot"
_DESCRIPTION = "Tells why an Airflow task failed, whose side it is on, and what to do next"
_LONG_DESCRIPTION = (
    "Mention it, write to it, use its command, or ask in the thread of an alert. It reads the "
    "task's tries, log, event log and pools in Airflow, names the cause with the lines that "
    "prove it, says whether your code or the platform is at fault, and what to do next. It can "
    "be wrong, so it always shows its evidence and says what it could not see."
)

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
"""The paths of the pages on which the app is installed."""

_PROMPTS = (
    ("What failed last night?", "what failed last night?"),
    ("Is the platform healthy?", "is the platform healthy?"),
    ("What can you do?", "help"),
)


def app_manifest(
    unfurl_domains: Sequence[str] = (), redirect_url: str = "", *, rotates: bool = False
) -> dict[str, Any]:
    """The manifest of this app, from the surfaces that there are."""
    return manifest(
        all_surfaces(),
        unfurl_domains=unfurl_domains,
        redirect_url=redirect_url,
        rotates=rotates,
    )


def redirect_of(public_url: str) -> str:
    """Where Slack sends people back to who install the app."""
    return f"{public_url.rstrip('/')}{REDIRECT}"


def required_scopes(surfaces: Iterable[Surface]) -> frozenset[str]:
    """Scopes without which a surface does not work at all."""
    return frozenset(scope for surface in surfaces for scope in surface.scopes)


def optional_scopes(surfaces: Sequence[Surface]) -> frozenset[str]:
    """Scopes without which a surface does less."""
    usual = [surface for surface in surfaces if not surface.unfurls]
    wanted = {scope for surface in usual for scope in surface.better_with}
    return frozenset(wanted) - required_scopes(surfaces)


def wanted_scopes(*, unfurls: bool = False) -> frozenset[str]:
    """What the app asks for when it is installed."""
    return _scopes([one for one in all_surfaces() if unfurls or not one.unfurls])


def _scopes(surfaces: Sequence[Surface]) -> frozenset[str]:
    scopes = required_scopes(surfaces) | optional_scopes(surfaces)
    return scopes | {scope for one in surfaces if one.unfurls for scope in one.better_with}


def bot_events(surfaces: Iterable[Surface]) -> frozenset[str]:
    return frozenset(event for surface in surfaces for event in surface.events)


def manifest(
    surfaces: Sequence[Surface],
    *,
    command: str = "/airflow",
    request_url: str = "",
    unfurl_domains: Sequence[str] = (),
    redirect_url: str = "",
    rotates: bool = False,
) -> dict[str, Any]:
    """The manifest for Socket Mode, or with a `request_url` (https) for signed HTTP. Links are only
    asked for where `unfurl_domains` are given. With a `redirect_url` (https) it can be installed in
    several workspaces; `rotates`: its tokens then end after twelve hours."""
    surfaces = [one for one in surfaces if unfurl_domains or not one.unfurls]
    address = {"request_url": request_url} if request_url else {}
    interactive = any(surface.interactive for surface in surfaces)
    return {
        "display_information": {
            "name": _NAME,
            "description": _DESCRIPTION,
            "long_description": _LONG_DESCRIPTION,
            "background_color": "#017cee",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": "app_home_opened" in bot_events(surfaces),
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "agent_view": {
                "agent_description": _DESCRIPTION,
                "suggested_prompts": [
                    {"title": title, "message": message} for title, message in _PROMPTS
                ],
            },
            "bot_user": {"display_name": "Airflow Support", "always_online": True},
            "slash_commands": _commands(surfaces, command, request_url),
            "shortcuts": _shortcuts(surfaces),
            **({"unfurl_domains": sorted(unfurl_domains)} if unfurl_domains else {}),
        },
        "oauth_config": {
            **({"redirect_urls": [redirect_url]} if redirect_url else {}),
            "scopes": {"bot": sorted(_scopes(surfaces))},
        },
        "settings": {
            "event_subscriptions": {**address, "bot_events": sorted(bot_events(surfaces))},
            "interactivity": {"is_enabled": interactive, **address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not request_url,
            "token_rotation_enabled": rotates,
        },
    }


def _commands(surfaces: Sequence[Surface], command: str, request_url: str) -> list[dict[str, Any]]:
    return [
        {
            "command": command,
            **({"url": request_url} if request_url else {}),
            "description": surface.command.description,
            "usage_hint": surface.command.usage_hint,
            # People and channels arrive as ids, so that they can be told from names of Dags.
            "should_escape": True,
        }
        for surface in surfaces
        if surface.command
    ]


def _shortcuts(surfaces: Sequence[Surface]) -> list[dict[str, str]]:
    return [
        {
            "name": shortcut.name,
            "type": shortcut.kind.value,
            "callback_id": shortcut.callback_id,
            "description": shortcut.description,
        }
        for surface in surfaces
        if (shortcut := surface.shortcut)
    ]


def as_json(made: dict[str, Any]) -> str:
    """The text of the manifest file."""
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
