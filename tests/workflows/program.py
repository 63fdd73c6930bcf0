"""A process that works, to be killed and stopped by the tests.

    python -m tests.workflows.program URL JOURNAL LEASE

Each errand has three steps of `seconds` each, and notes their beginnings in the journal.
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
from tests.workflows.support import POLL, Errand

STEPS = ("a", "b", "c")


async def main(url: str, journal: Path, lease: float) -> int:
    async def step(body: Errand, name: str) -> str:
        with journal.open("a") as lines:
            lines.write(f"{body.text} {name} {os.getpid()}\n")
        await asyncio.sleep(body.seconds)
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
    code = asyncio.run(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
    sys.stdout.flush()
    os._exit(code)
