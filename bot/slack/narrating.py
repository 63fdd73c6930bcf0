"""Tells, while a question is worked on, what is being done: the steps of the work as a plan.

The plan of the answer is made of nothing but what the steps returned, so that whoever takes the
work up after a crash comes to the same one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.answering.headline import headline
from bot.answering.wording import short_name
from bot.domain.answers import Diagnosis
from bot.domain.cases import Case, LateLog, Retrieved
from bot.domain.errors import BotError
from bot.domain.evidence import Evidence, Gap, GapReason
from bot.domain.logs import LogReading
from bot.domain.work import ONCE, Job, Retry
from bot.services.looked_at import telling
from bot.services.ports import DurableSteps
from bot.slack.work_plan import Stage, StageState, WorkPlan
from bot.words import mark, mark_many, say, say_many

T = TypeVar("T")

_FIND, _TRIES, _LOG, _AROUND = "find", "tries", "log", "around"
_VERDICT, _RUNBOOKS = "verdict", "runbooks"
_FINDING = mark("Find out what is meant")
_LOOKING = {
    _TRIES: mark("Status and every try"),
    _LOG: mark("Task log"),
    _AROUND: mark("Events, pools, scheduler, earlier runs"),
}
# The last pieces of evidence with which each of these is done.
_DONE_WITH = {"tries": _TRIES, "log": _LOG}
_LOG_GAP = "task log"
_NEAR = frozenset({"run", "task instances", "tries", _LOG_GAP})


def beginning() -> WorkPlan:
    """The plan before anything is known."""
    finding = Stage(_FIND, say(_FINDING), StageState.UNDER_WAY)
    return WorkPlan(say("Looking into it …"), (finding,))


class Narrator:
    """`show` is called with each new plan."""

    def __init__(self, show: Callable[[WorkPlan], None]) -> None:
        self._show = show
        self._plan = beginning()
        self._is_diagnosis = False

    @property
    def finished(self) -> WorkPlan | None:
        """The plan that stands above a diagnosis; other answers speak for themselves."""
        if not self._is_diagnosis:
            return None
        return self._plan.ended(say("What I looked at"))

    def begun(self, step: str) -> None:
        if step == "classify":
            self._told(Stage(_VERDICT, say("Whose side it is on"), StageState.UNDER_WAY))
        elif step == "retrieve":
            self._told(Stage(_RUNBOOKS, say("Runbooks"), StageState.UNDER_WAY))

    def said(self, words: str) -> None:
        """What is meant is known, and is being looked at."""
        looking = [Stage(one, say(title), StageState.UNDER_WAY) for one, title in _LOOKING.items()]
        over = {one.id for one in self._plan.stages if one.state is not StageState.UNDER_WAY}
        stages = [Stage(_FIND, say(_FINDING), StageState.DONE), *looking]
        self._told(*(one for one in stages if one.id not in over), title=words)

    def seen(self, piece: str) -> None:
        stage = _DONE_WITH.get(piece, "")
        under_way = {one.id for one in self._plan.stages if one.state is StageState.UNDER_WAY}
        if stage in under_way:
            self._told(Stage(stage, say(_LOOKING[stage]), StageState.DONE))

    def ended(self, result: object) -> None:
        match result:
            case Case(evidence=evidence):
                self._is_diagnosis = True
                self._told(*_looked_at(evidence), title=say("Putting it together …"))
            case Diagnosis(verdict=verdict):
                self._told(Stage(_VERDICT, headline(verdict), StageState.DONE))
            case Retrieved(passages=passages, solved=solved):
                words = say("Runbooks: nothing on this")
                if count := len(passages) - len(solved):
                    one, many = mark_many("Runbooks: {n} passage", "Runbooks: {n} passages")
                    words = say_many(one, many, count)
                self._told(
                    Stage(_RUNBOOKS, words, StageState.DONE),
                    title=say("Writing the answer …"),
                )
            case LateLog(reading=reading, gaps=gaps):
                self._told(_log_stage(reading, gaps))

    def broke(self) -> None:
        self._plan = self._plan.ended(self._plan.title, StageState.FAILED)
        self._show(self._plan)

    def _told(self, *stages: Stage, title: str = "") -> None:
        plan = self._plan.with_stages(*stages)
        self._plan = WorkPlan(title or plan.title, plan.stages)
        self._show(self._plan)


def _looked_at(evidence: Evidence) -> Sequence[Stage]:
    target = evidence.target
    found = Stage(_FIND, say("Found {name}", name=short_name(target)), StageState.DONE)
    missing = [say(gap.source) for gap in evidence.gaps if gap.source not in _NEAR]
    around = say(_LOOKING[_AROUND])
    if missing:
        around = say("Not seen: {pieces}", pieces=", ".join(missing[:4]))
    return (
        found,
        _tries_stage(evidence),
        _log_stage(evidence.log, [gap for gap in evidence.gaps if gap.source == _LOG_GAP]),
        Stage(_AROUND, around, StageState.DONE),
    )


def _tries_stage(evidence: Evidence) -> Stage:
    task, run = evidence.task_instance, evidence.dag_run
    if task is None and run is None:
        return Stage(_TRIES, say("Status and every try: none seen"), StageState.FAILED)
    state = (task.state if task else run.state if run else None) or say("no state yet")
    said = say("Status and every try: {state}", state=state)
    if evidence.tries:
        said += say_many(", {n} try", ", {n} tries", len(evidence.tries))
    return Stage(_TRIES, said, StageState.DONE)


def _log_stage(reading: LogReading | None, gaps: Sequence[Gap]) -> Stage:
    if reading is not None:
        one, many = mark_many("Task log: {n} line read", "Task log: {n} lines read")
        return Stage(_LOG, say_many(one, many, reading.lines_read), StageState.DONE)
    if any(gap.reason is GapReason.TIMEOUT for gap in gaps):
        return Stage(_LOG, say("Task log: large, I go on reading it"), StageState.DONE)
    if gaps:
        return Stage(_LOG, say("Task log: not to be had"), StageState.FAILED)
    return Stage(_LOG, say("Task log: there is none"), StageState.DONE)


@dataclass(frozen=True, slots=True)
class NarratedSteps:
    """Steps of which the narrator tells. It has no say in what they come to."""

    steps: DurableSteps
    narrator: Narrator

    async def run(self, name: str, work: Callable[[], Awaitable[T]], retry: Retry = ONCE) -> T:
        async def told() -> T:
            with telling(self.narrator.seen):
                return await work()

        self.narrator.begun(name)
        try:
            result = await self.steps.run(name, told, retry)
        except BotError:
            self.narrator.broke()
            raise
        self.narrator.ended(result)
        return result

    async def call(self, job: Job) -> Any:
        return await self.steps.call(job)

    async def start(self, job: Job) -> None:
        await self.steps.start(job)
