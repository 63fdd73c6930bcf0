"""A world of Dags that name one another wherever a text allows it, to be seen by some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.domain.access import Rules
from bot.domain.answers import Diagnosis, Explanation, HowTo, ModelOutcome
from bot.domain.audit import AuditEntry, AuditQuery
from bot.domain.channel_policies import ChannelPolicy, PolicyKey
from bot.domain.checks import Check
from bot.domain.errors import NotTold
from bot.domain.evidence import (
    DagDetails,
    DagRun,
    EventLogEntry,
    Evidence,
    ImportProblem,
    NamedText,
    ProducedAsset,
    TaskInstance,
)
from bot.domain.logs import LogLine, LogReading
from bot.domain.people import Profile
from bot.domain.questions import Intent, Question
from bot.domain.runbooks import Passage
from bot.domain.targets import Target
from bot.questions.links import ClusterAddress
from bot.questions.veil import texts_in
from bot.services.access import Access
from bot.services.access_ports import Directory, Member
from bot.services.ask import AskService
from bot.services.mine import MineService
from bot.services.ports import Cluster, ConversationStore
from bot.services.resolve import Resolver
from bot.services.sights import Sights
from tests.fakes.cluster import FakeCluster
from tests.fakes.conversation_store import FakeConversationStore
from tests.fakes.people import MemoryPreferences
from tests.services.bench import NOW, FixedKnowledge, RecordingChannel, diagnoser

DAGS = ("alpha_orders", "alpha_refunds", "beta_billing", "beta-ledger", "gamma.close", "delta")
GROUPS = {"S1": frozenset({"U1"}), "S2": frozenset({"U2"})}
OF_ALL = " ".join(DAGS)
SAYING_ALL = f"ran after {OF_ALL}, see /dags/{DAGS[2]}.py and pod beta-billing-load-x7"


def dag_of(dag_id: str, cluster: str) -> tuple[DagRun, TaskInstance, DagDetails, Evidence]:
    run = DagRun("run1", dag_id, "failed", run_after=NOW, conf=f'{{"after": "{OF_ALL}"}}')
    task = TaskInstance(dag_id, "run1", "load", -1, "failed", 1, 0, end=NOW, note=SAYING_ALL)
    team = dag_id.split("_")[0].split("-")[0].split(".")[0]
    details = DagDetails(dag_id, owners=(team,), tags=(team, "all"), doc_md=SAYING_ALL)
    others = tuple(replace(task, dag_id=one) for one in DAGS if one != dag_id)
    lines = (LogLine(3, f"KeyError: '{SAYING_ALL}'"), LogLine(4, SAYING_ALL))
    evidence = Evidence(
        Target(cluster, dag_id, "run1"),
        task_instance=task,
        task_instances=(task,),
        tries=(task,),
        log=LogReading(1, lines, lines_read=4),
        dag_run=run,
        recent_runs=(run,),
        dag=details,
        elsewhere=others,
        child_runs=tuple(DagRun("run1", one, "failed") for one in DAGS),
        events=(
            *(EventLogEntry(n, NOW, "clear", dag_id=d) for n, d in enumerate(DAGS)),
            EventLogEntry(99, NOW, "cli", extra=SAYING_ALL),
        ),
        import_problems=tuple(ImportProblem(f"{one}.py", SAYING_ALL) for one in DAGS),
        links=(NamedText("Triggered Dag", f"https://airflow/dags/{DAGS[4]}/runs/run1"),),
        extra=(NamedText("scheduler_log", SAYING_ALL),),
        dag_exists=True,
        assets=(ProducedAsset(SAYING_ALL, tuple((one, "load") for one in DAGS), DAGS),),
    )
    return run, task, details, evidence


class AskedCluster(FakeCluster):
    """Answers for a Dag that it does not have as Airflow does."""

    async def gather(self, target: Target, seconds: float) -> Evidence:
        found = self.evidence.get(target.dag_id or "")
        self.gathered.append(target)
        return found or Evidence(target, dag_exists=False, import_problems=tuple(self.problems))


def cluster(name: str, dags: Sequence[str] = DAGS) -> AskedCluster:
    made = {dag_id: dag_of(dag_id, name) for dag_id in dags}
    return AskedCluster(
        name=name,
        dags={one: [run] for one, (run, *_) in made.items()},
        tasks={one: [task] for one, (_, task, *_) in made.items()},
        details={one: details for one, (_, _, details, _) in made.items()},
        evidence={one: evidence for one, (*_, evidence) in made.items()},
        logs={"load": LogReading(1, (LogLine(3, SAYING_ALL),), lines_read=9)},
        problems=[ImportProblem(f"{one}.py", SAYING_ALL) for one in dags],
    )


@dataclass
class MemoryDirectory:
    """User groups as they are written down; `silent` as where Slack is in trouble."""

    groups: dict[str, frozenset[str]] = field(default_factory=lambda: dict(GROUPS))
    admins: frozenset[str] = frozenset()
    creators: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    guests: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()

    async def members(self, group: str) -> frozenset[str]:
        self._check()
        return self.groups.get(group, frozenset())

    async def channel_name(self, channel: str) -> str:
        self._check()
        return {"C1": "team-alpha", "C2": "team-beta"}.get(channel, "other")

    async def is_shared(self, channel: str) -> bool:
        self._check()
        return channel in self.shared

    async def creator(self, channel: str) -> str:
        self._check()
        return self.creators.get(channel, "")

    async def member(self, user_id: str) -> Member:
        self._check()
        return Member(user_id, user_id in self.admins, user_id in self.guests)

    def _check(self) -> None:
        if self.silent:
            raise NotTold("Slack does not answer.")


@dataclass
class MemoryAudit:
    kept: dict[str, AuditEntry] = field(default_factory=dict)

    async def add(self, *entries: AuditEntry) -> None:
        for entry in entries:
            self.kept.setdefault(entry.key, entry)

    async def entries(self, query: AuditQuery) -> Sequence[AuditEntry]:
        return list(self.kept.values())


@dataclass
class MemoryPolicies:
    kept: dict[PolicyKey, ChannelPolicy] = field(default_factory=dict)
    audit: MemoryAudit = field(default_factory=MemoryAudit)

    async def policy(self, key: PolicyKey) -> ChannelPolicy:
        return self.kept.get(key, ChannelPolicy())

    async def save(self, key: PolicyKey, policy: ChannelPolicy, entry: AuditEntry) -> bool:
        if policy.version != (await self.policy(key)).version + 1:
            return False
        self.kept[key] = policy
        await self.audit.add(entry)
        return True


@dataclass
class Listening:
    """A model that keeps everything that it is told."""

    heard: list[object] = field(default_factory=list)

    async def explain(
        self, question: Question, diagnosis: Diagnosis, evidence: Evidence
    ) -> Explanation:
        self.heard += [question.earlier, question.text, diagnosis, evidence]
        return Explanation(ModelOutcome.UNUSABLE)

    async def explain_how_to(self, question: Question, how_to: HowTo) -> Explanation:
        self.heard += [question.earlier, question.text, how_to]
        return Explanation(ModelOutcome.UNUSABLE)

    async def doctor(self) -> Sequence[Check]:
        return ()


class Anybody:
    """Whoever asks owns most of the Dags."""

    async def profile(self, user_id: str) -> Profile:
        return Profile(user_id, ("alpha", "beta", "gamma"))


class Guarded:
    """The whole path of a question under some rules."""

    def __init__(
        self,
        rules: Rules,
        policies: MemoryPolicies | None = None,
        directory: Directory | None = None,
        store: ConversationStore | None = None,
        addresses: Sequence[ClusterAddress] = (),
    ) -> None:
        self.clusters: dict[str, Cluster] = {"prod": cluster("prod"), "dev": cluster("dev")}
        self.audit = MemoryAudit()
        self.directory = MemoryDirectory()
        self.policies = policies or MemoryPolicies()
        self.access = Access(
            rules,
            self.clusters,
            now=lambda: NOW + timedelta(seconds=1),
            audit=self.audit,
            directory=directory or self.directory,
            contact="the platform team",
        )
        zones = {"prod": ZoneInfo("UTC")}

        def resolver(
            clusters: dict[str, Cluster], *, default: str = "", likely: Sequence[str] = ()
        ) -> Resolver:
            return Resolver(clusters, zones, default or "prod", likely=likely)

        self.sights = Sights(self.access, self.clusters, resolver, self.policies)  # type: ignore[arg-type]
        self.model = Listening()
        self.mine = MineService(
            self.sights.seen_by, Anybody(), MemoryPreferences(), lambda: NOW, fresh=0.0
        )
        self.store = store or FakeConversationStore()
        passages = (Passage("R1", "A runbook", SAYING_ALL, "runbook"),)
        self.service = AskService(
            clusters=self.clusters,
            addresses=addresses,
            resolver=resolver(self.clusters),
            diagnoser=diagnoser(),
            knowledge=FixedKnowledge(passages),
            explainer=self.model,
            store=self.store,
            now=lambda: NOW,
            sights=self.sights,
            reporters={Intent.MINE: self.mine.report},
        )

    async def ask(self, question: Question) -> RecordingChannel:
        channel = RecordingChannel()
        await self.service.handle(question, channel)
        return channel


def text_of(*values: object) -> str:
    return "\n".join(text for value in values for text in texts_in(value))


on_prod = partial(Target, "prod")
