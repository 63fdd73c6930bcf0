"""Who may decide about what others are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.access import Allowed, Decision, Denied
from bot.domain.questions import Asker
from bot.services.casework import Decider
from bot.services.channel_managers import ChannelManagers
from bot.services.on_call_port import OnCall
from bot.words import mark

WHO_DECIDES = mark(
    "whoever is on call now, whoever made this channel, the admins and owners of this workspace, "
    "and those whom the bot's settings name"
)
ON_CALL = "on call"


@dataclass(frozen=True, slots=True)
class CaseDeciders:
    """Managers of the channel of those on call decide about everything, whoever is on call now
    about what others wrote."""

    managers: ChannelManagers
    on_call: OnCall
    now: Callable[[], datetime]

    async def decider(self, asker: Asker, workspace: str, channel: str) -> Decider | Denied:
        decision: Decision = await self.managers.may_change(asker, channel)
        by = Decider(asker.user_id, workspace, channel)
        if isinstance(decision, Allowed):
            return replace(by, rule=decision.rule)
        if not asker.is_external and await self._is_on_call(asker.user_id):
            return replace(by, rule=ON_CALL, may_own=False)
        return decision

    async def _is_on_call(self, user_id: str) -> bool:
        for level in range(1, self.on_call.levels + 1):
            found = await self.on_call.on_call(level, self.now())
            if any(one.user_id == user_id for one in found.responders):
                return True
        return False
