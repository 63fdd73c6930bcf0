"""A process that works, to be killed and stopped by the tests.

    python -m tests.workflows.program URL JOURNAL LEASE

Each errand has three steps, and notes their beginnings in the journal.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

from bot.services.ports import DurableSteps
from bot.workflows.config import EngineConfig
from bot.workflows.engine import Engine
from tests.workflows.processes import Journal
from tests.workflows.support import POLL, Errand

STEPS = ("a", "b", "c")


async def main(url: str, journal: Journal, lease: float) -> int:
    async def step(body: Errand, name: str) -> str:
        is_first = (body.text, name) not in journal.begun()
        journal.note(body.text, name)
        await asyncio.sleep(3600 if is_first and name == body.sticks else body.seconds)
        return name

    async def work(body: Errand, steps: DurableSteps) -> str:
        return "".join([await steps.run(name, partial(step, body, name)) for name in STEPS])

    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    engine = Engine(EngineConfig(url, poll=POLL, lease=lease), {"errand": work}, [Errand])
    await engine.open()
    print("open", flush=True)
    await told.wait()
    ended = await engine.close(0.5)
    print("closed", flush=True)
    return 0 if ended else 3


if __name__ == "__main__":
    code = asyncio.run(main(sys.argv[1], Journal(Path(sys.argv[2])), float(sys.argv[3])))
    sys.stdout.flush()
    os._exit(code)
