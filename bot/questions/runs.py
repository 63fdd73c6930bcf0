"""Choosing the run that the words point at, out of the runs of one Dag."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.evidence import DagRun
from bot.domain.targets import RunChoice, TargetHints

_NIGHT_BEGINS = time(18)
_NIGHT_ENDS = time(10)
_UNFINISHED = frozenset({"queued", "running", "scheduled"})

_HOURS_IN_WORDS = {
    RunChoice.LAST_NIGHT: "last night",
    RunChoice.YESTERDAY: "yesterday",
    RunChoice.TODAY: "today",
}


def hours_meant(
    hints: TargetHints, now: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime] | None:
    """The hours that the words mean, in the cluster's time zone; None where they mean no hours."""
    today = now.astimezone(zone).date()
    yesterday = today - timedelta(days=1)
    match hints.run:
        case RunChoice.LAST_NIGHT:
            return _at(yesterday, _NIGHT_BEGINS, zone), min(now, _at(today, _NIGHT_ENDS, zone))
        case RunChoice.YESTERDAY:
            return _at(yesterday, time(), zone), _at(today, time(), zone)
        case RunChoice.TODAY:
            return _at(today, time(), zone), now
        case RunChoice.ON_DATE:
            try:
                day = date.fromisoformat(hints.run_date or "")
            except ValueError:
                return None
            return _at(day, time(), zone), _at(day + timedelta(days=1), time(), zone)
        case _:
            return None


def hours_in_words(hints: TargetHints) -> str:
    """ "last night", "on 2026-11-01": how the hours were said."""
    return _HOURS_IN_WORDS.get(hints.run, f"on {hints.run_date}")


def choose_run(
    runs: Sequence[DagRun], choice: RunChoice, unfinished: bool
) -> tuple[DagRun | None, str]:
    """The run that is meant, out of runs newest first, and how that was understood."""
    if not runs:
        return None, ""
    failed = next((run for run in runs if run.state == "failed"), None)
    moving = next((run for run in runs if run.state in _UNFINISHED), None)
    if choice is RunChoice.LATEST:
        return runs[0], "the latest run"
    if choice is RunChoice.PREVIOUS:
        return (runs[1], "the run before the latest") if len(runs) > 1 else (None, "")
    if unfinished and moving is not None:
        return moving, "the newest run in progress"
    if failed is None:
        if moving is not None and not unfinished:
            return moving, "the newest run in progress; none failed lately"
        return runs[0], "the latest run; none failed lately"
    same = failed is runs[0]
    return failed, "the latest run" if same else "the latest failed run"


def _at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, hour, zone).astimezone(UTC)
