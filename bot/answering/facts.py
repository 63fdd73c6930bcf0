"""The headline facts of a diagnosis: label and value, most telling first, nothing unknown."""

from __future__ import annotations

from bot.answering.foreign import one_line
from bot.answering.frames import raised_at
from bot.answering.owners import dag_owners
from bot.answering.standing import Phase, Standing, deciding_try, never_started, standing_of
from bot.answering.waiting import waiting_words
from bot.answering.wording import clock, count, duration, listed, moment
from bot.domain.evidence import DagRun, Evidence, Pool, TaskInstance
from bot.domain.verdicts import Quote

Fact = tuple[str, str]
ROUTINE = frozenset(
    {
        *("State", "Try", "Time", "Duration", "Operator", "Worker", "Run", "In pool"),
        *("Dag version", "Owner", "Airflow"),
    }
)
"""Labels of facts that every failure has: worth looking up, not worth a place on a first page."""

RAISED_AT = "Raised at"
"""The label of the place in the user's own code: it belongs beside the quote."""

# Seconds in the queue below which nobody asks.
_NOTABLE_WAIT = 30.0


def headline_facts(evidence: Evidence, deciding: Quote | None) -> tuple[Fact, ...]:
    """Facts with values short enough for a Slack field; foreign text is cleaned and cut."""
    return tuple(
        (label, value)
        for label, value in (
            (RAISED_AT, raised_at(evidence, deciding)),
            ("Not importable", _not_importable(evidence)),
            *_task_facts(evidence),
            ("Also failed", _also_failed(evidence)),
            ("Held up", _held_up(evidence)),
            ("Dags that wait", waiting_words(evidence)),
            *_run_facts(evidence.dag_run),
            _pool(evidence),
            _version(evidence),
            ("Last success", _last_green(evidence)),
            ("Same failure before", _history(evidence)),
            ("Failing elsewhere", _elsewhere(evidence)),
            ("Owner", listed(list(dag_owners(evidence)))),
            ("Airflow", _airflow(evidence)),
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
        ("State", _state(now, standing)),
        ("Try", _try(tried, standing)),
        ("Mapped", _mapped(now, evidence)),
        ("Time", _times(tried)),
        ("Duration", _ran_for(tried, evidence)),
        ("In the queue", _queued_for(tried, evidence)),
        ("Queue", _queue(tried)),
        ("Operator", one_line(tried.operator or now.operator or "", 60)),
        ("Worker", one_line(tried.hostname or "", 80)),
    )


def _state(now: TaskInstance, standing: Standing) -> str:
    state = one_line(now.state or "not scheduled yet", 30)
    if standing.phase is Phase.RETRY_COMING and standing.next_retry_at:
        return f"{state}, next try at {clock(standing.next_retry_at)}"
    return state


def _try(tried: TaskInstance, standing: Standing) -> str:
    if not tried.try_number:
        return ""
    if not standing.tries_allowed:
        return str(tried.try_number)
    later = f", now at {standing.try_number}" if standing.try_number > tried.try_number else ""
    return f"{tried.try_number} of {standing.tries_allowed}{later}"


def _mapped(now: TaskInstance, evidence: Evidence) -> str:
    siblings = [one for one in evidence.task_instances if one.task_id == now.task_id]
    failed = sum(one.state == "failed" for one in siblings)
    among = f"{failed} of {len(siblings)} failed" if len(siblings) > 1 else ""
    if now.map_index < 0:
        return among
    name = f" ({one_line(now.rendered_map_index, 40)})" if now.rendered_map_index else ""
    return ", ".join(part for part in (f"index {now.map_index}{name}", among) if part)


def _times(tried: TaskInstance) -> str:
    if tried.start is None or never_started(tried):
        return f"ended {moment(tried.end)}, never started" if tried.end else ""
    if tried.end is None:
        return f"since {moment(tried.start)}"
    return f"{tried.start:%Y-%m-%d %H:%M:%S} to {clock(tried.end)}"


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
    compared = f" (last success took {duration(green)})" if green is not None else ""
    return f"{duration(seconds)}{compared}"


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
    by = f"by {one_line(run.triggering_user, 40)}" if run.triggering_user else ""
    when = f"for {moment(date)}" if date else ""
    about = " ".join(part for part in (kind, by, when) if part)
    return (("Run", ", ".join(part for part in (about, one_line(run.state or "", 30)) if part)),)


def _pool(evidence: Evidence) -> Fact:
    """Under a label of its own where it has no room or does not exist."""
    task_instance = evidence.task_instance
    if task_instance is None or not task_instance.pool:
        return "In pool", ""
    name = one_line(task_instance.pool, 60)
    pool = next((one for one in evidence.pools if one.name == task_instance.pool), None)
    if pool is not None:
        is_full = pool.open_slots <= 0 < pool.slots
        return "Pool" if is_full else "In pool", f"{name}: {_slots(pool)}"
    return ("Pool", f"{name}: does not exist") if evidence.pools else ("In pool", name)


def _slots(pool: Pool) -> str:
    # Airflow reports -1 for "no limit".
    if pool.slots < 0:
        return "no limit"
    waiting = pool.queued + pool.scheduled
    queue = f", {count(waiting, 'task')} waiting" if waiting else ""
    return f"{max(pool.open_slots, 0)} of {count(pool.slots, 'slot')} free{queue}"


def _version(evidence: Evidence) -> Fact:
    """Under a label of its own where the Dag changed since the last success."""
    now = evidence.task_instance and evidence.task_instance.version
    green = evidence.last_green and evidence.last_green.version
    if not now or now.number is None:
        return "Dag version", ""
    if not green or green.number is None:
        return "Dag version", str(now.number)
    if green.number == now.number:
        return "Dag version", f"{now.number}, unchanged since the last success"
    since = f" since {moment(now.created_at)}" if now.created_at else ""
    return "Dag changed", f"version {now.number}{since}, the last success ran {green.number}"


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
    return f"in the {count(streak, 'run')} before" if streak > 1 else "in the run before" * streak


def _elsewhere(evidence: Evidence) -> str:
    dags = {one.dag_id for one in evidence.elsewhere} - {evidence.target.dag_id}
    if not dags:
        return ""
    failed = sum(one.dag_id in dags for one in evidence.elsewhere)
    return f"{count(failed, 'task')} of {count(len(dags), 'other Dag')} in the same minutes"


def _airflow(evidence: Evidence) -> str:
    executor = evidence.executor or (evidence.task_instance and evidence.task_instance.executor)
    short = executor.rsplit(".", 1)[-1] if executor else ""
    return ", ".join(one_line(part, 40) for part in (evidence.airflow_version or "", short) if part)
