"""What no key of the routes of failures can say alone."""

from __future__ import annotations

from collections.abc import Iterator

from bot.settings.faults import Fault
from bot.settings.keys import KeyPath, Tree

_SELECTORS = ("clusters", "dags", "tags", "owners")
_KEYS = {"channels", "workspace", *_SELECTORS}


def alert_faults(webhook: Tree, clusters: Tree, slack: Tree) -> Iterator[Fault]:
    """Routes of clusters that there are not, and routes that take everything or lead nowhere."""
    homes: dict[str, object] = {}
    routes = webhook.get("routes")
    for number, route in enumerate(routes if isinstance(routes, list) else ()):
        path = ("failure_webhook", "routes", str(number))
        if not isinstance(route, dict):
            continue
        yield from _workspace_faults(path, route, slack, homes)
        is_misspelt = bool(route.keys() - _KEYS)  # which is a fault of its own
        if not is_misspelt and not any(route.get(name) for name in _SELECTORS):
            problem = f"takes every failure. Give some of {', '.join(_SELECTORS)}"
            yield Fault(path, f"{problem}, or use failure_webhook.channel")
        if "channels" in route and not route["channels"]:
            yield Fault((*path, "channels"), "is empty. Give one channel or more")
        named = route.get("clusters")
        for name in named if isinstance(named, list) else ():
            if name not in clusters:
                problem = f"{name} is no cluster. Use some of: {', '.join(clusters)}"
                yield Fault((*path, "clusters"), problem)
    if routes and "token" not in webhook:
        problem = "lead nowhere without a token. Name its source with token_env or token_file"
        yield Fault(("failure_webhook", "routes"), problem)


def _workspace_faults(
    path: KeyPath, route: Tree, slack: Tree, homes: dict[str, object]
) -> Iterator[Fault]:
    """`homes` are the workspaces of channels that routes before this one have named."""
    workspace = route.get("workspace")
    if workspace is None:
        return
    path = (*path, "workspace")
    if "client_id" not in slack:
        problem = "is for an app that is installed in several workspaces. Take it out"
        yield Fault(path, f"{problem}, or set slack.client_id")
    channels = route.get("channels")
    for channel in map(str, channels if isinstance(channels, list) else ()):
        if homes.setdefault(channel, workspace) != workspace:
            problem = (
                f"another route says that {channel} is in {homes[channel]}. Correct one of them"
            )
            yield Fault(path, problem)
