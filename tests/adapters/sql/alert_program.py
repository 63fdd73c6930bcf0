"""A process of its own that hears of the same failures and successes as others: prints what its
part in them was, as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter

from bot.adapters.sql.alerts import SqlAlerts
from bot.adapters.sql.engine import create_engine
from bot.domain.alerts import Look, Patience
from bot.domain.failures import Pace
from bot.domain.work import Job
from tests.adapters.sql.test_alerts import failure, found, minutes, placed, well

DAGS, CAUSES = 40, 4


async def main(url: str) -> None:
    jobs: list[Job] = []
    engine = create_engine(url)
    alerts = SqlAlerts(
        engine,
        lambda _, job: jobs.append(job),
        patience=Patience(a_minute=1_000),
        pace=Pace(between=0.0),
        clock=lambda: minutes(0.5),
    )
    names = [f"{number % CAUSES}_{number}" for number in range(DAGS)]
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)  # so that all begin together
    for name in names:
        await alerts.place(placed(failure(name)))
    outcomes: Counter[str] = Counter()
    for look in [job.body for job in jobs if isinstance(job.body, Look)]:
        cause = (look.failure.target.dag_id or "")[0]
        outcome = await alerts.settle(look, found(cause))
        outcomes[type(outcome).__name__] += 1
        alert = getattr(outcome, "alert", None)
        if alert is not None:
            await alerts.open(alert.id)
    print("settled", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    wells = [well(name, 2, 1) for name in names]
    outcomes["recovered"] = sum([await alerts.succeed([one]) for one in wells])
    await engine.dispose()
    print(json.dumps(outcomes), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
