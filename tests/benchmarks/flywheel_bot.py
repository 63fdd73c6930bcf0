"""A bot that learns, with its own database and services, and the people around it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.runbook_folder import RunbookFolder
from bot.adapters.runbook_shelf import FolderShelf
from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.escalations import SqlEscalations
from bot.adapters.sql.incidents import SqlIncidents
from bot.adapters.sql.migrate import make_ready
from bot.adapters.sql.runbook_drafts import SqlRunbookDrafts
from bot.adapters.sql.store import SqlConversationStore
from bot.answering.prompts.build import prompt_for_diagnosis
from bot.answering.prompts.pack import tokens_of
from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.logs import read_log_text
from bot.diagnosis.vocabulary import VOCABULARY
from bot.domain.answers import Diagnosis, Explanation, ModelOutcome
from bot.domain.conversations import Rating, Score, Turn
from bot.domain.errors import BadRequest
from bot.domain.escalation_policy import Policy
from bot.domain.escalations import Deed, Escalation, Kind, State, Truth, WasRight
from bot.domain.evidence import DagRun, Evidence, TaskInstance
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.domain.resolved_cases import CaseSource
from bot.domain.runbook_drafts import DraftState, Growth
from bot.domain.runbooks import KnownFailure
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from bot.knowledge.catalogue import Catalogue
from bot.knowledge.runbook_file import Words
from bot.services.ask import AskService
from bot.services.casework import Casework, Decider
from bot.services.diagnose import Diagnoser
from bot.services.escalate import Escalator
from bot.services.escalation_calls import party_of
from bot.services.evaluate import CONFIDENT, Sample
from bot.services.incident_store import IncidentStore
from bot.services.known_cases import KnownCases
from bot.services.resolve import Resolver
from bot.services.runbook_growth import Chosen, Person, RunbookGrowth
from bot.slack.blocks.render import render
from tests.fakes.cluster import FakeCluster
from tests.fakes.work import ReplaySteps
from tests.services.bench import FixedExplainer, FixedKnowledge, RecordingChannel

_WORKSPACE = "T0BENCH01"
_PROMPT = 6_000  # tokens
_LOOK_EVERY = 10  # questions
_REVIEWER = "U0REVIEW1"


@dataclass(frozen=True, slots=True)
class People:
    """Shares of those who do so, 0 to 1: resolve it with words about something else, overlook that
    at the review, thumb up whatever they are told, say nothing."""

    learns: bool = True
    lies: float = 0.0
    overlooks: float = 0.0
    spams: float = 0.0
    silent: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one question. `is_hit`: its own fix was shown, or a runbook that grew from it
    told it; `is_misled`: the first fix that was shown is that of something else."""

    is_hit: bool
    is_misled: bool
    is_right: bool
    is_confidently_wrong: bool
    called_human: bool
    tokens: int


@dataclass
class LearningBot:
    """`fixes` names all failures that there are."""

    engine: AsyncEngine
    people: People
    pick: random.Random
    folder: RunbookFolder
    withheld: Sequence[KnownFailure]
    shelf: Path
    now: datetime = datetime(2026, 11, 2, tzinfo=UTC)
    fixes: Sequence[str] = ()
    grown: dict[str, str] = field(default_factory=dict)  # cause of a runbook: failure it came from
    seen: dict[str, Sample] = field(default_factory=dict)  # by turn

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, folder: Path, known: Sequence[KnownFailure], people: People, pick: random.Random
    ) -> AsyncIterator[LearningBot]:
        engine = create_engine(f"sqlite+aiosqlite:///{folder / 'bot.db'}")
        shelf = folder / "runbooks"
        shelf.mkdir()
        try:
            await make_ready(engine)
            own = RunbookFolder([shelf], Words(VOCABULARY, JUDGEMENTS))
            bot = cls(engine, people, pick, own, known, shelf)
            bot.put_together()
            yield bot
        finally:
            await engine.dispose()

    def put_together(self) -> None:
        engine, clock = self.engine, self._clock
        self.cluster = FakeCluster(dags={}, tasks={}, evidence={})
        clusters = {self.cluster.name: self.cluster}
        self.cases = SqlResolvedCases(engine, clock=clock)
        self.store = SqlConversationStore(engine, clock=clock)
        self.incidents = SqlIncidents(engine)
        store = IncidentStore(self.store, self.incidents)
        self.escalations = SqlEscalations(engine, lambda *_: None, Policy(), clock=clock)
        self.escalator = Escalator(
            self.escalations, store, policy=Policy(), thresholds=lambda _: "", now=clock
        )
        self._catalogue = Catalogue(tuple(self.withheld))
        self._own = self.folder.catalogue()
        self.asking = AskService(
            clusters=clusters,
            addresses=(),
            resolver=Resolver(clusters, {self.cluster.name: ZoneInfo("UTC")}),
            diagnoser=Diagnoser(self.catalogue),
            knowledge=FixedKnowledge(()),
            explainer=FixedExplainer(Explanation(ModelOutcome.NOT_CONFIGURED)),
            store=store,
            now=clock,
            humans=self.escalator,
            known_cases=KnownCases(self.cases, clock) if self.people.learns else None,
        )
        self.casework = Casework(self.cases, lambda: self.catalogue().failures, clock)
        self.growth = RunbookGrowth(
            SqlRunbookDrafts(engine),
            self.incidents,
            self.store,
            lambda: self.catalogue().failures,
            clock,
            FolderShelf(self.shelf),
        )

    def catalogue(self) -> Catalogue:
        """The same object as long as no file has changed."""
        own = self.folder.catalogue()
        if own is not self._own:
            self._own = own
            self._catalogue = Catalogue((*self.withheld, *own.failures))
        return self._catalogue

    async def ask(self, number: int, sample: Sample, at: datetime) -> Asked:
        self.now = at
        evidence = self._fails(number, sample)
        question = _question(number, evidence.target, at)
        turn = await self.asking.handle(question, RecordingChannel())
        assert turn is not None
        assert isinstance(turn.reply, Diagnosis), type(turn.reply)
        self.seen[turn.id] = sample
        asked = self._asked(turn, turn.reply, sample)
        called = await self._reacted(turn, asked, sample)
        if self.people.learns and number % _LOOK_EVERY == _LOOK_EVERY - 1:
            await self._reviewed()
        return replace(asked, called_human=called)

    def _fails(self, number: int, sample: Sample) -> Evidence:
        """Airflow has one more failed run."""
        case = sample.case
        dag = f"dag_{case.id}".replace("-", "_")
        target = Target(self.cluster.name, dag, f"run_{number}", "load", None, 1)
        shown = case.evidence.task_instance
        task = TaskInstance(dag, f"run_{number}", "load", -1, "failed", 1, 0, end=self.now)
        if shown is not None:
            task = replace(shown, dag_id=dag, run_id=f"run_{number}", task_id="load", end=self.now)
        evidence = replace(
            case.evidence,
            target=target,
            task_instance=task,
            log=read_log_text("\n".join(case.log_lines)),
            gathered_at=self.now,
        )
        run = DagRun(f"run_{number}", dag, "failed", run_after=self.now)
        cluster = self.cluster
        cluster.dags = {**cluster.dags, dag: [run]}
        cluster.tasks = {**cluster.tasks, dag: [replace(task, state="failed")]}
        cluster.evidence = {**cluster.evidence, dag: evidence}
        return evidence

    def _asked(self, turn: Turn, reply: Diagnosis, sample: Sample) -> Asked:
        label = sample.label
        assert label is not None
        shown = [one.fix for one in reply.solved]
        fix = fix_of(sample.case.id)
        kind = reply.verdict.kind
        right = kind is label.verdict or kind in label.also_right
        told = self.grown.get(reply.verdict.cause) == sample.case.id
        wrong = not right and kind is not VerdictKind.UNKNOWN
        return Asked(
            is_hit=told or any(fix in one for one in shown),
            is_misled=bool(shown) and fix not in shown[0],
            is_right=right,
            is_confidently_wrong=wrong and reply.verdict.confidence >= CONFIDENT,
            called_human=False,
            tokens=_tokens(turn, reply),
        )

    async def _reacted(self, turn: Turn, asked: Asked, sample: Sample) -> bool:
        """Whoever was helped says so, or not; who was not calls a human, who says what it was."""
        people, pick = self.people, self.pick
        helped = asked.is_hit or (asked.is_right and not asked.is_misled)
        spams = pick.random() < people.spams
        if pick.random() >= people.silent:
            score = Score.UP if helped or spams else Score.DOWN
            await self.store.rate(Rating(turn.id, turn.question.asker.user_id, score, self.now))
        threads = await self.escalations.of_thread(turn.question.thread)
        if not threads and not helped and not spams:
            party = party_of(turn.question)
            assert party is not None
            threads = [await self.escalator.for_turn(f"{turn.id}:asked", turn.id, party)]
        for escalation in threads:
            await self._resolved(escalation, turn, asked, sample)
        return bool(threads)

    async def _resolved(
        self, escalation: Escalation, turn: Turn, asked: Asked, sample: Sample
    ) -> None:
        if escalation.state is State.RESOLVED:
            return
        lies = self.pick.random() < self.people.lies
        about = self.pick.choice(self.fixes) if lies else sample.case.id
        was = WasRight.YES if asked.is_right != lies else WasRight.NO
        who = f"U0ONCALL{self.pick.randrange(5)}"
        words = f"It was what fails as {about} does"
        truth = Truth(escalation.id, who, self.now, words, fix_of(about), was)
        for kind in (Kind.ACKNOWLEDGED, Kind.RESOLVED):
            deed = Deed(f"{escalation.id}:{turn.id}:{kind.value}", kind, self.now, by=who)
            said = truth if kind is Kind.RESOLVED else None
            await self.escalator.do(escalation.id, deed, said)
        if self.people.learns:
            await self._learnt(escalation, truth, turn, is_true=about == sample.case.id)

    async def _learnt(
        self, escalation: Escalation, truth: Truth, turn: Turn, *, is_true: bool
    ) -> None:
        case = self.casework.drafted(escalation, truth, turn, "", _WORKSPACE)
        if case is None:
            return
        kept = await self.casework.keep_draft(case, [CaseSource(_WORKSPACE, truth.by)])
        if not kept:
            return
        by = Decider(_REVIEWER, _WORKSPACE)
        key = f"review:{case.id}"
        if is_true or self.pick.random() < self.people.overlooks:
            await self.casework.approve(key, case.id, by)
        else:
            await self.casework.reject(key, case.id, by)

    async def _reviewed(self) -> None:
        """Drafts of what was seen again and again, approved by somebody who looks whose side it is
        on; whoever overlooks takes the first that comes to mind."""
        await self.growth.grow(Growth(self.now), ReplaySteps())
        for one in await self.growth.drafts.page([DraftState.PROPOSED]):
            draft = await self.growth.drafts.get(one.id)
            assert draft is not None
            sample = next(self.seen[s.turn_id] for s in draft.sources if s.turn_id in self.seen)
            assert sample.label is not None
            kind = sample.label.verdict
            if self.pick.random() < self.people.lies * self.people.overlooks:
                kind = self.pick.choice([k for k in VerdictKind if k is not VerdictKind.UNKNOWN])
            if kind is VerdictKind.UNKNOWN:
                continue
            person = Person(_REVIEWER, _WORKSPACE)
            try:
                await self.growth.approve(f"draft:{draft.id}", draft.id, Chosen(kind), person)
            except BadRequest:
                await self.growth.reject(f"draft:{draft.id}", draft.id, person)
                continue
            self.grown[draft.cause] = sample.case.id

    def _clock(self) -> datetime:
        return self.now


def fix_of(failure: str) -> str:
    """What a human writes who has resolved it."""
    return f"Do what the page of {failure} says, and clear the task"


def _question(number: int, target: Target, at: datetime) -> Question:
    ts = f"{1_780_000_000 + number}.000100"
    asker = Asker(f"U0ASKER{number % 12:02}", _WORKSPACE)
    return Question(
        id=f"{_WORKSPACE}:C0BENCH01:{ts}",
        origin=Origin.SLACK,
        asker=asker,
        thread=ThreadKey(_WORKSPACE, "C0BENCH01", ts),
        message_ts=ts,
        text=f"why did {target.dag_id} fail?",
        asked_at=at - timedelta(seconds=2),
    )


def _tokens(turn: Turn, reply: Diagnosis) -> int:
    """What a model would be given, and what people read."""
    assert turn.evidence is not None
    prompt = prompt_for_diagnosis(
        turn.question, reply, turn.evidence, nonce="0" * 16, max_tokens=_PROMPT
    )
    words = " ".join(_words(list(render(reply, turn.id).blocks)))
    return prompt.tokens + tokens_of(words)


def _words(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == "text" and isinstance(value, str):
                yield value
            else:
                yield from _words(value)
    elif isinstance(tree, list | tuple):
        for one in tree:
            yield from _words(one)
