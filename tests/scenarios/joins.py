"""Failures that look alike in the log: what Airflow's other replies say decides, and what not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.evidence import (
    ComponentHealth,
    DagRun,
    DagVersion,
    EventLogEntry,
    Pool,
    TaskInstance,
    UnmetDependency,
)
from bot.domain.verdicts import VerdictKind
from tests.scenarios.parts import (
    ACTIVE,
    END,
    HEALTHY,
    START,
    TASK,
    WAITING,
    failed_with,
    log,
    said,
)
from tests.scenarios.situations import Situation

CAPACITY, PLATFORM, CODE = VerdictKind.CAPACITY, VerdictKind.PLATFORM, VerdictKind.CODE
DEPENDENCY, OPERATOR, UNKNOWN = VerdictKind.DEPENDENCY, VerdictKind.OPERATOR, VerdictKind.UNKNOWN


def printed(*lines: str) -> list[dict[str, object]]:
    return [{"event": line, "level": "info", "logger": "task.stdout"} for line in lines]


def ended_by(number: int, name: str) -> dict[str, object]:
    """The supervisor's last word; of every SIGKILL it guesses at memory."""
    guess = " Likely out of memory error (OOM)." if number == 9 else ""
    return {
        "event": f"Process terminated by signal.{guess}",
        "level": "critical",
        "logger": "task",
        "signal": -number,
        "signal_name": name,
    }


def elsewhere(count: int, host: str) -> tuple[TaskInstance, ...]:
    """Begun a minute apart, ended within a second of this one."""
    minutes = (timedelta(minutes=1 + n) for n in range(count))
    return tuple(
        replace(TASK, dag_id=f"other_{n}", hostname=host, start=START - before)
        for n, before in enumerate(minutes)
    )


def pod_event(words: str) -> EventLogEntry:
    return replace(said("pod event", "kubernetes"), extra=words)


KILL, TERM = ended_by(9, "SIGKILL"), ended_by(15, "SIGTERM")
WORKING = printed("reading", "joining tables")
DONE = printed("wrote 48210 rows into stage.orders", "Load finished successfully in 512 s")
MARKED = (said("running"), said("patch_task_instance", "olga", new_state="failed"))
LOST = (said("running"), said("heartbeat timeout", "scheduler"))
OUT_OF_MEMORY = (pod_event("Container base terminated: OOMKilled, exit code 137"),)

KILLS = {
    "SIGKILL, and Kubernetes says memory": Situation(
        "oom_killed", CAPACITY, {"log": log(*WORKING, KILL), "events": OUT_OF_MEMORY}
    ),
    "SIGKILL, and others on the host ended too": Situation(
        "happened_to_many",
        PLATFORM,
        {"log": log(*WORKING, KILL), "elsewhere": elsewhere(3, "10.1.1.4")},
    ),
    "SIGKILL, and one other Dag failed on another host": Situation(
        "sigkill_undetermined",
        UNKNOWN,
        {"log": log(*WORKING, KILL), "elsewhere": elsewhere(1, "10.1.1.9")},
    ),
    "SIGKILL, and a person marked it": Situation(
        "marked_by_user", OPERATOR, {"log": log(*WORKING, KILL), "events": MARKED}
    ),
    "SIGKILL, and nothing besides": Situation(
        "sigkill_undetermined", UNKNOWN, {"log": log(*WORKING, KILL)}
    ),
    "SIGTERM, and Kubernetes evicted the pod": Situation(
        "pod_evicted",
        CAPACITY,
        {
            "log": log(*WORKING, TERM),
            "events": (pod_event("Evicted: The node was low on resource: memory."),),
        },
    ),
    "SIGTERM, and the autoscaler took the node": Situation(
        "node_preempted",
        CAPACITY,
        {
            "log": log(*WORKING, TERM),
            "events": (pod_event("ScaleDown: deleting pod for node scale down"),),
        },
    ),
    "SIGTERM, and a person marked it": Situation(
        "marked_by_user", OPERATOR, {"log": log(*WORKING, TERM), "events": MARKED}
    ),
    "SIGTERM, and many Dags ended with it": Situation(
        "happened_to_many",
        PLATFORM,
        {"log": log(*WORKING, TERM), "elsewhere": elsewhere(6, "10.1.1.9")},
    ),
    "SIGTERM, and many Dags failed minutes away": Situation(
        "sigterm_undetermined",
        UNKNOWN,
        {
            "log": log(*WORKING, TERM),
            "elsewhere": tuple(
                replace(TASK, dag_id=f"other_{n}", hostname="x", end=END - timedelta(minutes=5))
                for n in range(9)
            ),
        },
    ),
    "SIGTERM, and nothing besides": Situation(
        "sigterm_undetermined", UNKNOWN, {"log": log(*WORKING, TERM)}
    ),
}

FINISHED = {
    "all done, then SIGTERM": Situation(
        "work_done_but_failed", PLATFORM, {"log": log(*DONE, TERM)}
    ),
    "all done, then SIGKILL": Situation(
        "work_done_but_failed", PLATFORM, {"log": log(*DONE, KILL)}
    ),
    "all done, then no heartbeat": Situation(
        "work_done_but_failed", PLATFORM, {"log": log(*DONE), "events": LOST}
    ),
    "the success marker written, then SIGKILL": Situation(
        "work_done_but_failed",
        PLATFORM,
        {"log": log(*printed("writing part 8 of 8", "created s3://lake/orders/_SUCCESS"), KILL)},
    ),
    "the triggered run went well, then no heartbeat": Situation(
        "work_done_but_failed",
        PLATFORM,
        {
            "log": log(*WORKING),
            "events": LOST,
            "child_runs": (DagRun("manual__1", "child", "success", end=END),),
        },
    ),
    "the triggered run still runs, and no heartbeat": Situation(
        "heartbeat_lost",
        PLATFORM,
        {
            "log": log(*WORKING),
            "events": LOST,
            "child_runs": (DagRun("manual__1", "child", "running"),),
        },
    ),
    "one part of many done, then SIGTERM": Situation(
        "sigterm_undetermined", UNKNOWN, {"log": log(*printed("load 3 of 40 finished"), TERM)}
    ),
    "the same done over and over, then SIGTERM": Situation(
        "sigterm_undetermined",
        UNKNOWN,
        {"log": log(*printed("export 1 complete", "export 2 complete"), TERM)},
    ),
    "it waits for an end, then SIGKILL": Situation(
        "sigkill_undetermined",
        UNKNOWN,
        {"log": log(*printed("waiting until the job is finished"), KILL)},
    ),
    "more work after the end of some, then SIGKILL": Situation(
        "sigkill_undetermined",
        UNKNOWN,
        {"log": log(*DONE, *printed("checking the rows", "sending the mail"), KILL)},
    ),
    "all done, and a person marked it": Situation(
        "marked_by_user", OPERATOR, {"log": log(*DONE, TERM), "events": MARKED}
    ),
    "all done, and Kubernetes says memory": Situation(
        "oom_killed", CAPACITY, {"log": log(*DONE, KILL), "events": OUT_OF_MEMORY}
    ),
}

_QUEUED = {
    "task_instance": replace(WAITING, state="queued", queued_at=START - timedelta(minutes=20)),
    "dag_run": ACTIVE,
}
_ROOM = Pool("default_pool", 128, 97, running=31, queued=40)
_IDLE = Pool("default_pool", 128, 128, running=0, queued=9)
_OTHER = Pool("warehouse", 8, 0, running=8)

QUEUES = {
    "queued, and its pool is full": Situation(
        "pool_full",
        CAPACITY,
        {
            **_QUEUED,
            "pools": (replace(_ROOM, open_slots=0),),
            "unmet": (
                UnmetDependency(
                    "Pool Slots Available",
                    "Not scheduling since there are 0 open slots in pool default_pool and require"
                    " 1 pool slots",
                ),
            ),
        },
    ),
    "queued with room in its pool, and others run": Situation(
        "slots_exhausted", CAPACITY, {**_QUEUED, "pools": (_ROOM, _OTHER)}
    ),
    "queued with room in its pool, and nothing runs": Situation(
        "no_worker", PLATFORM, {**_QUEUED, "pools": (_IDLE,)}
    ),
    "queued, nothing runs, and the scheduler is dead": Situation(
        "scheduler_down",
        PLATFORM,
        {
            **_QUEUED,
            "pools": (_IDLE,),
            "health": (ComponentHealth("scheduler", "unhealthy"), *HEALTHY[2:]),
        },
    ),
    "queued, and Kubernetes refuses pods for quota": Situation(
        "k8s_quota_exceeded",
        CAPACITY,
        {
            **_QUEUED,
            "pools": (_ROOM,),
            "events": (
                pod_event(
                    'pods "load-1" is forbidden: exceeded quota: team, requested:'
                    " limits.memory=8Gi, used: limits.memory=60Gi, limited: limits.memory=64Gi"
                ),
            ),
        },
    ),
    "queued for seconds only": Situation(
        "insufficient_evidence",
        UNKNOWN,
        {**_QUEUED, "task_instance": replace(WAITING, state="queued"), "pools": (_ROOM,)},
    ),
}


def _timed_out(*files: str, before: tuple[str, ...] = ()) -> object:
    last = ("/venv/lib/python3.12/site-packages/airflow/sdk/execution_time/timeout.py",)
    frames = [
        {"filename": file, "lineno": 7, "name": "f"}
        for file in ("/opt/airflow/dags/orders.py", *files, *last)
    ]
    detail = [{"exc_type": "AirflowTaskTimeout", "exc_value": "Timeout, PID: 118"}]
    detail[0] |= {"is_cause": False, "frames": frames}  # type: ignore[dict-item]
    event = {"event": "Task failed with exception", "level": "error", "logger": "task"}
    return log(*printed(*before), {**event, "error_detail": detail})


_DRIVER = "/venv/lib/python3.12/site-packages/psycopg2/extras.py"
_CLIENT = "/venv/lib/python3.12/site-packages/urllib3/connection.py"

TIMEOUTS = {
    "out of time inside the warehouse's driver": Situation(
        "external_slow", DEPENDENCY, {"log": _timed_out(_DRIVER)}
    ),
    "out of time in the Dag's own loop": Situation(
        "execution_timeout", CODE, {"log": _timed_out()}
    ),
    "out of time in a call that is made over and over": Situation(
        "execution_timeout",
        CODE,
        {"log": _timed_out(_CLIENT, before=tuple(f"page {n} is not ready" for n in range(60)))},
    ),
}


def _versions(green: DagVersion, now: DagVersion) -> dict[str, object]:
    return {
        "task_instance": replace(TASK, version=now),
        "last_green": replace(TASK, state="success", version=green),
    }


_THIRD, _FOURTH = DagVersion(3), DagVersion(4)
_STRANGE = failed_with(("EngineFault", "step 3 ended"), user=False)
_NO_PANDAS = failed_with(("ModuleNotFoundError", "No module named 'pandas'"))
_REFUSED = failed_with(("ConnectionRefusedError", "[Errno 111] Connection refused"))
_FAILED_BEFORE = tuple(replace(TASK, run_id=f"run-{n}") for n in range(3))

CHANGES = {
    "first failure since a new version of the Dag": Situation(
        "broke_with_change", CODE, {"log": _STRANGE, **_versions(_THIRD, _FOURTH)}
    ),
    "first failure since a new commit of the bundle": Situation(
        "broke_with_change",
        CODE,
        {
            "log": _STRANGE,
            **_versions(replace(_THIRD, bundle_version="a1"), replace(_THIRD, bundle_version="b2")),
        },
    ),
    "a new version, but it had failed before": Situation(
        "happens_here_alone",
        CODE,
        {"log": _STRANGE, **_versions(_THIRD, _FOURTH), "history": _FAILED_BEFORE},
    ),
    "a new version, but the network failed": Situation(
        "connection_refused", DEPENDENCY, {"log": _REFUSED, **_versions(_THIRD, _FOURTH)}
    ),
    "a package is gone under an unchanged Dag": Situation(
        "surroundings_changed", PLATFORM, {"log": _NO_PANDAS, **_versions(_THIRD, _THIRD)}
    ),
    "a package is missing for a changed Dag": Situation(
        "missing_dependency", CODE, {"log": _NO_PANDAS, **_versions(_THIRD, _FOURTH)}
    ),
    "a mistake in an unchanged Dag": Situation(
        "python_exception",
        CODE,
        {"log": failed_with(("KeyError", "'region'")), **_versions(_THIRD, _THIRD)},
    ),
}

TOGETHER = {
    "a strange error, and many Dags fail with it": Situation(
        "happened_to_many", PLATFORM, {"log": _STRANGE, "elsewhere": elsewhere(5, "10.1.1.9")}
    ),
    "a strange error in run after run of one Dag": Situation(
        "happens_here_alone", CODE, {"log": _STRANGE, "history": _FAILED_BEFORE}
    ),
    "a strange error in run after run while others fail": Situation(
        "unrecognised_error",
        UNKNOWN,
        {"log": _STRANGE, "history": _FAILED_BEFORE, "elsewhere": elsewhere(2, "10.1.1.9")},
    ),
    "a strange error at midnight, when many Dags begin and some fail": Situation(
        "unrecognised_error",
        UNKNOWN,
        {
            "log": _STRANGE,
            "elsewhere": tuple(
                replace(one, start=START) for one in elsewhere(9, TASK.hostname or "")
            ),
        },
    ),
    "a strange error, once": Situation("unrecognised_error", UNKNOWN, {"log": _STRANGE}),
    "a mistake of the code while many Dags fail": Situation(
        "python_exception",
        CODE,
        {"log": failed_with(("KeyError", "'region'")), "elsewhere": elsewhere(5, "10.1.1.9")},
    ),
    "a refusal while many Dags fail": Situation(
        "connection_refused", DEPENDENCY, {"log": _REFUSED, "elsewhere": elsewhere(5, "10.1.1.9")}
    ),
}

JOINS = {**KILLS, **FINISHED, **QUEUES, **TIMEOUTS, **CHANGES, **TOGETHER}
