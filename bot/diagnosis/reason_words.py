"""What signals and their values are called where people read why a cause was ruled out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.words import mark, number, say

_LIST = re.compile(r"/\^\(\?:(?P<values>.*)\)\$/")
_COMPARISON = re.compile(r"(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)")
_OR, _ESCAPED = re.compile(r"(?<!\\)\|"), re.compile(r"\\(.)")
_YES, _NO = ("true", "false")

THINGS: Mapping[str, str] = {
    "state": mark("the state of the task"),
    "run_state": mark("the state of the run"),
    "waiting": mark("what it waits in"),
    "run_type": mark("how the run came about"),
    "never_started": mark("that no process ever started"),
    "ran_for": mark("how many seconds the try took"),
    "log": mark("what there is of the task log"),
    "log_kind": mark("who wrote the log"),
    "event": mark("an entry of the event log"),
    "event_extra": mark("the details of an entry of the event log"),
    "ended_by": mark("who ended it"),
    "actor": mark("the person who did it"),
    "user_action": mark("what a person did to it"),
    "unmet": mark("what Airflow still waits for"),
    "unmet_reason": mark("what Airflow says it waits for"),
    "pool": mark("the pool of the task"),
    "pool_slots": mark("the number of slots of its pool"),
    "pool_open_slots": mark("the number of free slots of its pool"),
    "pools_running": mark("the number of tasks that run in all pools"),
    "pool_missing": mark("a pool that does not exist"),
    "dag_paused": mark("a paused Dag"),
    "paused_by": mark("who paused the Dag"),
    "dag_stale": mark("a Dag that is no longer in its file"),
    "dag_missing": mark("a Dag that Airflow does not know"),
    "import_error": mark("an import error of the Dag's file"),
    "other_import_errors": mark("the number of other files that cannot be imported"),
    "scheduler": mark("how the scheduler does"),
    "triggerer": mark("how the triggerer does"),
    "dag_processor": mark("how the Dag processor does"),
    "metadatabase": mark("how the metadata database does"),
    "scheduler_restarted": mark("a restart of the scheduler in the meantime"),
    "extra_try": mark("a try that nobody asked for"),
    "triggerer_assigned": mark("a triggerer that holds its trigger"),
    "upstream_failed": mark("a task before it that failed"),
    "runs_at_limit": mark("the number of runs of the Dag at its limit"),
    "tasks_at_limit": mark("the number of tasks at a limit"),
    "previous_run_failed": mark("a failure of the run before"),
    "consecutive_failed_runs": mark("how many runs failed in a row"),
    "logical_date_missing": mark("a run without a logical date"),
    "dag_run_timeout_exceeded": mark("a run that took longer than it may"),
    "execution_timeout": mark("the time limit of the task"),
    "retries_left": mark("how many tries were left"),
    "recovered": mark("that it went well in the end"),
    "failed_tries": mark("how many tries failed"),
    "child_run_state": mark("the state of the run that it triggered"),
    "other_dags_failing": mark("how many other Dags failed at the same time"),
    "ended_together": mark("how many other Dags had a task end with it"),
    "same_host_failures": mark("how many failures there were on the same host"),
    "version_changed": mark("a change of the Dag since it last went well"),
    "version_unchanged": mark("a Dag that is the same as when it last went well"),
    "operator": mark("the operator"),
    "executor": mark("the executor"),
    "airflow": mark("the version of Airflow"),
    "map_failed_share": mark("the share of mapped tasks that failed"),
    "same_failure_before": mark("how many runs before failed at this task"),
    "exception": mark("the exception that ended it"),
    "exception_dotted": mark("the exception that ended it, by its full name"),
    "exception_chain": mark("an exception behind it"),
    "surface_exception": mark("the exception that surfaced"),
    "message": mark("the message of the exception"),
    "family": mark("the kind of error"),
    "mechanism": mark("what its words tell of"),
    "raised_in": mark("whose code raised it"),
    "raised_in_user_code": mark("the Dag's own code in the traceback"),
    "against": mark("what the failing call was made to"),
    "http_status": mark("the status of the HTTP reply"),
    "exit_code": mark("the exit code"),
    "signal": mark("the signal that ended the process"),
    "stopped": mark("how it was stopped from outside"),
    "stopped_to": mark("the state that it was set to from outside"),
    "log_state": mark("the state by its own log"),
    "log_source": mark("what stands in place of the log"),
    "wrapper": mark("the system in which the work ran"),
    "child_error": mark("an error of the system in which the work ran"),
    "pod_reason": mark("what Kubernetes says of the pod"),
    "in_import": mark("that it happened while a Dag file was read"),
    "while_waiting": mark("that it was waiting for its condition"),
    "silence_before_end": mark("the silence before its end, in seconds"),
    "last_line": mark("the last line of the task"),
    "beside": mark("a line that explains another"),
    "work_done": mark("last words that say that all was done"),
    "after_progress": mark("lines of its own before it ended"),
    "airflow_error": mark("an error of Airflow itself"),
    "text": mark("a line of the log"),
}
"""Every signal of the vocabulary, as something that was seen or not."""

_HEALTH = {
    "healthy": mark("well"),
    "unhealthy": mark("not well"),
    "stale": mark("silent"),
}
VALUES: Mapping[str, Mapping[str, str]] = {
    "scheduler": _HEALTH,
    "triggerer": _HEALTH,
    "dag_processor": _HEALTH,
    "metadatabase": _HEALTH,
    "waiting": {
        "run": mark("the run itself"),
        "none": mark("not scheduled yet"),
        "scheduled": mark("scheduled"),
        "queued": mark("queued"),
        "deferred": mark("deferred to a trigger"),
        "up_for_reschedule": mark("to be scheduled anew"),
        "up_for_retry": mark("waiting for its next try"),
    },
    "run_type": {
        "scheduled": mark("by its schedule"),
        "manual": mark("by hand"),
        "backfill": mark("by a backfill"),
        "asset_triggered": mark("by an asset"),
    },
    "log": {
        "present": mark("a log"),
        "empty": mark("an empty log"),
        "missing": mark("no log"),
        "ends_abruptly": mark("a log that breaks off"),
    },
    "log_kind": {
        "task": mark("the task"),
        "scheduler": mark("the scheduler"),
        "dag_processor": mark("the Dag processor"),
        "triggerer": mark("the triggerer"),
        "webserver": mark("the web server"),
        "component": mark("a part of Airflow"),
    },
    "ended_by": {
        "user": mark("a person"),
        "scheduler": mark("the scheduler"),
        "run_timeout": mark("the time limit of its run"),
        "heartbeat_timeout": mark("a heartbeat that stayed away"),
        "queued_timeout": mark("too long a wait in the queue"),
        "executor": mark("the executor"),
        "backfill": mark("a backfill"),
    },
    "user_action": {
        "marked_failed": mark("marked as failed"),
        "marked_success": mark("marked as success"),
        "cleared": mark("cleared"),
        "paused": mark("paused"),
        "unpaused": mark("unpaused"),
        "deleted": mark("deleted"),
        "run_deleted": mark("its run deleted"),
        "triggered": mark("triggered"),
        "backfill_cancelled": mark("its backfill cancelled"),
        "rejected": mark("rejected"),
        "trigger_dag_run": mark("a run triggered"),
        "cancel_backfill": mark("a backfill cancelled"),
        "update_hitl_detail": mark("a question of the task answered"),
    },
    "paused_by": {
        "user": mark("a person"),
        "scheduler": mark("the scheduler"),
    },
    "family": {
        "network": mark("the network"),
        "timeout": mark("a time limit"),
        "http": mark("a refusal over HTTP"),
        "auth": mark("a sign-in or a right"),
        "sql": mark("a database statement"),
        "memory": mark("too little memory"),
        "disk": mark("too little disk space"),
        "import": mark("a module that cannot be imported"),
        "template": mark("a template"),
        "data": mark("the data"),
        "python": mark("an error of the Python code"),
        "airflow": mark("an error of Airflow's own kind"),
    },
    "mechanism": {
        "no_variable": mark("a variable that is not there"),
        "no_connection": mark("a connection that is not there"),
        "no_dag": mark("a Dag, a task or a pool that is not there"),
        "handles": mark("too many open files or processes"),
        "exists": mark("something that is there already"),
        "machines": mark("machines that are not to be had"),
        "throttled": mark("too many requests"),
        "quota": mark("a quota that is used up"),
        "disk": mark("too little disk space"),
        "memory": mark("too little memory"),
        "machine_gone": mark("a machine that was taken away"),
        "certificate": mark("a certificate"),
        "login": mark("a sign-in that was refused"),
        "contention": mark("others at work on the same thing"),
        "permission": mark("a right that is missing"),
        "name": mark("a host name that is not known"),
        "refused": mark("a connection that was refused"),
        "cut": mark("a connection that broke off"),
        "too_slow": mark("work that took too long"),
        "no_reply": mark("a reply that did not come"),
        "down": mark("a system that is down"),
        "quality": mark("a data check that was not met"),
        "shape": mark("data of another shape than expected"),
        "bad_data": mark("data that cannot be read"),
        "no_package": mark("a package that is missing"),
        "wrong_place": mark("a file of the code that is missing"),
        "no_input": mark("input that is not there"),
    },
    "raised_in": {
        "user_code": mark("the Dag's own"),
        "airflow": mark("Airflow's"),
        "library": mark("a library's"),
    },
    "against": {
        "metadata_db": mark("the metadata database"),
        "broker": mark("the broker"),
        "api_server": mark("Airflow's API server"),
        "log_server": mark("the log server"),
        "kubernetes_api": mark("the Kubernetes API"),
        "docker_daemon": mark("the Docker daemon"),
        "airflow_part": mark("another part of Airflow"),
        "database": mark("a database"),
        "http": mark("a service over HTTP"),
        "object_store": mark("an object store"),
    },
    "stopped": {
        "server_said_stop": mark("Airflow's server said so"),
        "externally_set": mark("its state was set from outside"),
        "sigterm": mark("by a SIGTERM"),
        "supervisor_sigterm": mark("by a SIGTERM of its supervisor"),
        "hostname_changed": mark("its host name changed"),
        "pid_changed": mark("its process id changed"),
        "heartbeat_failed": mark("its heartbeat failed"),
        "after_end": mark("after it had ended"),
    },
    "wrapper": {
        "bash": mark("a shell command"),
        "kubernetes_pod": mark("a Kubernetes pod"),
        "trigger_dag_run": mark("a run that it triggered"),
        "external_dag": mark("another Dag"),
        "script": mark("a script"),
        "virtualenv": mark("a virtual environment"),
        "dbt_cloud": mark("dbt Cloud"),
    },
    "work_done": {
        "then_stopped": mark("and then it was stopped"),
        "then_silent": mark("and then it fell silent"),
    },
}
"""The words of the vocabulary among their values; others are said as they are."""

_SIGNS = {
    ">=": mark("{n} or more"),
    ">": mark("more than {n}"),
    "<=": mark("{n} or less"),
    "<": mark("less than {n}"),
    "==": mark("{n}"),
    "!=": mark("not {n}"),
}


def thing(name: str) -> str:
    return say(THINGS[name]) if name in THINGS else name.replace("_", " ")


def seen_words(name: str, value: str) -> str:
    """A signal with its value."""
    return _with(name, "" if value == _YES else _value(name, value))


def wanted_words(name: str, wanted: str) -> str:
    """A signal with what a condition wants of it, as `bot.diagnosis.vocabulary` describes it."""
    if listed := _LIST.fullmatch(wanted):
        texts = (_ESCAPED.sub(r"\1", one) for one in _OR.split(listed["values"]))
        values = [_value(name, one) for one in texts]
        return _with(name, _either(values))
    if compared := _COMPARISON.fullmatch(wanted.strip()):
        sign, bound = compared.groups()
        return _with(name, say(_SIGNS[sign], n=number(float(bound), 2)))
    if wanted in ("*", _YES):
        return _with(name, "")
    if len(wanted) > 2 and wanted[0] == wanted[-1] == "/":
        return _with(name, say("words like “{pattern}”", pattern=wanted[1:-1]))
    return _with(name, _value(name, wanted))


def _with(name: str, value: str) -> str:
    return f"{thing(name)} ({value})" if value else thing(name)


def _either(values: Sequence[str]) -> str:
    *some, last = values
    return say("{some} or {last}", some=", ".join(some), last=last) if some else last


def _value(name: str, value: str) -> str:
    if value == _NO:
        return say("no")
    known = VALUES.get(name, {}).get(value)
    return say(known) if known else value
