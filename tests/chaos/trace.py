"""Where a question got stuck that was taken and never answered."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from bot.playground.workspace.world import TEAM_ID
from tests.chaos.asks import Ask, Kind
from tests.chaos.fleet import Replica

_LINES = 12  # of each log, and of what the command says
_TRACED = 5  # questions


async def traces(lost: Sequence[Ask], replicas: Sequence[Replica]) -> list[str]:
    """What the logs and the command for operators know of the first few."""
    found: list[str] = []
    for ask in lost[:_TRACED]:
        found.append(f"lost: {ask.line}, taken at {ask.acked:.3f} in {ask.attempts} deliveries")
        for replica in replicas:
            log = replica.log.read_text(errors="replace").splitlines()
            said = [line for line in log if (ask.ts or ask.key or "-") in line]
            found += [f"  {replica.name}: {line}" for line in said[-_LINES:]]
        found += [f"  work show: {line}" for line in await _work_show(ask, replicas[0])]
    return found


async def _work_show(ask: Ask, replica: Replica) -> Sequence[str]:
    key = f"{TEAM_ID}:{ask.channel}:{ask.ts or f'command-{ask.key}'}"
    key += ":remark" if ask.kind is Kind.FOLLOW_UP else ""
    asking = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "work", "show", key, "--config", str(replica.config)),
        env=dict(replica.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asking.communicate()
    return said.decode(errors="replace").splitlines()[: 2 * _LINES]
