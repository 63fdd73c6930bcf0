"""Events, commands and interactions as signed HTTP requests to the app's addresses."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from bot.playground.workspace.clock import within
from bot.playground.workspace.dispatch import Outcome
from bot.playground.workspace.hub import Hub
from bot.playground.workspace.values import Json

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class RequestUrls:
    """Where the app listens; most apps use one address for all three."""

    events: str
    commands: str
    interactivity: str


def sign(secret: str, timestamp: str, body: str) -> str:
    """Slack's v0 signature of a request."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class SignedHttp:
    """Posts to the app and reads its answer."""

    name = "http"

    def __init__(self, hub: Hub, urls: RequestUrls, session: aiohttp.ClientSession) -> None:
        self._hub = hub
        self._urls = urls
        self._session = session

    async def verify(self) -> None:
        """Slack's check of a new address: it must give the challenge back.

        Raises ValueError with what came instead.
        """
        challenge = self._hub.new_id("challenge")
        body = json.dumps({"type": "url_verification", "token": "-", "challenge": challenge})
        outcome = await self._post(self._urls.events, body, JSON_TYPE, {})
        given = outcome.ack.get("challenge") if isinstance(outcome.ack, dict) else outcome.ack
        if not outcome.taken or given != challenge:
            raise ValueError(
                f"{self._urls.events} did not give the challenge back "
                f"({outcome.reason or f'it answered {outcome.ack!r}'})"
            )

    async def offer(self, kind: str, payload: Json, attempt: int, reason: str) -> Outcome:
        headers = {}
        if attempt:
            headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        if kind == "events_api":
            return await self._post(self._urls.events, json.dumps(payload), JSON_TYPE, headers)
        if kind == "slash_commands":
            return await self._post(self._urls.commands, urlencode(payload), FORM_TYPE, headers)
        form = urlencode({"payload": json.dumps(payload)})
        return await self._post(self._urls.interactivity, form, FORM_TYPE, headers)

    async def _post(self, url: str, body: str, kind: str, extra: dict[str, str]) -> Outcome:
        timestamp = str(int(self._hub.clock.now()))
        headers = {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (local workspace)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._hub.credentials.signing_secret, timestamp, body),
            **extra,
        }
        request = asyncio.ensure_future(self._exchange(url, body, headers))
        outcome = await within(self._hub.clock, self._hub.limits.ack, request)
        return outcome or Outcome("http_timeout")

    async def _exchange(self, url: str, body: str, headers: dict[str, str]) -> Outcome:
        try:
            async with self._session.post(
                url, data=body.encode(), headers=headers, max_redirects=2
            ) as response:
                text = await response.text()
                if response.status >= 300:
                    stop = response.headers.get("X-Slack-No-Retry") == "1"
                    return Outcome("http_error", text, may_retry=not stop)
                return Outcome(ack=_parsed(text))
        except aiohttp.TooManyRedirects:
            return Outcome("too_many_redirects")
        except aiohttp.ClientSSLError:
            return Outcome("ssl_error")
        except aiohttp.ClientConnectionError:
            return Outcome("connection_failed")
        except aiohttp.ClientError:
            return Outcome("unknown_error")


def _parsed(text: str) -> Json | str | None:
    try:
        value = json.loads(text)
    except ValueError:
        return text or None
    return value if isinstance(value, dict) else text
