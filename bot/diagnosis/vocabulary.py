"""The closed vocabulary of signals: what a runbook's `when` may ask about, and what it means.

How a file is matched
    A file matches when every condition under `all` holds, nothing under `none` holds, and at
    least one of its proofs is there: a hit of one of its `signatures`, one condition under `any`,
    or its `judgement`. A file that has none of these three is proved by `all` alone.
    A condition on a signal that could not be seen (see `Signals.blind`) is undecided, not false.

What a condition compares
    `{exception: MemoryError}`  the value, whole, in any case
    `{message: /out of memory/}`  an RE2 search, in any case
    `{pool_slots: "<=0"}`  a number: `>`, `>=`, `<`, `<=`, `==`, `!=`
    `{pod_reason: "*"}`  the signal is there, whatever it says
    `{exception: [KeyError, IndexError]}`  a list is true where any of its values is

Where signatures look
    Only at text that bears on the failure: the exceptions of the chain that ended the try, a child
    system's own errors, lines of error level in the deciding try, the last lines before the end,
    import errors, scheduler and Dag processor logs, messages and the reasons that Airflow itself
    gives. Never at handled exceptions, callbacks, earlier tries or tries that went well. Case is
    ignored, whitespace folded, colours stripped; each line of a message is looked at by itself.

How examples (`catches`, `spares`) are read
    As a piece of the log of a failed try. A first line `scheduler_log:`, `dag_processor_log:`,
    `import_error:`, `event_log:` or `message:` says that what follows is such a text instead. A
    first line `signals: dag_paused=true, run_state=queued` states facts from metadata; a log may
    follow it.

Which of several matching files wins
    The one whose proof lies deepest (see `bot.diagnosis.depth`), then the higher `rank`, then the
    one with more proofs. Fallbacks such as python_exception and nonzero_exit have a rank below 0.
    What only a `mechanism` proves stands between the two, and is less sure.
    A file whose `symptom_of` lists the cause of another match stands back behind that one, however
    deep its own proof lies: a timeout, a lost worker, a signal are what a reason looks like.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.diagnosis.mechanisms import MECHANISMS


@dataclass(frozen=True, slots=True)
class Term:
    """One signal name; `values` are the words it takes, or a description where it is open."""

    name: str
    meaning: str
    values: str


_METADATA = (
    Term("state", "state of the task instance at fault", "Airflow's words: failed, queued, …"),
    Term("run_state", "state of the Dag run", "queued, running, success, failed"),
    Term(
        "waiting",
        "nothing runs: the run or the task instance waits for something",
        "run, none, scheduled, queued, deferred, up_for_reschedule, up_for_retry",
    ),
    Term("run_type", "how the run came about", "scheduled, manual, backfill, asset_triggered"),
    Term("never_started", "the try ended or waits without a process ever started", "true"),
    Term("ran_for", "seconds the deciding try took", "number"),
    Term("log", "what there is of the task log", "present, empty, missing, ends_abruptly"),
    Term(
        "log_kind",
        "who wrote the log",
        "task, scheduler, dag_processor, triggerer, webserver, component (one of these)",
    ),
    Term("event", "an event-log entry on this task or run", "Airflow's event names"),
    Term("event_extra", "the details of such an entry", "text"),
    Term(
        "ended_by",
        "who ended or changed it, where Airflow recorded it",
        "user, scheduler, run_timeout, heartbeat_timeout, queued_timeout, executor, backfill",
    ),
    Term("actor", "the user behind `ended_by: user`", "login name"),
    Term("user_action", "what that user did", "marked_failed, marked_success, cleared, paused, …"),
    Term("unmet", "dependency that keeps it from being scheduled", "Airflow's dependency names"),
    Term("unmet_reason", "the same in Airflow's words", "text"),
    Term("pool", "the task's pool", "name"),
    Term("pool_slots", "slots of the task's pool", "number"),
    Term("pool_open_slots", "free slots of the task's pool", "number"),
    Term(
        "pools_running",
        "tasks that run in all pools, while this one is queued for minutes",
        "number",
    ),
    Term("pool_missing", "the task's pool does not exist", "name of the pool"),
    Term("dag_paused", "the Dag is paused", "true"),
    Term("paused_by", "who paused it", "user, scheduler"),
    Term("dag_stale", "the Dag is no longer found in its file", "true"),
    Term("dag_missing", "no such Dag is known", "true"),
    Term("import_error", "the Dag's file cannot be imported", "root exception type"),
    Term(
        "other_import_errors",
        "files that cannot be imported where the Dag is unknown and none names it",
        "number",
    ),
    Term("scheduler", "health of the scheduler", "healthy, unhealthy, stale"),
    Term("triggerer", "health of the triggerer", "healthy, unhealthy, stale"),
    Term("dag_processor", "health of the Dag processor", "healthy, unhealthy, stale"),
    Term("metadatabase", "health of the metadata database", "healthy, unhealthy"),
    Term("scheduler_restarted", "a scheduler job ended or began while the try ran", "true"),
    Term("extra_try", "a try beyond max_tries + 1 that nobody asked for", "true"),
    Term("triggerer_assigned", "a triggerer holds the deferred task's trigger", "true, false"),
    Term("upstream_failed", "the failed upstream task that decides", "task id"),
    Term("runs_at_limit", "as many runs as max_active_runs allows are running", "number"),
    Term("tasks_at_limit", "as many tasks run as a limit allows", "Airflow's words"),
    Term("previous_run_failed", "the run before this one failed", "true"),
    Term("consecutive_failed_runs", "failed runs in a row up to this one", "number"),
    Term("logical_date_missing", "the run has no logical date", "true"),
    Term("dag_run_timeout_exceeded", "the run took longer than its dagrun_timeout", "seconds"),
    Term("execution_timeout", "the task's own time limit", "seconds"),
    Term("retries_left", "tries that remained when it failed for good", "number"),
    Term("recovered", "a later try, or the task in the end, went well", "true"),
    Term("failed_tries", "tries of this task instance that failed", "number"),
    Term("child_run_state", "state of the run that this task triggered", "Airflow's words"),
    Term("other_dags_failing", "other Dags that failed in the same minutes", "number"),
    Term(
        "ended_together",
        "other Dags of which a task, begun at another time, ended with this one",
        "number",
    ),
    Term("same_host_failures", "those of the same host, of any Dag", "number"),
    Term("version_changed", "the Dag's version changed since the last success", "true"),
    Term("version_unchanged", "the Dag has the version of its last success", "true"),
    Term("operator", "operator class", "class name"),
    Term("executor", "executor class", "class name"),
    Term("airflow", "version of Airflow", "version"),
    Term("map_failed_share", "share of the mapped task instances that failed", "number, 0..1"),
    Term("same_failure_before", "earlier runs in a row that failed at this task", "number"),
)

_LOG = (
    Term("exception", "root exception of the chain that ended the try", "type, without module"),
    Term("exception_dotted", "the same as printed", "dotted type"),
    Term("exception_chain", "any exception of that chain", "type, without module"),
    Term("surface_exception", "the exception that surfaced", "type, without module"),
    Term("message", "message of the root exception", "text"),
    Term(
        "family",
        "what kind of error the root exception is",
        "network, timeout, http, auth, sql, memory, disk, import, template, data, python, airflow",
    ),
    Term(
        "mechanism",
        "how it came about, by words that any library uses; weaker than a signature",
        ", ".join(MECHANISMS),
    ),
    Term("raised_in", "whose code raised the root exception", "user_code, airflow, library"),
    Term("raised_in_user_code", "user code is in the traceback of the root exception", "true"),
    Term(
        "against",
        "what the failing call was made to",
        "metadata_db, broker, api_server, log_server, kubernetes_api, docker_daemon, "
        "airflow_part (another part of Airflow), database, http, object_store",
    ),
    Term("http_status", "status of the HTTP reply that failed", "number"),
    Term("exit_code", "exit code of the process or of its child", "number"),
    Term("signal", "signal that ended the process or its child", "number: 9, 15, 11, …"),
    Term(
        "stopped",
        "how the log says the try was stopped from outside",
        "server_said_stop, externally_set, sigterm, supervisor_sigterm, hostname_changed, "
        "pid_changed, heartbeat_failed, after_end (a harmless race)",
    ),
    Term("stopped_to", "the state it was set to from outside", "Airflow's words"),
    Term("log_state", "final state by the log itself", "Airflow's words"),
    Term("log_source", "what the log handler said instead of a log", "text"),
    Term(
        "wrapper",
        "operator that ran a child system, by the shape of its error",
        "bash, docker, spark, kubernetes_pod, ssh, dbt, databricks, glue, emr, trigger_dag_run, …",
    ),
    Term("child_error", "an error in the child system's own words", "text"),
    Term("pod_reason", "reason a pod or container ended or did not start", "OOMKilled, Evicted, …"),
    Term("in_import", "it happened while a Dag file was parsed", "true"),
    Term("while_waiting", "a sensor or trigger that waited for its condition", "true"),
    Term("silence_before_end", "silence before the last line or the kill", "seconds"),
    Term("last_line", "the last line of the task itself", "text"),
    Term(
        "work_done",
        "the task's last words say that all was done, and then the try was ended from outside",
        "then_stopped, then_silent",
    ),
    Term("after_progress", "the task had written its own lines before it ended", "true"),
    Term("airflow_error", "a line of error level by Airflow itself", "text"),
    Term(
        "beside",
        "a line that explains the one that decides, and is quoted with it",
        "what it is to the one that decides",
    ),
    Term("text", "any other line that bears on the failure", "text"),
)

VOCABULARY: dict[str, Term] = {term.name: term for term in (*_METADATA, *_LOG)}

SPOKEN = frozenset(
    {"text", "child_error", "airflow_error", "event_extra", "unmet_reason", "log_source"}
)
"""The signals whose values are words of the evidence: signatures are searched in these."""
