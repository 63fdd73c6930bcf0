"""The members of a Slack user group, all of them on call; Slack calls nobody by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.adapters.oncall.source import NamesOnly
from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import OnCallError
from bot.domain.oncall import OnCallNow, OnCallTurn, Responder

log = structlog.get_logger(__name__)

Members = Callable[[str], Awaitable[Sequence[Responder]]]
"""Those of the group with this id, people and not apps. Raises `OnCallError` with the remedy."""

_FRESH = timedelta(minutes=1)  # Slack allows twenty such calls a minute
_PART = "on call:user_group"


class UserGroupSource(NamesOnly):
    """Where Slack does not answer, those stand who were members when it last did."""

    def __init__(self, group: str, members: Members, now: Callable[[], datetime]) -> None:
        self.name = "Slack user group"
        self._group = group
        self._members = members
        self._now = now
        self._known: tuple[Responder, ...] = ()
        self._asked: datetime | None = None

    @property
    def levels(self) -> int:
        return 1

    async def on_call(self, level: int, at: datetime) -> OnCallNow:
        warning = ""
        now = self._now()
        if self._asked is None or now - self._asked >= _FRESH:
            try:
                self._known, self._asked = tuple(await self._members(self._group)), now
            except OnCallError as error:
                log.warning("user_group_unknown", fault=str(error))
                if self._asked is None:
                    return OnCallNow(level, (), self.name, fault=str(error))
                warning = f"{error} These were its members at {self._asked:%Y-%m-%d %H:%M} UTC."
        return OnCallNow(level, self._known, self.name, warning=warning)

    async def turns(self, level: int, at: datetime, horizon: timedelta) -> Sequence[OnCallTurn]:
        """None: who will be in the group is nowhere written."""
        return ()

    async def doctor(self) -> Sequence[Check]:
        try:
            members = await self._members(self._group)
        except OnCallError as error:
            return [Check(_PART, "members", CheckStatus.FAILED, str(error))]
        if not members:
            remedy = "Add people to the group in Slack."
            return [Check(_PART, "members", CheckStatus.FAILED, f"{self._group} is empty", remedy)]
        named = ", ".join(member.name for member in members)
        return [Check(_PART, "members", CheckStatus.OK, named)]
