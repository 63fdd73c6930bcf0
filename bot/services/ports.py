"""The doors through which the use cases reach the world; adapters stand behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bot.domain.access import Labels
from bot.domain.answers import ClusterReport, Diagnosis, Explanation, HowTo, Link, Reply
from bot.domain.cases import Manner
from bot.domain.checks import Check
from bot.domain.conversations import Rating, Turn
from bot.domain.evidence import (
    DagDetails,
    DagRun,
    Evidence,
    Gap,
    ImportProblem,
    TaskInstance,
)
from bot.domain.failures import Failure
from bot.domain.logs import LogReading
from bot.domain.questions import Question, ThreadKey
from bot.domain.runbooks import Passage
from bot.domain.targets import Target
from bot.domain.work import ONCE, Delivery, Job, Retry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunsSeen:
    """Runs of one Dag, newest first, and what hindered the look."""

    runs: tuple[DagRun, ...]
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class TasksSeen:
    """Task instances of one run."""

    task_instances: tuple[TaskInstance, ...]
    gaps: tuple[Gap, ...] = ()


class Cluster(Protocol):
    """One Airflow deployment. Every call keeps to the cluster's limits by itself.

    No method raises for a single reply that failed: it comes back as gaps. `AirflowUnavailable`
    and `AirflowLoginError` are raised where nothing at all can be had.
    """

    @property
    def name(self) -> str: ...

    @property
    def base_url(self) -> str: ...

    async def dag_ids(self) -> Sequence[str]:
        """All Dag ids, cached for a while (seconds to minutes, by settings).

        Of a large cluster at first only those that have been read by now; see `search_dags`.
        """
        ...

    async def search_dags(self, words: str, limit: int = 20) -> Sequence[str]:
        """Dag ids that contain `words`, in any case; also those `dag_ids` does not hold yet."""
        ...

    async def labels(self) -> Mapping[str, Labels]:
        """Tags and owners by Dag id, as old as the list that `dag_ids` gives."""
        ...

    async def dag(self, dag_id: str) -> DagDetails | None:
        """None where the Dag does not exist."""
        ...

    async def runs(
        self,
        dag_id: str,
        *,
        state: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 10,
    ) -> RunsSeen: ...

    async def task_instances(self, dag_id: str, run_id: str) -> TasksSeen:
        """All pages, capped at some thousands with a gap."""
        ...

    async def instances_of(
        self, dag_id: str, task_id: str, *, since: datetime | None = None
    ) -> TasksSeen:
        """Instances of one task in all runs that were due since then, those of the latest run
        first; capped at some thousand with a gap."""
        ...

    async def find_failed(self, since: datetime, limit: int = 100) -> TasksSeen:
        """Failed task instances of all Dags since then, newest first."""
        ...

    async def task_ids(self, dag_id: str) -> Sequence[str]: ...

    async def import_problems(self) -> tuple[Sequence[ImportProblem], Sequence[Gap]]:
        """Dag files that do not import, capped at some hundreds: the Dags in them have no id."""
        ...

    async def gather(self, target: Target, seconds: float) -> Evidence:
        """Everything about `target` under one deadline; what is missing is in `gaps`."""
        ...

    async def read_log(
        self, target: Target, seconds: float
    ) -> tuple[LogReading | None, Sequence[Gap]]:
        """The log of one try, read through in bounded memory."""
        ...

    async def report(self, seconds: float) -> ClusterReport: ...

    async def doctor(self) -> Sequence[Check]: ...

    def links(self, target: Target) -> Sequence[Link]:
        """Pages of Airflow's own web interface for the target."""
        ...


class Explainer(Protocol):
    """A language model behind the grounding check. Never raises: failures are outcomes."""

    async def explain(
        self, question: Question, diagnosis: Diagnosis, evidence: Evidence
    ) -> Explanation: ...

    async def explain_how_to(self, question: Question, how_to: HowTo) -> Explanation: ...

    async def doctor(self) -> Sequence[Check]: ...


class Knowledge(Protocol):
    """Search over runbooks."""

    async def search(self, query: str, limit: int = 5) -> Sequence[Passage]: ...

    async def doctor(self) -> Sequence[Check]: ...


class ConversationStore(Protocol):
    async def add_turn(self, turn: Turn) -> Sequence[str]:
        """Stores the turn with its evidence (redacted) and verdict.

        One stored again under its id replaces it: its reply was refined since. Returns the ids of
        cases in the reply that were left out, since they are not to be shown any more.
        """
        ...

    async def set_reply(self, turn_id: str, reply: Reply, reply_ts: str | None) -> Sequence[str]:
        """The reply as it now stands in the thread (refined by the model, say) and where. Returns
        the same as `add_turn`."""
        ...

    async def turn(self, turn_id: str) -> Turn | None: ...

    async def turns(self, thread: ThreadKey) -> Sequence[Turn]:
        """Oldest first."""
        ...

    async def rate(self, rating: Rating) -> None:
        """One rating a person and turn; the newest stands."""
        ...

    async def ratings(self, turn_id: str) -> Sequence[Rating]: ...

    async def doctor(self) -> Sequence[Check]: ...


class ReplyChannel(Protocol):
    """Where the reply to one question goes: a Slack thread, or the terminal.

    `acknowledge` and `progress` are called within steps: perhaps once more than needed, perhaps
    not again after a crash. They show what they can and never raise. `post` is called between
    steps, and again with the same replies in the same order by a process that takes the work up:
    a durable channel keeps by itself what it has posted.
    """

    async def acknowledge(self) -> None:
        """Something the asker sees at once."""
        ...

    async def progress(self, text: str) -> None:
        """What is being done now; may be dropped."""
        ...

    async def adopt(self, manner: Manner) -> None:
        """From now on it is answered in this manner. Called between steps, before the first post,
        and not at all for the usual one."""
        ...

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        """Posts the reply, or refines the one already posted; returns its ts."""
        ...


class Steps(Protocol):
    """The parts of one piece of work, in the order they are called.

    Where the work is durable, a step that finished is not run again after a crash: its result is
    read back. So results are frozen values of the domain (or plain JSON values), the code between
    steps decides by nothing but them, and a step that was cut short may run a second time.
    """

    async def run(self, name: str, work: Callable[[], Awaitable[T]], retry: Retry = ONCE) -> T:
        """Raises the `BotError` that `work` raised last.

        A durable step raises one in place of anything else as well: only these are kept.
        """
        ...


class DurableSteps(Steps, Protocol):
    """Steps that can hand work on to other queues."""

    async def call(self, job: Job) -> Any:
        """Has `job` done in its own queue and returns its result; once under its key."""
        ...

    async def start(self, job: Job) -> None:
        """Has `job` done some time, without waiting for it; once under its key."""
        ...


class Intake(Protocol):
    """The one way in for work: what it returned for survives any crash."""

    async def take(self, job: Job, delivery: Delivery) -> bool:
        """False where this key was taken on before.

        Raises `StoreError` where the database did not keep it: then it must not be acknowledged.
        """
        ...


class ReportedFailures(Protocol):
    """Failures that Airflow reported, kept until they are told of."""

    async def add(self, failures: Sequence[Failure]) -> int:
        """Keeps those not known yet, each in a batch that is certain to be told; says how many.

        Raises `StoreError` where the database kept none: then they must not be acknowledged.
        """
        ...

    async def take(self, number: int) -> Sequence[Failure]:
        """Closes the batch, with those that are overdue, and says what they hold, in the order of
        arrival. A run reported as a whole is left out where a task of it was reported in an
        earlier batch.

        Nothing joins it after that; called again it still holds the same. Raises `StoreError`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Posted:
    """What is known of a message of ours. `ts` None: announced, of unknown outcome. `revision`
    counts the contents that it has shown; `age` is seconds since it was announced, or since the
    call was given up where that is known. `late` is the revision of the newest change of unknown
    outcome, which may yet be carried out, `late_age` seconds since that was given up."""

    ts: str | None
    revision: int
    age: float
    is_given_up: bool = False
    late: int | None = None
    late_age: float = 0.0


class PostEntry(Protocol):
    """The ledger's page for one message, ours alone while it is open."""

    @property
    def posted(self) -> Posted | None:
        """None where nobody has announced it yet."""
        ...

    async def announce(self) -> None:
        """Kept durably before Slack is called. Announced anew, its age starts again."""
        ...

    async def give_up(self) -> None:
        """The call that was announced has ended, and nobody knows what came of it. Its age starts
        again; who dies during a call never says so."""
        ...

    async def retract(self) -> None:
        """Takes the announcement back: nothing came of it for certain. What stands is kept."""
        ...

    async def record(self, ts: str, revision: int) -> None: ...

    async def leave_late(self, revision: int) -> None:
        """The call that changes the message to `revision` has ended, and may yet have an effect."""
        ...


class PostLedger(Protocol):
    """Which messages of ours stand in Slack: consulted and kept by everyone who posts."""

    def page(
        self, key: str, thread: ThreadKey | None = None
    ) -> AbstractAsyncContextManager[PostEntry]:
        """Waits for whoever has it open, in this process or another. Raises `StoreError`.

        `thread` is where the message goes, kept with the entry: a ts alone names no message.
        """
        ...


class Meter(Protocol):
    """What is counted and timed while the bot works; never raises and never waits."""

    def delivery(self, kind: str, outcome: str, seconds: float) -> None:
        """One delivery from outside. `outcome`: taken, twin (the other event of a mention,
        of which Slack sends two), duplicate (delivered again), ignored or refused; `seconds` from
        its arrival to the acknowledgement."""
        ...

    def step(self, name: str, outcome: str, seconds: float) -> None:
        """One try of a step. `outcome`: done, failed (for good) or retried."""
        ...

    def answered(self, verdict: str, seconds: float) -> None:
        """One reply that was posted: its verdict, or its kind where it has none; `seconds` since
        the question was asked."""
        ...

    def dead_letter(self, kind: str, outcome: str) -> None:
        """One piece of work given up on before anything was said; `kind` is the job's, "unreadable"
        where nobody knows. `outcome`: told, or not_told where nobody is known to tell it to."""
        ...

    def gap(self, part: str) -> None:
        """One part of the evidence that could not be had."""
        ...

    def model_call(self, outcome: str, tokens_in: int, tokens_out: int, cost: float | None) -> None:
        """`cost` in the currency of the configured prices; None where there are none."""
        ...

    def slack_call(self, method: str, outcome: str) -> None:
        """`outcome`: ok, rate_limited, refused (Slack said no), failed (Slack's own fault),
        timeout or unreachable."""
        ...

    def airflow_call(self, cluster: str, outcome: str, seconds: float) -> None:
        """One call to Airflow that went out. `outcome`: ok, or the reason of the refusal."""
        ...

    def log_read(self, cluster: str, size: int) -> None:
        """`size` in bytes of task log that were read through."""
        ...
