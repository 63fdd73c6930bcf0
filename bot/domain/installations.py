"""The app as it is installed in one workspace."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Installation:
    """`workspace` is its id. Without a `refresh_token` the token stays as it is; with one it ends
    at `expires_at`, UTC. `scopes` are divided by commas, as Slack writes them."""

    workspace: str
    name: str
    bot_token: str = field(repr=False)
    bot_user_id: str
    bot_id: str
    installed_at: datetime
    installed_by: str = ""
    enterprise_id: str = ""
    scopes: str = ""
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None
