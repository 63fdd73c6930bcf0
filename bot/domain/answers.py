"""What goes back to the asker: one value for each kind of reply, rendered by Slack and the CLI."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.capacity import ClusterOutlook
from bot.domain.comparisons import Comparison
from bot.domain.escalations import Escalation, Truth
from bot.domain.evidence import ComponentHealth, DagRun, Gap, Job, Pool, TaskInstance
from bot.domain.incidents import Incident, IncidentsReport
from bot.domain.logs import LogLine
from bot.domain.reports import FailingDags, OnCallReport, RunbookReport
from bot.domain.runbooks import Passage
from bot.domain.targets import Ambiguous, Nowhere, Target
from bot.domain.verdicts import Verdict, VerdictKind


@dataclass(frozen=True, slots=True)
class Link:
    """A link built from known ids, never from foreign text."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of the model with the evidence it cites. Kept only if the citations exist."""

    text: str
    cites: tuple[str, ...]
    disputed: bool = False


class ModelOutcome(StrEnum):
    """What became of asking the model."""

    NOT_CONFIGURED = "not_configured"
    USED = "used"
    TIMED_OUT = "timed_out"
    FAILED = "failed"
    REFUSED = "refused"
    UNUSABLE = "unusable"  # rubbish, truncated, or no claim survived the grounding check
    OVER_BUDGET = "over_budget"
    CALLED_OFF = "called_off"  # by an operator, with the question
    GIVEN_UP = "given_up"  # with the work on the question, which failed


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the model added, after the grounding check."""

    outcome: ModelOutcome
    claims: tuple[Claim, ...] = ()
    next_steps: tuple[Claim, ...] = ()
    disputes_verdict: str = ""  # the model's reason, where it disagrees
    dropped: int = 0  # claims thrown out for want of valid citations
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None  # in the currency of the configured prices
    detail: str = ""  # why it failed, for the log; never shown with secrets


@dataclass(frozen=True, slots=True)
class SolvedBefore:
    """A failure like this one that a human resolved at `at`, in their words. `by` is what they are
    called, "" where nobody knows; `link` leads to where they said it, "" where nowhere is known."""

    case_id: str
    at: datetime
    by: str
    problem: str
    fix: str
    kind: VerdictKind
    cause: str = ""
    dag_id: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The deterministic answer; stands without a model. `reference` is in the log too."""

    reference: str
    target: Target
    understood_as: str
    verdict: Verdict
    steps: tuple[str, ...]  # what to do, plain Markdown, first things first
    check: str  # the runbook's Check section
    owner: str  # in words: "the Dag's owner (orders-team)", "the platform team"
    retry_text: str
    what_happened: str
    facts: tuple[tuple[str, str], ...]  # label and value: State, Try, Pool, Duration …
    links: tuple[Link, ...]
    passages: tuple[Passage, ...] = ()
    log_lines: tuple[LogLine, ...] = ()  # the excerpt behind "log excerpt"
    lines_read: int = 0
    explanation: Explanation = Explanation(ModelOutcome.NOT_CONFIGURED)
    comparison: Comparison | None = None  # where the verdict rests on earlier runs
    solved: tuple[SolvedBefore, ...] = ()  # best first


@dataclass(frozen=True, slots=True)
class StatusReport:
    """How the latest runs of a Dag, or of one task, stand."""

    reference: str
    target: Target
    runs: tuple[DagRun, ...]
    failing: tuple[TaskInstance, ...]
    links: tuple[Link, ...]
    is_paused: bool | None = None
    owners: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """How one cluster is doing. `reachable` False: nothing else is known, `gaps` say why."""

    cluster: str
    reachable: bool
    airflow_version: str | None = None
    components: tuple[ComponentHealth, ...] = ()
    jobs: tuple[Job, ...] = ()
    pools: tuple[Pool, ...] = ()
    import_errors: int | None = None
    failed_last_hour: int | None = None
    gaps: tuple[Gap, ...] = ()
    outlook: ClusterOutlook | None = None  # of the last look at its room, while that holds


@dataclass(frozen=True, slots=True)
class HealthReport:
    """`troubles`: incidents of the platform and of capacity that are not over."""

    reference: str
    clusters: tuple[ClusterReport, ...]
    troubles: tuple[Incident, ...] = ()


@dataclass(frozen=True, slots=True)
class LogReport:
    """The excerpt of a log that was asked for, to be sent as a file."""

    reference: str
    target: Target
    lines: tuple[LogLine, ...]
    lines_read: int
    lines_dropped: int
    links: tuple[Link, ...]
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class HowTo:
    """Passages that answer a how-to question; empty where nothing good enough was found."""

    reference: str
    query: str
    passages: tuple[Passage, ...]
    explanation: Explanation = Explanation(ModelOutcome.NOT_CONFIGURED)


@dataclass(frozen=True, slots=True)
class Choice:
    """Several targets fit; the asker picks one."""

    reference: str
    ambiguous: Ambiguous


@dataclass(frozen=True, slots=True)
class NotFound:
    reference: str
    nowhere: Nowhere


@dataclass(frozen=True, slots=True)
class Help:
    """What can be asked, with examples; also the reply to small talk and to nothing at all."""

    reference: str
    clusters: tuple[str, ...]
    lead: str = ""
    brief: bool = False  # a kind word in return, without the examples


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something asked for that this bot does not do yet; says what to do instead.

    `asked` goes on from "I cannot": "rerun tasks". `is_refused`: it does that, but not for whoever
    asked.
    """

    reference: str
    asked: str
    instead: str
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Apology:
    """Something broke on our side; the reference is in the log."""

    reference: str
    what: str


class SeenIn(StrEnum):
    """Where somebody sees how their escalation stands."""

    HERE = "here"
    ABOVE = "above"  # an earlier message of the thread, of whoever asked there first
    DIRECT = "direct"  # their direct messages: nobody else sees what they asked


@dataclass(frozen=True, slots=True)
class HumanCalled:
    """A human was called; says where that stands. `truth` is what came of it, once it is over.
    `seen_in` is where that is said from now on. `called_at` is when those on call are called, where
    the quiet hours have to be over first."""

    reference: str
    escalation: Escalation
    truth: Truth | None = None
    seen_in: SeenIn = SeenIn.HERE
    called_at: datetime | None = None


Reply = (
    Diagnosis
    | StatusReport
    | HealthReport
    | LogReport
    | HowTo
    | Choice
    | NotFound
    | Help
    | Unsupported
    | Apology
    | HumanCalled
    | RunbookReport
    | FailingDags
    | OnCallReport
    | IncidentsReport
)


def kind_of(reply: Reply) -> str:
    """The kind in lower case with underscores, e.g. `status_report`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(reply).__name__).lower()
