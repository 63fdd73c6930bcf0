"""The token of each workspace that the app is installed in, exchanged for a new one in good time.

A refresh token is good once. So one process at a time has it exchanged, and what Slack gave for it
is kept until the database has it; the others go on with the token that still holds.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import StoreError
from bot.domain.installations import Installation
from bot.services.installation_ports import Installations
from bot.slack.refusals import UNSURE, is_passing, word_for

log = structlog.get_logger(__name__)

_KNOWN_FOR = timedelta(seconds=30)  # another process may have had a newer one made
_EARLY = timedelta(hours=2)  # of the twelve that a token lives
_ALONE = timedelta(seconds=60)  # longer than a call of Slack may take
_BETWEEN_LOOKS = 0.5
_LOOKS = 60


def not_installed(workspace: str) -> SlackApiError:
    """In Slack's own words, since whoever calls knows what to do about these."""
    words = f"The app is not installed in the workspace {workspace or 'of this work'}."
    reply = {"ok": False, "error": "account_inactive"}
    return SlackApiError(words, reply)  # type: ignore[no-untyped-call]


@dataclass
class Tokens:
    """`exchange` speaks to Slack without a token of its own; `now` gives aware UTC times."""

    installations: Installations
    exchange: AsyncWebClient
    client_id: str
    client_secret: str = field(repr=False)
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _known: dict[str, tuple[datetime, Installation | None]] = field(default_factory=dict)
    _unsaved: dict[str, tuple[Installation, str]] = field(default_factory=dict, repr=False)
    _one_by_one: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )

    async def is_installed(self, workspace: str) -> bool:
        """Raises `StoreError`."""
        return await self.installation(workspace) is not None

    async def workspaces(self) -> Sequence[str]:
        """Where the app is installed. Raises `StoreError`."""
        return [one.workspace for one in await self.installations.list()]

    async def installation(self, workspace: str) -> Installation | None:
        """As it was some seconds ago. Raises `StoreError`."""
        if workspace in self._unsaved:
            await self._save(workspace)
        known = self._known.get(workspace)
        # Where it was not, it may be by now: another process heard of the installation.
        if known is None or known[1] is None or self.now() - known[0] > _KNOWN_FOR:
            return await self._look(workspace)
        return known[1]

    def forget(self, workspace: str) -> None:
        """The next look is into the database."""
        self._known.pop(workspace, None)

    async def token(self, workspace: str) -> str:
        """One that holds. Raises `SlackApiError` where there is none, `UNSURE` where Slack does not
        answer and the one before holds no more, and `StoreError`."""
        known = await self.installation(workspace)
        if known is None:
            raise not_installed(workspace)
        if not self._is_due(known):
            return known.bot_token
        async with self._one_by_one[workspace]:
            return (await self._renewed(workspace)).bot_token

    async def _renewed(self, workspace: str) -> Installation:
        for _ in range(_LOOKS):
            known = await self._look(workspace)
            if known is None:
                raise not_installed(workspace)
            if not self._is_due(known):
                return known
            now = self.now()
            if await self.installations.may_renew(workspace, now, now + _ALONE):
                return await self._exchanged(workspace)
            if self._holds(known):
                return known
            await self.sleep(_BETWEEN_LOOKS)
        raise TimeoutError(f"no new token for {workspace}")

    async def _exchanged(self, workspace: str) -> Installation:
        """Nobody else exchanges it meanwhile; who did so just before is noticed."""
        known = await self._look(workspace)
        if known is None:
            raise not_installed(workspace)
        if not self._is_due(known):
            await self.installations.not_renewed(workspace)
            return known
        try:
            fresh = await self._asked_for(known)
        except (SlackClientError, *UNSURE) as error:
            await self.installations.not_renewed(workspace)
            level = log.warning if is_passing(error) else log.error
            level("slack.token_not_renewed", workspace=workspace, error=word_for(error))
            if self._holds(known):
                return known
            raise
        self._unsaved[workspace] = (fresh, known.refresh_token)
        self._known[workspace] = (self.now(), fresh)
        await self._save(workspace)
        return fresh

    async def _asked_for(self, known: Installation) -> Installation:
        reply = await self.exchange.oauth_v2_access(
            client_id=self.client_id,
            client_secret=self.client_secret,
            grant_type="refresh_token",
            refresh_token=known.refresh_token,
        )
        lasts = timedelta(seconds=int(reply.get("expires_in") or 0))
        return replace(
            known,
            bot_token=str(reply["access_token"]),
            refresh_token=str(reply.get("refresh_token") or ""),
            expires_at=self.now() + lasts if lasts else None,
        )

    async def _save(self, workspace: str) -> None:
        """Also later: what is lost here could not be had again."""
        fresh, used = self._unsaved[workspace]
        try:
            kept = await self.installations.renewed(fresh, used)
        except StoreError as error:
            log.error("slack.token_not_kept_yet", workspace=workspace, error=str(error))
            return
        self._unsaved.pop(workspace, None)
        if not kept:
            self.forget(workspace)
        log.info("slack.token_renewed", workspace=workspace, kept=kept)

    async def _look(self, workspace: str) -> Installation | None:
        if workspace in self._unsaved:
            return self._unsaved[workspace][0]
        found = await self.installations.find(workspace)
        self._known[workspace] = (self.now(), found)
        return found

    def _is_due(self, one: Installation) -> bool:
        ends = one.expires_at
        return ends is not None and bool(one.refresh_token) and ends - self.now() < _EARLY

    def _holds(self, one: Installation) -> bool:
        return one.expires_at is None or one.expires_at > self.now()
