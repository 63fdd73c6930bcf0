"""`python -m tests.chaos`: kills and breaks everything around the bot, and counts its answers."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from tests.chaos.plan import Plan
from tests.chaos.report import Report
from tests.chaos.run import run

_LONG = 50  # kills
_OUTAGE = 75.0  # seconds


def main() -> int:
    """0 where nothing was lost, doubled or left hanging."""
    plan = _plan()
    print(f"{plan.database}, {', '.join(plan.roles)}, by {plan.door}, seed {plan.seed}", flush=True)
    report = asyncio.run(_run(plan))
    for line in report.lines():
        print(line)
    return 0 if report.is_clean else 1


async def _run(plan: Plan) -> Report:
    """Cleans up after SIGTERM too."""
    running = asyncio.ensure_future(run(plan, lambda line: print(line, flush=True)))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    return await running


def _plan() -> Plan:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--door", choices=("socket", "http"))
    parser.add_argument("--replicas", type=int)
    parser.add_argument("--kills", type=int, default=usual.kills)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--rate", type=float, default=usual.rate, help="questions a second")
    parser.add_argument("--gap", type=float, nargs=2, default=usual.gap, help="between kills")
    parser.add_argument("--trouble", type=float, nargs=2, default=usual.trouble)
    parser.add_argument("--pause", type=float, help="of a stopped process")
    parser.add_argument("--outage", type=float, help="of the database, once")
    parser.add_argument("--drain", type=float, default=usual.drain)
    parser.add_argument("--folder", type=Path, help="keeps settings and logs here")
    given = parser.parse_args()
    on_sqlite = given.database == "sqlite"
    is_long = not on_sqlite and given.kills >= _LONG
    try:
        return Plan(
            database=given.database,
            door=given.door or ("socket" if on_sqlite else "http"),
            replicas=given.replicas or (1 if on_sqlite else 3),
            kills=given.kills,
            seed=given.seed,
            rate=given.rate,
            gap=tuple(given.gap),
            trouble=tuple(given.trouble),
            # Nobody waits to take over from the only process there is.
            pause=given.pause or (5.0 if on_sqlite else usual.pause),
            outage=_OUTAGE if given.outage is None and is_long else given.outage or 0.0,
            drain=given.drain,
            folder=given.folder,
        )
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
