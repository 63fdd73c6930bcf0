"""Sign in with Slack: who somebody is, as Slack vouches by OpenID Connect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import OpenIDConnectAuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient

from bot.services.console_ports import Identified, NotIdentified
from bot.slack.client import sdk_logger
from bot.slack.refusals import UNSURE, word_for

log = structlog.get_logger(__name__)

_SCOPES = ("openid", "profile")
_TEAM, _USER = "https://slack.com/team_id", "https://slack.com/user_id"
_ALGORITHMS = ["RS256"]
_KEYS_MAX = 256_000  # bytes
_KEYS_FRESH = 3_600.0  # seconds
_KEYS_AGAIN = 30.0  # before they are read anew for a key that is not among them
_SECONDS = 10.0
_LEEWAY = 60  # seconds by which clocks may differ
_AGAIN = "Slack did not vouch for you in time. Try again in a minute."
_REFUSED = "Slack did not take the code: it is good once and for ten minutes. Sign in again."
_FALSE = "What Slack sent does not prove who you are. Sign in again."


@dataclass(frozen=True, slots=True)
class OpenIdApp:
    """How the app is known to Slack. `root` is Slack's address with a slash at its end, `back` the
    redirect address."""

    client_id: str
    client_secret: str = field(repr=False)
    root: str
    api_url: str
    back: str

    @property
    def issuer(self) -> str:
        return self.root.rstrip("/")


class SlackOpenId:
    """The port `OpenId`."""

    def __init__(self, app: OpenIdApp, now: Callable[[], float] = time.time) -> None:
        """`now` gives seconds since 1970."""
        self._app = app
        self._now = now
        self._keys: KeySet | None = None
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self._urls = OpenIDConnectAuthorizeUrlGenerator(
            client_id=app.client_id,
            redirect_uri=app.back,
            scopes=list(_SCOPES),
            authorization_url=f"{app.root}openid/connect/authorize",
        )

    def address(self, state: str, nonce: str) -> str:
        return str(self._urls.generate(state=state, nonce=nonce))

    async def identified(self, code: str, nonce: str) -> Identified:
        claims = await self._claims(await self._token(code), nonce)
        user, team = claims.get(_USER), claims.get(_TEAM)
        if not isinstance(user, str) or not isinstance(team, str) or not user or not team:
            raise NotIdentified(_FALSE)
        name = claims.get("name")
        return Identified(user, team, name if isinstance(name, str) and name else user)

    async def _token(self, code: str) -> str:
        app = self._app
        client = AsyncWebClient(
            base_url=app.api_url, timeout=int(_SECONDS), retry_handlers=[], logger=sdk_logger()
        )
        try:
            reply = await client.openid_connect_token(
                client_id=app.client_id,
                client_secret=app.client_secret,
                code=code,
                redirect_uri=app.back,
            )
        except SlackApiError as error:
            log.warning("console.code_refused", error=word_for(error))
            raise NotIdentified(_REFUSED) from error
        except UNSURE as error:
            log.warning("console.not_vouched_for", error=word_for(error))
            raise NotIdentified(_AGAIN) from error
        token = reply.get("id_token")
        if not isinstance(token, str):
            raise NotIdentified(_FALSE)
        return token

    async def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        wanted = jwt.JWTClaimsRegistry(
            now=lambda: int(self._now()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._app.issuer},
            aud={"essential": True, "value": self._app.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            found = await self._decoded(token)
            wanted.validate(found.claims)
        except (JoseError, ValueError) as error:
            log.warning("console.id_token_refused", error=type(error).__name__)
            raise NotIdentified(_FALSE) from error
        return dict(found.claims)

    async def _decoded(self, token: str) -> jwt.Token:
        """By the keys that are known, or by newer ones: Slack changes them now and then."""
        keys = await self._known_keys(_KEYS_FRESH)
        try:
            return jwt.decode(token, keys, algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            newer = await self._known_keys(_KEYS_AGAIN)
            if newer is keys:
                raise
            return jwt.decode(token, newer, algorithms=_ALGORITHMS)

    async def _known_keys(self, fresh: float) -> KeySet:
        """Read anew where what is known is older than `fresh` seconds."""
        async with self._reading:
            if self._keys is None or self._now() - self._read_at > fresh:
                self._keys = KeySet.import_key_set(await self._read_keys())
                self._read_at = self._now()
            return self._keys

    async def _read_keys(self) -> Any:
        address = f"{self._app.root}openid/connect/keys"
        try:
            async with httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client:
                reply = await client.get(address)
                reply.raise_for_status()
        except httpx.HTTPError as error:
            log.warning("console.keys_not_read", error=type(error).__name__)
            raise NotIdentified(_AGAIN) from error
        if len(reply.content) > _KEYS_MAX:
            raise NotIdentified(_FALSE)
        return reply.json()
