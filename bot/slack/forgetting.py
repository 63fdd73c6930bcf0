"""Deletes what was kept of what somebody asked, once they want nothing kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from bot.domain.casework import take_back_job
from bot.domain.work import FOR_A_DAY
from bot.services.ports import DurableSteps
from bot.services.talk import TalkRecords
from bot.slack.talk.deleting import Forget, showing
from bot.slack.talk.hearing import forget_job

log = structlog.get_logger(__name__)

_AT_A_TIME = 50


@dataclass(frozen=True, slots=True)
class Forgetting:
    """`unquote` takes words out of escalations, where humans are called, and has cards redrawn;
    `unname` takes out who somebody of a workspace is."""

    records: TalkRecords
    unquote: Forget | None = None
    unname: Callable[[str, str], Awaitable[None]] | None = None

    async def forget(self, workspace: str, user: str, key: str, steps: DurableSteps) -> None:
        """`key` is that of the work that asks for it. What is deleted is not found again, so it
        ends; whatever is kept after that is kept without words. Raises `StoreError`."""
        records, forgotten = self.records, 0
        look = partial(records.turns_of, workspace, user, _AT_A_TIME)
        while turns := await steps.run("asked before", look, FOR_A_DAY):
            cards = await steps.run("unquote", partial(self._unquoted, turns), FOR_A_DAY)
            taken = await steps.run("erase", partial(records.erase, turns), FOR_A_DAY)
            if taken:
                await steps.start(take_back_job(workspace, taken, key))
            await steps.start(forget_job((*turns, *showing(cards)), key))
            forgotten += len(turns)
        erase_found = partial(records.erase_found, workspace, user)
        if taken := await steps.run("cases", erase_found, FOR_A_DAY):
            await steps.start(take_back_job(workspace, taken, f"{key} cases"))
        if (unname := self.unname) is not None:
            await steps.run("unname", lambda: unname(workspace, user), FOR_A_DAY)
        log.info("privacy.forgotten", turns=forgotten)

    async def _unquoted(self, turns: Sequence[str]) -> list[str]:
        if self.unquote is None:
            return []
        return [card for turn in turns for card in await self.unquote(turn)]
