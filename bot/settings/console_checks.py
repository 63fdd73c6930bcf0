"""What the settings of the console need of one another."""

from __future__ import annotations

from collections.abc import Iterator

from bot.settings.faults import Fault
from bot.settings.keys import Tree

_ROLES = ("viewers", "reviewers", "admins")


def console_faults(console: Tree, slack: Tree) -> Iterator[Fault]:
    """Who is named has to be able to sign in."""
    named = [role for role in _ROLES if console.get(role)]
    own = [key for key in ("client_id", "client_secret") if key in console]
    if len(own) == 1:
        missing = "client_secret" if own[0] == "client_id" else "client_id"
        yield Fault(("console", missing), "is missing. Give both, as Slack shows them")
    if not named:
        return
    if not own and "client_id" not in slack:
        problem = "is missing: people sign in with Slack. Copy it from the app's Basic Information"
        yield Fault(("console", "client_id"), problem)
    if "public_url" not in console and "public_url" not in slack:
        problem = "is missing. Give the address at which people's browsers reach this bot"
        yield Fault(("console", "public_url"), problem)
    if "client_id" in slack and "workspace" not in slack:
        problem = "is missing. Give the id of the workspace whose people the console is for"
        yield Fault(("slack", "workspace"), problem)
