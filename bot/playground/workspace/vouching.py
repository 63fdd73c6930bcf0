"""Who people are, said under a signature: the workspace's side of OpenID Connect."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey

from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.grants import OAuthApp
from bot.playground.workspace.values import Json

CODE_SECONDS = 600.0
_TOKEN_SECONDS = 300
_BITS = 2048
_ALGORITHM = "RS256"


@dataclass(frozen=True, slots=True)
class _Code:
    user: str
    redirect_uri: str
    nonce: str
    until: float


@dataclass
class Vouching:
    """Gives codes, and for each of them once who it is."""

    app: OAuthApp
    team: str
    now: Callable[[], float]
    _codes: dict[str, _Code] = field(default_factory=dict)

    @cached_property
    def _key(self) -> RSAKey:
        return RSAKey.generate_key(_BITS, {"kid": secrets.token_hex(4), "use": "sig"})

    def keys(self) -> Json:
        """The public keys, as a JSON Web Key Set."""
        return {"keys": [{**self._key.as_dict(private=False), "alg": _ALGORITHM}]}

    def allow(self, user: str, redirect_uri: str, state: str, client_id: str, nonce: str) -> str:
        """Where the browser of who signed in goes. Raises `SlackRefusal`."""
        if client_id != self.app.client_id:
            raise SlackRefusal("invalid_client_id")
        if redirect_uri not in self.app.redirect_urls:
            raise SlackRefusal("bad_redirect_uri")
        code = f"{self.team}.{secrets.token_hex(12)}"
        self._codes[code] = _Code(user, redirect_uri, nonce, self.now() + CODE_SECONDS)
        return f"{redirect_uri}?{urlencode({'code': code, 'state': state})}"

    def exchange(self, code: str, redirect_uri: str, name: str, issuer: str) -> str:
        """The id token of who signed in; `name` by their id. Raises `SlackRefusal`."""
        known = self._codes.pop(code, None)
        if known is None or known.until <= self.now():
            raise SlackRefusal("invalid_code")
        if redirect_uri != known.redirect_uri:
            raise SlackRefusal("bad_redirect_uri")
        return self.signed(known.user, name, issuer, known.nonce)

    def user_of(self, code: str) -> str:
        """Whose code it is, "" where nobody's."""
        known = self._codes.get(code)
        return known.user if known else ""

    def signed(self, user: str, name: str, issuer: str, nonce: str, **others: object) -> str:
        now = int(self.now())
        claims: dict[str, object] = {
            "iss": issuer,
            "sub": user,
            "aud": self.app.client_id,
            "iat": now,
            "exp": now + _TOKEN_SECONDS,
            "nonce": nonce,
            "https://slack.com/user_id": user,
            "https://slack.com/team_id": self.team,
            "name": name,
        }
        header = {"alg": _ALGORITHM, "kid": self._key.kid}
        return jwt.encode(header, {**claims, **others}, self._key)
