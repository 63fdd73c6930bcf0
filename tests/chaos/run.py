"""One run: people ask while processes die and everything around them fails, then it is counted."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.calling_off import Operator
from tests.chaos.fleet import Fleet, Replica, until
from tests.chaos.people import People
from tests.chaos.plan import Plan
from tests.chaos.report import Course, Findings, Report
from tests.chaos.reporting import Reporter
from tests.chaos.stage import WEBHOOK_TOKEN, recordings, staged
from tests.chaos.standstill import Standstill
from tests.chaos.tally import Tally
from tests.chaos.trace import traces
from tests.chaos.trouble import Scene, Trouble

_AT_ONCE = 0.1  # the share of kills that may hit a process which is just starting
_LONG = 0.1  # the share of killed processes that stay away until others took over their work
_AWAY = (20.0, 40.0)
_NOBODY = 300.0
_TOLD_EVERY = 10  # kills

Say = Callable[[str], None]


@dataclass
class Kills:
    """kill -9, at moments and of processes that `chance` picks."""

    fleet: Fleet
    plan: Plan
    chance: random.Random
    counts: Counter[str]
    say: Say

    async def deal(self) -> None:
        """Returns when there were as many as planned, and all processes run again."""
        async with asyncio.TaskGroup() as returns:
            for number in range(1, self.plan.kills + 1):
                # A process that is killed as soon as it is ready has taken nothing on.
                await until(self._is_one_ready, _NOBODY)
                await asyncio.sleep(self.chance.uniform(*self.plan.gap))
                victim, away = await self._next()
                await victim.kill()
                self.counts[f"kill -9: {victim.role}"] += 1
                returns.create_task(self._return(victim, away))
                if number % _TOLD_EVERY == 0:
                    self.say(f"{number} kills")

    async def _next(self) -> tuple[Replica, float]:
        """Whom to kill, and for how many seconds it stays away."""
        choice, at_once, long = (self.chance.random() for _ in range(3))
        away = self.chance.uniform(*_AWAY) if long < _LONG else self.chance.uniform(0.0, 1.0)
        candidates = await self._candidates(at_once < _AT_ONCE)
        # The only process there is cannot be taken over from.
        away = min(away, 1.0) if len(self.fleet.replicas) == 1 else away
        return candidates[int(choice * len(candidates))], away

    async def _candidates(self, starting_too: bool) -> list[Replica]:
        def found() -> list[Replica]:
            alive = [one for one in self.fleet.replicas if one.is_alive]
            return [one for one in alive if one.ready or starting_too]

        await until(lambda: bool(found()), _NOBODY)
        return found()

    def _is_one_ready(self) -> bool:
        return any(one.ready for one in self.fleet.replicas)

    @staticmethod
    async def _return(victim: Replica, away: float) -> None:
        await asyncio.sleep(away)
        await victim.start()


async def run(plan: Plan, say: Say = lambda line: None) -> Report:
    """Carries the plan out; `say` hears how far it is. Its folder is deleted where nothing was
    found to be wrong."""
    folder = plan.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    report: Report | None = None
    try:
        async with asyncio.timeout(plan.longest), staged(plan, folder / "bot") as scene:
            report = await _played(plan, scene, folder, say)
        return report
    finally:
        if report is not None and report.is_clean and plan.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


async def _played(plan: Plan, scene: Scene, folder: Path, say: Say) -> Report:
    tally = Tally(scene.ws)
    trouble = Trouble(scene, plan, random.Random(f"{plan.seed} trouble"))
    reporter = Reporter(scene.fleet, WEBHOOK_TOKEN, random.Random(f"{plan.seed} reports"))
    async with _watched(scene) as standstill:
        began = time.monotonic()
        await _storm(plan, scene, tally, trouble, reporter, say)
        stormy = time.monotonic() - began
        drained = await _drained(plan, scene, tally, reporter)
    replicas = scene.fleet.replicas
    stopped = [await one.stop() for one in replicas]
    tally.close()
    starts = sum(one.starts for one in replicas)
    course = Course(trouble.counts, stormy, drained, stopped, scene.fleet.lost, starts, standstill)
    findings = Findings.of(tally, reporter)
    traced = await traces("lost", findings.lost, replicas)
    traced += await traces("excused", findings.excused, replicas)
    return Report(tally, reporter, findings, course, folder, traced)


@asynccontextmanager
async def _watched(scene: Scene) -> AsyncIterator[Standstill | None]:
    """Looks on while the block runs."""
    if scene.database is None:
        yield None
        return
    standstill = Standstill(scene.fleet, scene.database.dsn)
    watching = asyncio.create_task(standstill.watch())
    try:
        yield standstill
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _storm(
    plan: Plan, scene: Scene, tally: Tally, trouble: Trouble, reporter: Reporter, say: Say
) -> None:
    """Returns once all kills are dealt and all that went wrong is undone."""
    dags = [str(one["dag_id"]) for one in recordings()]
    people = People(scene.ws, tally, dags, random.Random(f"{plan.seed} people"))
    chance = random.Random(f"{plan.seed} operator")
    operator = Operator(tally, scene.fleet.replicas, chance, trouble.counts)
    began = time.monotonic()

    def told(line: str) -> None:
        taken = [ask for ask in tally.asks if ask.acked is not None]
        answered = sum(bool(ask.answers) for ask in taken)
        say(f"{time.monotonic() - began:5.0f} s: {line}, {len(taken)} taken, {answered} answered")

    chance = random.Random(f"{plan.seed} kills")
    kills = Kills(scene.fleet, plan, chance, trouble.counts, told)
    done = asyncio.Event()
    rest = [
        asyncio.create_task(people.talk(plan.rate, done)),
        asyncio.create_task(trouble.make(done)),
        asyncio.create_task(trouble.outage(done)),
        asyncio.create_task(reporter.talk(plan.reports, done)),
        asyncio.create_task(operator.work(plan.cancels, done)),
    ]
    try:
        await kills.deal()
    finally:
        done.set()
        await asyncio.gather(*rest)
        await trouble.finish()
        await people.finish()


def _is_over(plan: Plan, scene: Scene, tally: Tally, reporter: Reporter) -> bool:
    """Everything has arrived and been answered, and the bot has been quiet for a while."""
    arrived = not (scene.ws.dispatcher.under_way or scene.ws.dispatcher.held)
    told = not reporter.untold(scene.ws)
    return arrived and told and tally.is_settled and tally.rested() > plan.quiet


async def _drained(plan: Plan, scene: Scene, tally: Tally, reporter: Reporter) -> float | None:
    """Seconds until everything was answered and quiet; None where that never came."""
    await scene.fleet.until_ready(120.0)
    began = time.monotonic()
    try:
        await until(lambda: _is_over(plan, scene, tally, reporter), plan.drain)
    except TimeoutError:
        return None
    return time.monotonic() - began
