"""Choosing the run that the words point at, out of the runs of one Dag."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.evidence import DagRun
from bot.domain.targets import DayPart, RunChoice, TargetHints
from bot.words import say

_NIGHT_BEGINS = time(18)
_NIGHT_ENDS = time(10)
_PARTS = {
    # Runs of the small hours are "this morning" to those who find them failed at nine.
    DayPart.MORNING: (time(), time(12)),
    DayPart.AFTERNOON: (time(12), time(18)),
    DayPart.EVENING: (time(17), time()),
    DayPart.NIGHT: (_NIGHT_BEGINS, _NIGHT_ENDS),
}
_DAY = timedelta(days=1)
_AROUND_CLOCK = timedelta(minutes=30)
_UNFINISHED = frozenset({"queued", "running", "scheduled"})
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Hours = tuple[datetime, datetime]


def hours_meant(hints: TargetHints, now: datetime, zone: ZoneInfo) -> Hours | None:
    """The hours that the words mean, in the cluster's time zone; None where they mean no hours.

    They may lie ahead of `now`. Raises `ValueError` for a day that no calendar has.
    """
    here = now.astimezone(zone)
    today = here.date()
    match hints.run:
        case RunChoice.LAST_NIGHT:
            return _hours_of(today - _DAY, DayPart.NIGHT, zone)
        case RunChoice.YESTERDAY:
            return _hours_of(today - _DAY, hints.day_part, zone)
        case RunChoice.TODAY:
            small_hours = hints.day_part is DayPart.NIGHT and here.time() < _NIGHT_ENDS
            # "Tonight" said before the night is over is the night that goes on.
            return _hours_of(today - _DAY if small_hours else today, hints.day_part, zone)
        case RunChoice.ON_DATE:
            said = hints.run_date or ""
            if "T" in said:
                return _around(datetime.fromisoformat(said), zone)
            return _hours_of(_date_meant(said, today), hints.day_part, zone)
        case RunChoice.ON_WEEKDAY:
            return _hours_of(_weekday_meant(hints.run_date or "", today), hints.day_part, zone)
        case RunChoice.AGO:
            return _some_time_ago(timedelta(seconds=hints.ago or 0.0), now, zone)
        case _:
            return None


def hours_in_words(hints: TargetHints) -> str:
    """ "last night", "on 2026-11-01": how the hours were said."""
    return hints.run_said or say("on {date}", date=hints.run_date)


def choose_run(
    runs: Sequence[DagRun], hints: TargetHints, unfinished: bool, when: str = ""
) -> tuple[DagRun | None, str]:
    """The run that is meant, out of runs newest first, and how that was understood.

    `when` is what all the runs have in common, e.g. "last night". None where there is no such run.
    """
    if not runs:
        return None, ""
    failed = next((run for run in runs if run.state == "failed"), None)
    moving = next((run for run in runs if run.state in _UNFINISHED), None)
    if hints.run is RunChoice.LATEST:
        return runs[0], say("the latest run")
    if hints.run is RunChoice.PREVIOUS:
        return _before(runs, hints.before_run)
    of_then = f" {when}" if when else ""
    lately = when or say("lately")
    if unfinished and moving is not None:
        return moving, say("the newest run in progress") + of_then
    none_failed = say("none failed {when}", when=lately)
    if failed is None:
        if moving is not None and not unfinished:
            return moving, say("the newest run in progress") + f"; {none_failed}"
        return runs[0], say("the latest run") + f"; {none_failed}"
    same = failed is runs[0]
    return failed, (say("the latest run") if same else say("the latest failed run")) + of_then


def _before(runs: Sequence[DagRun], run_id: str | None) -> tuple[DagRun | None, str]:
    at = next((row for row, run in enumerate(runs) if run.run_id == run_id), 0)
    words = say("the run before the latest")
    if at:
        words = say("the run before {run}", run=run_id)
    return (runs[at + 1], words) if at + 1 < len(runs) else (None, "")


def _hours_of(day: date, part: DayPart | None, zone: ZoneInfo) -> Hours:
    begins, ends = _PARTS[part] if part else (time(), time())
    last_day = day + _DAY if ends <= begins else day
    return _at(day, begins, zone), _at(last_day, ends, zone)


def _at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, hour, zone).astimezone(UTC)


def _around(moment: datetime, zone: ZoneInfo) -> Hours:
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    return moment - _AROUND_CLOCK, moment + _AROUND_CLOCK


def _date_meant(said: str, today: date) -> date:
    """Without a year the latest such day up to today; with none in eight years there is none."""
    if not said.startswith("--"):
        return date.fromisoformat(said)
    month, day = (int(part) for part in said[2:].split("-"))
    for year in range(today.year, today.year - 9, -1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= today:
            return found
    raise ValueError(f"no year has the day {said}")


def _weekday_meant(said: str, today: date) -> date:
    back = (today.weekday() - _WEEKDAYS.index(said.removeprefix("last "))) % 7
    return today - timedelta(days=7 if said.startswith("last ") and back == 0 else back)


def _some_time_ago(ago: timedelta, now: datetime, zone: ZoneInfo) -> Hours:
    """Whole days ago is that day; shorter is as vague as people are: a quarter either way."""
    if ago >= _DAY:
        return _hours_of(
            now.astimezone(zone).date() - timedelta(days=round(ago / _DAY)), None, zone
        )
    vague = max(ago / 4, timedelta(minutes=10))
    return now - ago - vague, min(now, now - ago + vague)
