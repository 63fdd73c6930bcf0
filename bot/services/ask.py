"""The path of one question, step by step: look, judge, answer, keep, explain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from bot.answering.deterministic import with_passages
from bot.answering.prompts.cases import passage_of
from bot.domain.answers import (
    Diagnosis,
    Explanation,
    Help,
    HowTo,
    ModelOutcome,
    Reply,
    SolvedBefore,
)
from bot.domain.cases import Case, Retrieved, Settled
from bot.domain.conversations import Turn
from bot.domain.errors import BadRequest
from bot.domain.evidence import Evidence
from bot.domain.questions import Intent, Question
from bot.domain.references import reference_of
from bot.domain.work import Retry
from bot.questions.links import ClusterAddress
from bot.questions.veil import Veil
from bot.services.capacity import Outlooks
from bot.services.diagnose import Diagnoser, log_was_late, with_log
from bot.services.escalation_ports import Humans
from bot.services.gather import LATE_LOG_SECONDS, Gatherer, Reporter, Troubles
from bot.services.known_cases import KnownCases
from bot.services.no_meter import NoMeter
from bot.services.plain_steps import PLAIN
from bot.services.ports import (
    Cluster,
    ConversationStore,
    Explainer,
    Knowledge,
    Meter,
    ReplyChannel,
    Steps,
)
from bot.services.publish import Publisher, seconds_since
from bot.services.resolve import Resolver
from bot.services.sights import Sights
from bot.services.silent import SILENT
from bot.services.unanswered import offered
from bot.words import ENGLISH, mark, speaking

_PICK = Retry(attempts=4, pause=0.5, seconds=10.0)
_FINDING = 120.0  # seconds to find out what is meant, before the deadline for evidence starts
_JUDGE = Retry(seconds=60.0)
_READ_ON = Retry(seconds=LATE_LOG_SECONDS + 20.0)
_EXPLAIN = Retry(seconds=600.0)  # the model's own deadline is by far shorter


class AskService:
    """Answers questions. One instance serves all surfaces; it holds no state of a conversation.

    Between steps nothing counts but what they returned: whoever takes a question up after a
    crash, with other runbooks or settings perhaps, goes on where it was left.
    """

    def __init__(
        self,
        *,
        clusters: Mapping[str, Cluster],
        addresses: Sequence[ClusterAddress],
        resolver: Resolver,
        diagnoser: Diagnoser,
        knowledge: Knowledge,
        explainer: Explainer,
        store: ConversationStore,
        now: Callable[[], datetime],
        seconds: float = 15.0,
        meter: Meter | None = None,
        humans: Humans | None = None,
        reporters: Mapping[Intent, Reporter] | None = None,
        sights: Sights | None = None,
        outlooks: Outlooks | None = None,
        troubles: Troubles | None = None,
        known_cases: KnownCases | None = None,
    ) -> None:
        """`seconds` is the deadline for all evidence of one question. Without `humans` nobody can
        be called; `reporters` answer what is about no run, by intent. Without `sights` everybody
        sees everything; without `outlooks` and `troubles` health is only what
        Airflow says of it; without `known_cases` nobody is told how others solved it."""
        self._diagnoser = diagnoser
        self._knowledge = knowledge
        self._explainer = explainer
        self._store = store
        self._now = now
        self._meter = meter or NoMeter()
        self._gather = Retry(attempts=2, seconds=_FINDING + seconds)
        self._gatherer = Gatherer(
            clusters=clusters,
            addresses=addresses,
            resolver=resolver,
            knowledge=knowledge,
            meter=self._meter,
            now=now,
            seconds=seconds,
            humans=humans,
            reporters=reporters or {},
            sights=sights,
            outlooks=outlooks,
            troubles=troubles,
        )
        self._humans = humans
        self._known_cases = known_cases

    def call_through(self, humans: Humans) -> None:
        """From now on `humans` are called where the rules say so; for those who can hand work in,
        which they can once all parts are there."""
        self._humans = self._gatherer.humans = humans

    async def handle(
        self, question: Question, channel: ReplyChannel, steps: Steps = PLAIN
    ) -> Turn | None:
        """Answers the question into `channel` and returns the stored turn.

        None for a remark in an engaged thread that calls nobody and asks nothing: it gets no reply.
        The deterministic reply is posted first; where a model is configured the same message is
        refined in place afterwards. Whatever is raised here is for the surface's error door.
        """
        reference = reference_of(question.id)
        with structlog.contextvars.bound_contextvars(reference=reference, question=question.id):
            look = partial(self._gatherer.gather, question, reference, channel)
            seen = await steps.run("gather", look, self._gather)
            await channel.adopt(seen.manner)
            private, language = seen.manner.is_private, seen.manner.language
            question = replace(question, is_private=private, language=language)
            with speaking(language or ENGLISH):
                return await self._answered(question, seen, channel, steps)

    async def _answered(
        self, question: Question, seen: Case | Settled, channel: ReplyChannel, steps: Steps
    ) -> Turn | None:
        """In the manner that was settled when it was looked at, whatever is set since."""
        publisher = Publisher(self._store, self._meter, self._now, channel, steps)
        if isinstance(seen, Case):
            turn = await self._diagnosed(question, seen, channel, publisher, steps)
        elif seen.reply is None:
            return None
        else:
            turn = _turn(question, seen.intent, seen.reply, seen.at)
            turn = await publisher.publish(turn, stands=True)
        turn = await self._explained(turn, publisher, steps)
        if self._humans is not None:
            await self._humans.answered(turn, steps)
        return turn

    async def look(self, question: Question, steps: Steps = PLAIN) -> Turn:
        """What would be answered, without a word said or kept; a log that is late is waited for."""
        reference = reference_of(question.id)
        with structlog.contextvars.bound_contextvars(reference=reference, question=question.id):
            gather = partial(self._gatherer.gather, question, reference, SILENT)
            seen = await steps.run("gather", gather, self._gather)
            language = seen.manner.language
            question = replace(question, language=language)
            with speaking(language or ENGLISH):
                return await self._looked(question, seen, steps)

    async def _looked(self, question: Question, seen: Case | Settled, steps: Steps) -> Turn:
        if not isinstance(seen, Case):
            reply = seen.reply or Help(reference_of(question.id), ())
            return _turn(question, seen.intent, reply, seen.at)
        diagnosis, at = await self._judged(question, seen, steps)
        if log_was_late(seen.evidence):
            seen = await self._with_late_log(question, seen, SILENT, steps)
            diagnosis, at = await self._judged(question, seen, steps)
        return _turn(question, seen.intent, diagnosis, at, seen.evidence)

    def retold(self, turn: Turn) -> Diagnosis | None:
        """Like `Diagnoser.retold`."""
        return self._diagnoser.retold(turn)

    async def told(self, turn: Turn, steps: Steps = PLAIN) -> None:
        """Counts what a look came to against the rules by which a human is called."""
        if self._humans is not None:
            await self._humans.answered(turn, steps)

    async def pick(
        self,
        turn_id: str,
        option: int,
        question: Question,
        channel: ReplyChannel,
        steps: Steps = PLAIN,
    ) -> Turn | None:
        """Goes on with the option that the asker chose by button.

        Raises `BadRequest` where that is not offered any more.
        """
        chosen = await steps.run("pick", partial(self._chosen, turn_id, option, question), _PICK)
        if chosen is None:
            raise BadRequest(mark("I no longer have that choice on a list. Please ask again."))
        return await self.handle(chosen, channel, steps)

    async def _chosen(self, turn_id: str, option: int, question: Question) -> Question | None:
        """The question that the offer was made to, as if it had named the option."""
        turn = await self._store.turn(turn_id)
        options = offered(turn.reply) if turn is not None else ()
        if turn is None or not 0 <= option < len(options):
            return None
        return replace(
            question,
            text=turn.question.text,
            earlier=turn.question.earlier,
            chosen=options[option].target,
            intent=turn.intent,
        )

    async def _diagnosed(
        self,
        question: Question,
        case: Case,
        channel: ReplyChannel,
        publisher: Publisher,
        steps: Steps,
    ) -> Turn:
        """The first verdict at once; a second one when a log that was late has been read."""
        is_late = log_was_late(case.evidence)
        diagnosis, at = await self._judged(question, case, steps)
        turn = _turn(question, case.intent, diagnosis, at, case.evidence)
        turn = await publisher.publish(turn, stands=not is_late)
        if not is_late:
            return turn
        case = await self._with_late_log(question, case, channel, steps)
        diagnosis, _ = await self._judged(question, case, steps)
        turn = replace(turn, reply=diagnosis, evidence=case.evidence)
        return await publisher.publish(turn, stands=True)

    async def _with_late_log(
        self, question: Question, case: Case, channel: ReplyChannel, steps: Steps
    ) -> Case:
        read_on = partial(self._gatherer.read_on, question, case.evidence, channel)
        late = await steps.run("late_log", read_on, _READ_ON)
        return replace(case, evidence=with_log(case.evidence, late.reading, late.gaps))

    async def _judged(
        self, question: Question, case: Case, steps: Steps
    ) -> tuple[Diagnosis, datetime]:
        """The deterministic answer and when it was ready."""
        reference = reference_of(question.id)
        judge = partial(self._diagnoser.diagnose, reference, case.found, case.evidence, case.links)
        diagnosis = await steps.run("classify", partial(asyncio.to_thread, judge), _JUDGE)
        look_up = partial(self._retrieve, question, diagnosis, case.evidence)
        retrieved = await steps.run("retrieve", look_up, _JUDGE)
        diagnosis = with_passages(diagnosis, retrieved.passages)
        return replace(diagnosis, solved=retrieved.solved), retrieved.at

    async def _retrieve(
        self, question: Question, diagnosis: Diagnosis, evidence: Evidence
    ) -> Retrieved:
        passages = tuple(await self._knowledge.search(_gist(diagnosis)))
        sight = (await self._gatherer.settled_sight(question)).shown(question.is_private)
        passages = (await sight.veil()).over(passages)
        solved: tuple[SolvedBefore, ...] = ()
        if self._known_cases is not None:
            solved = await self._known_cases.like(question, diagnosis, evidence, sight)
        return Retrieved((*map(passage_of, solved), *passages), self._now(), solved)

    async def _veil(self, question: Question) -> Veil:
        """Over the names that whoever reads the answer may not see."""
        sight = await self._gatherer.settled_sight(question)
        return await sight.shown(question.is_private).veil()

    async def _explained(self, turn: Turn, publisher: Publisher, steps: Steps) -> Turn:
        explained = await self.explained(turn, steps)
        return turn if explained is turn else await publisher.refine(explained)

    async def explained(self, turn: Turn, steps: Steps = PLAIN) -> Turn:
        """With a model's words, where one is configured and has something to go by; the same turn
        where not."""
        reply = turn.reply
        explain: Callable[[], Awaitable[Explanation]]
        if isinstance(reply, Diagnosis) and turn.evidence is not None:
            explain = partial(self._explain, turn.question, reply, turn.evidence)
        elif isinstance(reply, HowTo) and reply.passages:
            explain = partial(self._explain_how_to, turn.question, reply)
        else:
            return turn
        explained = await steps.run("answer", explain, _EXPLAIN)
        if explained.outcome is ModelOutcome.NOT_CONFIGURED:
            return turn
        return replace(turn, reply=replace(reply, explanation=explained))

    async def _explain(
        self, question: Question, diagnosis: Diagnosis, evidence: Evidence
    ) -> Explanation:
        """The model learns no more than the readers of the answer: what is said in a thread may
        name what they must not see."""
        veil = await self._veil(question)
        # What the answer is about was named by the asker, whether it is there or not.
        question = _veiled(question, veil.sparing(filter(None, [diagnosis.target.dag_id])))
        return await self._explainer.explain(question, diagnosis, evidence)

    async def _explain_how_to(self, question: Question, how_to: HowTo) -> Explanation:
        veil = await self._veil(question)
        question = _veiled(question, veil)
        return await self._explainer.explain_how_to(question, veil.over(how_to))


def _veiled(question: Question, veil: Veil) -> Question:
    text, links, earlier = veil.over((question.text, question.links, question.earlier))
    return replace(question, text=text, links=links, earlier=earlier)


def _turn(
    question: Question,
    intent: Intent,
    reply: Reply,
    at: datetime,
    evidence: Evidence | None = None,
) -> Turn:
    """`at` is when the reply was ready."""
    return Turn(
        id=question.id,
        question=question,
        intent=intent,
        reply=reply,
        evidence=evidence,
        answered_at=at,
        seconds=seconds_since(question.asked_at, at),
    )


def _gist(diagnosis: Diagnosis) -> str:
    """What to look up in the runbooks: the cause, and the words of the deciding line."""
    deciding = diagnosis.verdict.deciding
    return f"{diagnosis.verdict.title}\n{deciding.text if deciding else ''}"
