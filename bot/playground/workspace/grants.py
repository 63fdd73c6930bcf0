"""The tokens that the app was given: by installing it, and one for another as they end."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.values import Json

CODE_SECONDS = 600.0
TOKEN_SECONDS = 43_200.0


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """How the app is known to those who install it. With `rotates` tokens end. `organisation` is
    the id of the one that whoever installs it chooses as a whole."""

    client_id: str = "1111.2222"
    client_secret: str = field(default="local-client-secret", repr=False)
    redirect_urls: tuple[str, ...] = ()
    rotates: bool = False
    organisation: str = ""


@dataclass(slots=True)
class _Code:
    user: str
    redirect_uri: str
    until: float
    is_used: bool = False


@dataclass
class Grants:
    """Judges tokens. `team` is in all that is given out, so that it is known where it belongs;
    `first` is the token that an app has without being installed by anybody."""

    app: OAuthApp
    team: str
    first: str
    now: Callable[[], float]
    is_installed: bool = True
    tokens: dict[str, float | None] = field(default_factory=dict)  # and when each ends
    refreshing: set[str] = field(default_factory=set)
    _codes: dict[str, _Code] = field(default_factory=dict)

    def judge(self, token: str) -> str:
        """Slack's word for what is wrong with it; "" where nothing is."""
        if token != self.first and token not in self.tokens:
            return "invalid_auth"
        if not self.is_installed:
            return "account_inactive"
        until = self.tokens.get(token)
        return "token_expired" if until is not None and until <= self.now() else ""

    def allow(self, user: str, redirect_uri: str, state: str, client_id: str) -> str:
        """Where the browser of who allowed it goes. Raises `SlackRefusal`."""
        if client_id != self.app.client_id:
            raise SlackRefusal("invalid_client_id")
        if redirect_uri not in self.app.redirect_urls:
            raise SlackRefusal("bad_redirect_uri")
        code = f"{self.team}.{secrets.token_hex(12)}"
        self._codes[code] = _Code(user, redirect_uri, self.now() + CODE_SECONDS)
        return f"{redirect_uri}?{urlencode({'code': code, 'state': state})}"

    def exchange(self, code: str, redirect_uri: str) -> tuple[Json, str]:
        """What is given for a code, and who allowed it."""
        known = self._codes.get(code)
        if known is None or known.until <= self.now():
            raise SlackRefusal("invalid_code")
        if known.is_used:
            raise SlackRefusal("code_already_used")
        if redirect_uri != known.redirect_uri:
            raise SlackRefusal("bad_redirect_uri")
        known.is_used = self.is_installed = True
        return self._given(), known.user

    def refresh(self, refresh_token: str) -> Json:
        """Each is good once; the token that it came with holds until it ends."""
        if not self.is_installed:
            raise SlackRefusal("token_revoked")
        if refresh_token not in self.refreshing:
            raise SlackRefusal("invalid_refresh_token")
        self.refreshing.remove(refresh_token)
        return self._given()

    def revoke(self) -> None:
        """The app is taken out."""
        self.is_installed = False
        self.refreshing.clear()

    def _given(self) -> Json:
        if not self.app.rotates:
            token = f"xoxb-{self.team}-{secrets.token_hex(12)}"
            self.tokens[token] = None
            return {"access_token": token}
        token = f"xoxe.xoxb-1-{self.team}-{secrets.token_hex(12)}"
        refresh = f"xoxe-1-{self.team}-{secrets.token_hex(12)}"
        self.tokens[token] = self.now() + TOKEN_SECONDS
        self.refreshing.add(refresh)
        lasts = int(TOKEN_SECONDS)
        return {"access_token": token, "refresh_token": refresh, "expires_in": lasts}
