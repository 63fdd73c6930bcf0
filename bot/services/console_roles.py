"""Who may come into the console, and as what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from bot.domain.errors import MayNotAsk, NotTold
from bot.services.access_ports import Directory
from bot.services.console_ports import Identified, Person, Role, Session

log = structlog.get_logger(__name__)

LOCAL = "local"
"""The workspace of whoever came by a local token."""

NOT_HERE = "This console is for members of the workspace that the bot serves."
NO_ROLE = (
    "You are signed in with Slack, but have no role here. Ask whoever runs this bot to name you, "
    "or a user group that you are in, under console in its settings."
)
GUESTS = "Guests and people of other organisations have no access to this console."
NOT_TOLD = "Slack does not tell now who you are to this workspace. Try again in a minute."


@dataclass(frozen=True, slots=True)
class Refused:
    words: str


@dataclass(frozen=True)
class Roles:
    """`members` are ids of people and user groups by role. `home` gives the workspace whose people
    are meant; raises `NotTold`."""

    members: Mapping[Role, Sequence[str]]
    home: Callable[[], Awaitable[str]]
    directory: Directory | None = None

    async def admitted(self, who: Identified) -> Person | Refused:
        """The person, with the highest role that they have. What Slack does not tell grants
        nothing."""
        try:
            if who.workspace != await self.home():
                return Refused(NOT_HERE)
            if await self._is_guest(who.user_id):
                return Refused(GUESTS)
            role = await self._role(who.user_id)
        except NotTold as error:
            log.warning("console.person_unknown", error=str(error))
            return Refused(NOT_TOLD)
        if role is None:
            return Refused(NO_ROLE)
        return Person(who.user_id, who.workspace, who.name, role)

    async def of(self, session: Session) -> Person | Refused:
        """The person of a session, with the role that they have now."""
        if session.role is not None:
            return Person(session.user_id, LOCAL, session.name, session.role, is_local=True)
        return await self.admitted(Identified(session.user_id, session.workspace, session.name))

    async def _role(self, user_id: str) -> Role | None:
        for role in reversed(Role):
            named = self.members.get(role, ())
            if user_id in named:
                return role
            groups = [one for one in named if one.startswith(("@", "S"))]
            for group in groups:
                if self.directory and user_id in await self.directory.members(group):
                    return role
        return None

    async def _is_guest(self, user_id: str) -> bool:
        if self.directory is None:
            return False
        try:
            return (await self.directory.member(user_id)).is_guest
        except MayNotAsk:
            return False  # the settings name who may come in
