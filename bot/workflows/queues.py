"""How much of which work is done at once, in what order and how fast.

Within a share work is done by priority, then by age. Among shares that wait for a place DBOS draws
lots, so with more threads than places a question may be begun after a remark in another thread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbos import DBOSClient, EnqueueOptions

from bot.domain.work import Job, Queue
from bot.workflows.databases import APPLICATION, VERSION

WORKFLOW = "job"
_ALONE = " alone"
IN_ORDER = Queue.QUESTIONS
"""Where work of one share waits for what came before it, even if that is done alone."""

# Far more than Slack takes, since those that Slack refuses for now wait in their places.
_POSTS_AT_ONCE = 100
_LATER_AT_ONCE = 4
_WATCHES_AT_ONCE = 4
_SLOWER = 5  # times the pause between looks into the queues that hardly anybody waits at


@dataclass(frozen=True, slots=True)
class _Limits:
    """`at_once` in one process. Of one share never more than one, in all processes together."""

    at_once: int
    poll: float
    per_second: int | None = None  # of one share


def places(at_once: int) -> dict[str, int]:
    """How much work of each queue one process does at once, at most `at_once` of it questions."""
    limits = _limits(at_once, 1.0)
    together = {queue.value: limits[queue].at_once for queue in Queue}
    return together | {alone(queue): limits[queue].at_once for queue in Queue}


def alone(queue: Queue) -> str:
    """Where work of `queue` is done that may be what its processes die of: at first one at a time
    in each. Each queue has its own, since work of one waits for that of another."""
    return f"{queue.value}{_ALONE}"


def is_alone(name: str) -> bool:
    """Whether the queue of this name is one of these."""
    return name.endswith(_ALONE)


def queue_of(name: str) -> str:
    """The queue that work was handed in to, of the one where it stands now."""
    return name.removesuffix(_ALONE)


def register_queues(client: DBOSClient, at_once: int, poll: float) -> None:
    """Writes the limits into the database, where every process reads them.

    `at_once` questions in one process. With several processes the settings of the one that
    started last hold for all.
    """
    for queue, limits in _limits(at_once, poll).items():
        _register(client, queue.value, limits)
        rare = replace(limits, poll=poll * _SLOWER)
        _register(client, alone(queue), rare)


def _register(client: DBOSClient, name: str, limits: _Limits) -> None:
    per_second = limits.per_second
    client.register_queue(
        name,
        worker_concurrency=limits.at_once,
        partition_concurrency=1,
        partition_limiter={"limit": per_second, "period": 1.0} if per_second else None,
        polling_interval_sec=limits.poll,
        on_conflict="always_update",
    )


def options_of(job: Job) -> EnqueueOptions:
    """How DBOS is told where `job` goes."""
    options: EnqueueOptions = {
        "workflow_name": WORKFLOW,
        "workflow_id": job.key,
        "queue_name": job.queue.value,
        "queue_partition_key": job.share,
        "priority": job.priority,
        "app_version": VERSION,
        "application_name": APPLICATION,
    }
    if job.delay > 0:
        options["delay_seconds"] = job.delay
    return options


def _limits(at_once: int, poll: float) -> dict[Queue, _Limits]:
    return {
        Queue.QUESTIONS: _Limits(at_once, poll),
        # A storm of them leaves most of the machine to whoever asks.
        Queue.FAILURES: _Limits(max(1, at_once // 4), poll * _SLOWER),
        Queue.POSTS: _Limits(_POSTS_AT_ONCE, poll, per_second=1),
        Queue.LATER: _Limits(_LATER_AT_ONCE, poll * _SLOWER),
        Queue.WATCHES: _Limits(_WATCHES_AT_ONCE, poll * _SLOWER),
    }
