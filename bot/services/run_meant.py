"""Which run of one Dag is meant, asked of its cluster; what is not there is said, not replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.answering.gaps import gap_in_words
from bot.domain.evidence import DagRun, Gap, GapReason
from bot.domain.targets import Found, Nowhere, Resolution, RunChoice, Target, TargetHints
from bot.questions.runs import Hours, choose_run, hours_in_words, hours_meant
from bot.services.ports import Cluster
from bot.words import mark, say

_RUNS_LOOKED_AT = 25
_EARLIER_LOOKED_AT = 5
_TO_COME = mark("That time is still to come.")
_INSTEAD = mark("Ask for the latest run, or paste the link of the run in Airflow.")
_FAILED_OR_NOT = frozenset({RunChoice.LATEST, RunChoice.PREVIOUS})


def no_such_day(hints: TargetHints, now: datetime) -> Nowhere | None:
    """What to say to a date that no calendar has; None where the words mean a real time or none."""
    try:
        hours_meant(hints, now, ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        remedy = say("There is no such day or time. Write the date as YYYY-MM-DD, e.g. 2026-11-13.")
        return Nowhere(say("a run {when}", when=hours_in_words(hints)), (), remedy=remedy)
    return None


@dataclass(frozen=True, slots=True)
class RunMeant:
    """The question of which run of `target` the words mean. `note` is what is understood so far.

    `unfinished`: it is about work that does not start or end.
    """

    cluster: Cluster
    zone: ZoneInfo
    target: Target
    hints: TargetHints
    now: datetime
    unfinished: bool
    note: str

    async def found(self) -> Resolution:
        """The target with its run. A Dag that never ran is a target without one.

        Raises `AirflowError` where the cluster says nothing at all.
        """
        hours = hours_meant(self.hints, self.now, self.zone)
        if hours and hours[0] > self.now:
            return self._none(f"{say(_TO_COME)} {say(_INSTEAD)}")
        runs, gaps = await self._runs(hours)
        if runs:
            return await self._chosen(runs, gaps, hours)
        hidden = next((gap for gap in gaps if gap.reason is not GapReason.NOT_FOUND), None)
        chosen_by_words = hours is not None or self.hints.run is RunChoice.PREVIOUS
        if hidden and chosen_by_words:
            return replace(self._none(gap_in_words(hidden)), unreachable=True)
        if hidden:
            return self._as(self.target, say("the list of its runs could not be read"))
        if hours and not gaps:
            return await self._under_way(hours)
        return self._as(self.target, "")

    async def _runs(self, hours: Hours | None) -> tuple[Sequence[DagRun], Sequence[Gap]]:
        since, until = hours or (None, None)
        dag_id = self.target.dag_id or ""
        seen = await self.cluster.runs(dag_id, since=since, until=until, limit=_RUNS_LOOKED_AT)
        runs, gaps = seen.runs, seen.gaps
        if len(runs) < _RUNS_LOOKED_AT or self.unfinished:
            return runs, gaps
        if self.hints.run is RunChoice.PREVIOUS and runs[-1].run_id == self.hints.before_run:
            older = await self.cluster.runs(dag_id, until=runs[-1].run_after, limit=2)
            return (*runs[:-1], *older.runs), (*gaps, *older.gaps)
        if self.hints.run in _FAILED_OR_NOT or any(run.state == "failed" for run in runs):
            return runs, gaps
        failed = await self.cluster.runs(dag_id, state="failed", since=since, until=until, limit=1)
        return (*runs, *failed.runs), (*gaps, *failed.gaps)

    async def _chosen(
        self, runs: Sequence[DagRun], gaps: Sequence[Gap], hours: Hours | None
    ) -> Resolution:
        run, words = choose_run(runs, self.hints, self.unfinished, self._when() if hours else "")
        if run is None:
            before = self.hints.before_run or say("the latest")
            first = say("{run} is the first run that Airflow has.", run=runs[-1].run_id)
            remedy = f"{first} {say(_INSTEAD)}"
            looked_for = say("a run of {dag} before {run}", dag=self.target.dag_id, run=before)
            if gaps:
                return replace(self._none(gap_in_words(gaps[0]), looked_for), unreachable=True)
            return self._none(remedy, looked_for)
        cut = say("only some of its runs could be read") if gaps else ""
        return self._as(replace(self.target, run_id=run.run_id), words, cut)

    async def _under_way(self, hours: Hours) -> Resolution:
        """A run that was due before these hours and still going then: it may have failed then."""
        seen = await self.cluster.runs(
            self.target.dag_id or "", until=hours[0], limit=_EARLIER_LOOKED_AT
        )
        for run in seen.runs:
            if (run.end or datetime.max.replace(tzinfo=UTC)) >= hours[0] and run.start:
                words = say("the run that was under way {when}", when=self._when())
                return self._as(replace(self.target, run_id=run.run_id), words)
        return self._none(say(_INSTEAD))

    def _as(self, target: Target, *words: str) -> Found:
        return Found(target, "; ".join(part for part in (self.note, *words) if part))

    def _none(self, remedy: str, looked_for: str = "") -> Nowhere:
        looked_for = looked_for or say(
            "a run of {dag} {when}", dag=self.target.dag_id, when=self._when()
        )
        return Nowhere(looked_for, (self.target.cluster,), remedy=remedy)

    def _when(self) -> str:
        if self.hints.run is RunChoice.PREVIOUS:
            return say("before {run}", run=self.hints.before_run or say("the latest"))
        return f"{hours_in_words(self.hints)} ({self.zone.key})"
