"""What the Slack side needs to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.questions import Origin

SLACK_API_URL = "https://slack.com/api/"


class TokenSource(Protocol):
    """Tokens by workspace. Raises `SlackClientError` where there is none, and `StoreError`."""

    async def token(self, workspace: str) -> str: ...

    async def is_installed(self, workspace: str) -> bool: ...

    async def workspaces(self) -> Sequence[str]:
        """Those that have one, the oldest first."""
        ...

    def forget(self, workspace: str) -> None:
        """The next token is looked up anew."""
        ...


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """`app_token` is needed for Socket Mode, `signing_secret` for signed HTTP; times in seconds.

    `api_url` is another one for the local workspace, whose conversations also have another
    `origin`. With `tokens` the app is installed in several workspaces: there is no `bot_token`, and
    `workspace` is the one in which channels are that the settings name, unless `homes` says of a
    channel that it is in another, or it is found there.
    """

    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    api_url: str = SLACK_API_URL
    command: str = "/airflow"
    overhears: bool = False  # questions that call nobody are noted, for channels that want that
    bridges: bool = False  # what people say in the threads of an escalation is carried across
    has_model: bool = False  # a language model is set up and may add to an answer
    origin: Origin = Origin.SLACK
    progress_every: float = 3.0  # chat.update bears one in three seconds
    call_timeout: float = 15.0
    # After which Slack shows what it took to whoever looks for it: seconds after a call was cut
    # for what it still carries out, and some more until its reading side has it.
    read_lag: float = 20.0
    tokens: TokenSource | None = field(default=None, repr=False)
    workspace: str = ""
    homes: Mapping[str, str] = field(default_factory=dict)
