"""A workspace that the app was taken out of: nothing of it is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import msgspec
import structlog

from bot.domain.audit import AuditEntry, Outcome
from bot.domain.references import reference_of
from bot.domain.work import FOR_A_DAY
from bot.services.installation_ports import Installations
from bot.services.ports import DurableSteps
from bot.services.talk import WorkRecords
from bot.slack.arrivals import Identity, Ignored, WorkspaceGone
from bot.slack.reading import Reading, read
from bot.slack.talk.hearing import forget_job

log = structlog.get_logger(__name__)

UNINSTALLED, REVOKED = "app_uninstalled", "tokens_revoked"
GONE_EVENTS = (UNINSTALLED, REVOKED)
_UNINSTALL = "uninstall"


class Forgetting(Protocol):
    """What is kept of conversations. Raises `StoreError`."""

    async def erase_workspace(self, workspace: str, until: datetime) -> None:
        """All that came of it up to then, also what its people set."""
        ...


class _Tokens(msgspec.Struct):
    bot: list[str] | None = None


class _Event(msgspec.Struct):
    type: str
    tokens: _Tokens | None = None


class _Envelope(msgspec.Struct):
    team_id: str
    event: _Event
    event_time: int | None = None


def read_gone(body: Mapping[str, Any], reading: Reading, bot: Identity) -> WorkspaceGone | Ignored:
    """Nobody is authorised for it any more, so it says itself of which workspace it is."""
    gone = read(body, _Envelope)
    tokens = gone.event.tokens
    if gone.event.type == REVOKED and not (tokens and tokens.bot):
        return Ignored("tokens of people, of which there are none here")
    at = datetime.fromtimestamp(gone.event_time, UTC) if gone.event_time else reading.now()
    return WorkspaceGone(gone.team_id, at)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Does jobs of kind `WORKSPACE_GONE`. Without `installations` there is one workspace, whose
    token is in the settings; `keep` enters into the audit."""

    forgetting: Forgetting
    work: WorkRecords
    keep: Callable[[AuditEntry], Awaitable[None]]
    installations: Installations | None = None
    forget_token: Callable[[str], None] = lambda _: None

    async def leave(self, gone: WorkspaceGone, steps: DurableSteps) -> None:
        """Raises `StoreError` where that goes on for a day."""
        is_gone = await steps.run("installation", partial(self._uninstalled, gone), FOR_A_DAY)
        if not is_gone:
            log.info("slack.installed_again", workspace=gone.workspace)
            return
        await steps.run("texts", partial(self._erased, gone), FOR_A_DAY)
        await steps.start(forget_job((f"{gone.workspace}:",), gone.key))

    async def _uninstalled(self, gone: WorkspaceGone) -> bool:
        self.forget_token(gone.workspace)
        if self.installations is not None:
            # Slack says the second; what was installed within it was there before.
            until = gone.at.replace(microsecond=999_999)
            if not await self.installations.remove(gone.workspace, until):
                return False
            self.forget_token(gone.workspace)
        await self.keep(_entry(gone))
        log.info("slack.uninstalled", workspace=gone.workspace)
        return True

    async def _erased(self, gone: WorkspaceGone) -> None:
        await self.forgetting.erase_workspace(gone.workspace, gone.at)


def _entry(gone: WorkspaceGone) -> AuditEntry:
    return AuditEntry(
        key=gone.key,
        at=gone.at,
        user_id="",
        workspace=gone.workspace,
        channel="",
        action=_UNINSTALL,
        outcome=Outcome.ALLOWED,
        reference=reference_of(gone.key),
        detail="the app was taken out of the workspace; what was kept of it was deleted",
    )
