"""The headline facts of a diagnosis: label and value, most telling first, nothing unknown."""

from __future__ import annotations

from bot.answering.foreign import one_line
from bot.answering.frames import raised_at
from bot.answering.owners import dag_owners
from bot.answering.standing import Phase, Standing, deciding_try, never_started, standing_of
from bot.answering.waiting import waiting_words
from bot.answering.wording import SECONDS, clock, duration, listed, moment
from bot.domain.evidence import DagRun, Evidence, Pool, TaskInstance
from bot.domain.verdicts import Quote
from bot.words import mark, number, say, say_many

Fact = tuple[str, str]
ROUTINE = frozenset(
    {
        *("State", "Try", "Time", "Duration", "Operator", "Worker", "Run", "In pool"),
        *("Dag version", "Owner", "Airflow"),
    }
)
"""Labels of facts that every failure has: worth looking up, not worth a place on a first page."""

RAISED_AT = mark("Raised at")
"""The label of the place in the user's own code: it belongs beside the quote."""

# Seconds in the queue below which nobody asks.
_NOTABLE_WAIT = 30.0


def headline_facts(evidence: Evidence, deciding: Quote | None) -> tuple[Fact, ...]:
    """Facts with values short enough for a Slack field; foreign text is cleaned and cut."""
    return tuple(
        (label, value)
        for label, value in (
            (RAISED_AT, raised_at(evidence, deciding)),
            (mark("Not importable"), _not_importable(evidence)),
            *_task_facts(evidence),
            (mark("Also failed"), _also_failed(evidence)),
            (mark("Held up"), _held_up(evidence)),
            (mark("Dags that wait"), waiting_words(evidence)),
            *_run_facts(evidence.dag_run),
            _pool(evidence),
            _version(evidence),
            (mark("Last success"), _last_green(evidence)),
            (mark("Same failure before"), _history(evidence)),
            (mark("Failing elsewhere"), _elsewhere(evidence)),
            (mark("Owner"), listed(list(dag_owners(evidence)))),
            (mark("Airflow"), _airflow(evidence)),
        )
        if value
    )


def _not_importable(evidence: Evidence) -> str:
    """Files that may hold a Dag which Airflow does not know."""
    if evidence.dag_exists is not False:
        return ""
    files = [one_line(problem.filename, 80) for problem in evidence.import_problems]
    return listed(list(dict.fromkeys(files)))


def _task_facts(evidence: Evidence) -> tuple[Fact, ...]:
    now = evidence.task_instance
    tried = deciding_try(evidence)
    if now is None or tried is None:
        return ()
    standing = standing_of(evidence)
    return (
        (mark("State"), _state(now, standing)),
        (mark("Try"), _try(tried, standing)),
        (mark("Mapped"), _mapped(now, evidence)),
        (mark("Time"), _times(tried)),
        (mark("Duration"), _ran_for(tried, evidence)),
        (mark("In the queue"), _queued_for(tried, evidence)),
        (mark("Queue"), _queue(tried)),
        (mark("Operator"), one_line(tried.operator or now.operator or "", 60)),
        (mark("Worker"), one_line(tried.hostname or "", 80)),
    )


def _state(now: TaskInstance, standing: Standing) -> str:
    state = one_line(now.state or say("not scheduled yet"), 30)
    if standing.phase is Phase.RETRY_COMING and standing.next_retry_at:
        return say("{state}, next try at {at}", state=state, at=clock(standing.next_retry_at))
    return state


def _try(tried: TaskInstance, standing: Standing) -> str:
    if not tried.try_number:
        return ""
    if not standing.tries_allowed:
        return str(tried.try_number)
    tries = say("{n} of {all}", n=tried.try_number, all=standing.tries_allowed)
    if standing.try_number > tried.try_number:
        tries += say(", now at {n}", n=standing.try_number)
    return tries


def _mapped(now: TaskInstance, evidence: Evidence) -> str:
    siblings = [one for one in evidence.task_instances if one.task_id == now.task_id]
    failed = sum(one.state == "failed" for one in siblings)
    among = ""
    if len(siblings) > 1:
        among = say("{n} of {all} failed", n=number(failed), all=number(len(siblings)))
    if now.map_index < 0:
        return among
    name = f" ({one_line(now.rendered_map_index, 40)})" if now.rendered_map_index else ""
    return ", ".join(
        part for part in (say("index {n}{name}", n=now.map_index, name=name), among) if part
    )


def _times(tried: TaskInstance) -> str:
    if tried.start is None or never_started(tried):
        return say("ended {at}, never started", at=moment(tried.end)) if tried.end else ""
    if tried.end is None:
        return say("since {at}", at=moment(tried.start))
    begun = tried.start.strftime(say(SECONDS))
    return say("{begun} to {ended}", begun=begun, ended=clock(tried.end))


def _ran_for(tried: TaskInstance, evidence: Evidence) -> str:
    if never_started(tried):
        return ""
    seconds = tried.duration
    if seconds is None and tried.start is not None:
        until = tried.end or evidence.gathered_at
        seconds = (until - tried.start).total_seconds() if until else None
    if seconds is None:
        return ""
    green = evidence.last_green.duration if evidence.last_green else None
    if green is None:
        return duration(seconds)
    return say("{ran} (last success took {green})", ran=duration(seconds), green=duration(green))


def _queued_for(tried: TaskInstance, evidence: Evidence) -> str:
    since = tried.queued_at
    until = tried.start or tried.end or evidence.gathered_at
    if since is None or until is None:
        return ""
    seconds = (until - since).total_seconds()
    return duration(seconds) if seconds >= _NOTABLE_WAIT else ""


def _queue(tried: TaskInstance) -> str:
    """Named only where it may be why no worker came."""
    waits_or_died_waiting = never_started(tried) and tried.queue not in (None, "default")
    return one_line(tried.queue or "", 60) if waits_or_died_waiting else ""


def _also_failed(evidence: Evidence) -> str:
    """Other tasks of the same run that failed by themselves."""
    return _others(evidence, "failed")


def _held_up(evidence: Evidence) -> str:
    """Tasks that did not run because one before them failed."""
    return _others(evidence, "upstream_failed")


def _others(evidence: Evidence, state: str) -> str:
    at_fault = evidence.task_instance.task_id if evidence.task_instance else ""
    found = [one.task_id for one in evidence.task_instances if one.state == state]
    names = [one_line(name, 40) for name in dict.fromkeys(found) if name != at_fault]
    return listed(names)


def _run_facts(run: DagRun | None) -> tuple[Fact, ...]:
    if run is None:
        return ()
    kind = one_line(run.run_type or "", 30)
    date = run.logical_date or run.run_after
    by = say("by {user}", user=one_line(run.triggering_user, 40)) if run.triggering_user else ""
    when = say("for {at}", at=moment(date)) if date else ""
    about = " ".join(part for part in (kind, by, when) if part)
    return (
        (mark("Run"), ", ".join(part for part in (about, one_line(run.state or "", 30)) if part)),
    )


def _pool(evidence: Evidence) -> Fact:
    """Under a label of its own where it has no room or does not exist."""
    task_instance = evidence.task_instance
    if task_instance is None or not task_instance.pool:
        return mark("In pool"), ""
    name = one_line(task_instance.pool, 60)
    pool = next((one for one in evidence.pools if one.name == task_instance.pool), None)
    if pool is not None:
        is_full = pool.open_slots <= 0 < pool.slots
        return mark("Pool") if is_full else mark("In pool"), f"{name}: {_slots(pool)}"
    if not evidence.pools:
        return mark("In pool"), name
    return mark("Pool"), say("{name}: does not exist", name=name)


def _slots(pool: Pool) -> str:
    # Airflow reports -1 for "no limit".
    if pool.slots < 0:
        return say("no limit")
    waiting = pool.queued + pool.scheduled
    free = number(max(pool.open_slots, 0))
    said = say_many("{free} of {n} slot free", "{free} of {n} slots free", pool.slots, free=free)
    if waiting:
        said += say_many(", {n} task waiting", ", {n} tasks waiting", waiting)
    return said


def _version(evidence: Evidence) -> Fact:
    """Under a label of its own where the Dag changed since the last success."""
    now = evidence.task_instance and evidence.task_instance.version
    green = evidence.last_green and evidence.last_green.version
    if not now or now.number is None:
        return mark("Dag version"), ""
    if not green or green.number is None:
        return mark("Dag version"), str(now.number)
    if green.number == now.number:
        unchanged = say("{version}, unchanged since the last success", version=now.number)
        return mark("Dag version"), unchanged
    since = say(" since {at}", at=moment(now.created_at)) if now.created_at else ""
    changed = say(
        "version {version}{since}, the last success ran {green}",
        version=now.number,
        since=since,
        green=green.number,
    )
    return mark("Dag changed"), changed


def _last_green(evidence: Evidence) -> str:
    green = evidence.last_green
    at = green and (green.end or green.start)
    return moment(at) if at else ""


def _history(evidence: Evidence) -> str:
    """How many earlier runs in a row failed at this task."""
    streak = 0
    current = evidence.task_instance and evidence.task_instance.run_id
    for earlier in evidence.history:
        if earlier.run_id == current:
            continue
        if earlier.state != "failed":
            break
        streak += 1
    if not streak:
        return ""
    return say_many("in the run before", "in the {n} runs before", streak)


def _elsewhere(evidence: Evidence) -> str:
    dags = {one.dag_id for one in evidence.elsewhere} - {evidence.target.dag_id}
    if not dags:
        return ""
    failed = sum(one.dag_id in dags for one in evidence.elsewhere)
    others = say_many("of {n} other Dag", "of {n} other Dags", len(dags))
    return say_many(
        "{n} task {others} in the same minutes",
        "{n} tasks {others} in the same minutes",
        failed,
        others=others,
    )


def _airflow(evidence: Evidence) -> str:
    executor = evidence.executor or (evidence.task_instance and evidence.task_instance.executor)
    short = executor.rsplit(".", 1)[-1] if executor else ""
    return ", ".join(one_line(part, 40) for part in (evidence.airflow_version or "", short) if part)
