"""Where a question got stuck that was taken and never answered, and why one got an apology."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from tests.chaos.asks import Ask
from tests.chaos.fleet import Replica

_LINES = 12  # of each log, and of what the command says
_TRACED = 5  # questions


async def traces(what: str, unanswered: Sequence[Ask], replicas: Sequence[Replica]) -> list[str]:
    """What the logs and the command for operators know of the first few; `what` became of them."""
    found: list[str] = []
    for ask in unanswered[:_TRACED]:
        found.append(f"{what}: {ask.line}, taken at {ask.acked:.3f} in {ask.attempts} deliveries")
        for replica in replicas:
            log = replica.log.read_text(errors="replace").splitlines()
            said = [line for line in log if (ask.ts or ask.key or "-") in line]
            found += [f"  {replica.name}: {line}" for line in said[-_LINES:]]
        found += [f"  work show: {line}" for line in await _work_show(ask, replicas[0])]
    return found


async def _work_show(ask: Ask, replica: Replica) -> Sequence[str]:
    asking = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "bot",
            "work",
            "show",
            ask.work_key,
            "--config",
            str(replica.config),
        ),
        env=dict(replica.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asking.communicate()
    return said.decode(errors="replace").splitlines()[: 2 * _LINES]
