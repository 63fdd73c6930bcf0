"""The path of one question: understand, find, look, judge, answer, keep."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.answering.deterministic import with_passages
from bot.domain.answers import (
    Diagnosis,
    HealthReport,
    Help,
    HowTo,
    ModelOutcome,
    NotFound,
    Reply,
    Unsupported,
)
from bot.domain.conversations import Turn
from bot.domain.errors import AirflowError, BadRequest, StoreError
from bot.domain.evidence import Evidence
from bot.domain.questions import Author, Intent, Question
from bot.domain.targets import (
    Found,
    Resolution,
    Target,
    TargetHints,
)
from bot.questions.hints import hints_of
from bot.questions.intents import intent_of, wants_unfinished
from bot.questions.links import ClusterAddress
from bot.services.asked_and_seen import differing, missing_from, subject_of
from bot.services.diagnose import Diagnoser, log_was_late, with_log
from bot.services.ports import Cluster, ConversationStore, Explainer, Knowledge, ReplyChannel
from bot.services.reports import cluster_reports, log_report, status_report
from bot.services.resolve import Resolver
from bot.services.unanswered import (
    HELP_LEADS,
    INSTEAD,
    NOT_DONE,
    REMARKS,
    offered,
    unreachable,
    unresolved,
)

log = structlog.get_logger(__name__)

_LATE_LOG_SECONDS = 180.0  # Airflow serves 200 MB in about 110 s on a busy machine


@dataclass(frozen=True, slots=True)
class Understood:
    """A question after its words were read."""

    question: Question
    intent: Intent
    hints: TargetHints
    reference: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply with what it rests on, before it is posted."""

    reply: Reply
    evidence: Evidence | None = None


class AskService:
    """Answers questions. One instance serves all surfaces; it holds no state of a conversation."""

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
        new_reference: Callable[[], str],
        seconds: float = 15.0,
    ) -> None:
        """`seconds` is the deadline for all evidence of one question."""
        self._clusters = clusters
        self._addresses = addresses
        self._resolver = resolver
        self._diagnoser = diagnoser
        self._knowledge = knowledge
        self._explainer = explainer
        self._store = store
        self._now = now
        self._new_reference = new_reference
        self._seconds = seconds
        self._answers: Mapping[Intent, Callable[[Understood, ReplyChannel], Awaitable[Answered]]]
        self._answers = {
            Intent.DIAGNOSE: self._diagnose,
            Intent.STATUS: self._status,
            Intent.LOGS: self._logs,
            Intent.HEALTH: self._health,
            Intent.HOW_TO: self._how_to,
            Intent.UNCLEAR: self._how_to,
            Intent.HELP: self._help,
            Intent.SMALL_TALK: self._help,
            Intent.RETRY: self._not_yet,
            Intent.BACKFILL: self._not_yet,
            Intent.ESCALATE: self._not_yet,
        }

    async def handle(self, question: Question, channel: ReplyChannel) -> Turn | None:
        """Answers the question into `channel` and returns the stored turn.

        None for a remark in an engaged thread that calls nobody and asks nothing: it gets no reply.
        The deterministic reply is posted first; where a model is configured the same message is
        refined in place afterwards. Whatever is raised here is for the surface's error door.
        """
        began = self._now()
        reference = self._new_reference()
        with structlog.contextvars.bound_contextvars(reference=reference, question=question.id):
            understood = self._understand(question, reference)
            if not question.is_addressed and understood.intent in REMARKS:
                log.info("remark_left_alone", intent=understood.intent)
                return None
            await channel.acknowledge()
            log.info("question_understood", intent=understood.intent, origin=question.origin)
            answered = await self._answers[understood.intent](understood, channel)
            turn = Turn(
                id=question.id,
                question=question,
                intent=understood.intent,
                reply=answered.reply,
                evidence=answered.evidence,
                answered_at=self._now(),
                seconds=(self._now() - began).total_seconds(),
            )
            turn = await self._post(turn, channel)
            turn = await self._with_late_log(turn, channel)
            return await self._refine(turn, channel)

    async def _post(self, turn: Turn, channel: ReplyChannel) -> Turn:
        """Stores first: buttons may be pressed as soon as the reply is seen.

        A store that refuses costs the buttons, not the answer.
        """
        stored = True
        try:
            await self._store.add_turn(turn)
        except StoreError as error:
            stored = False
            log.error("turn_not_stored", error=str(error))
        reply_ts = await channel.post(turn.reply, turn.id)
        turn = replace(turn, reply_ts=reply_ts)
        if stored and reply_ts is not None:
            await self._keep_reply(turn)
        return turn

    async def _keep_reply(self, turn: Turn) -> None:
        try:
            await self._store.set_reply(turn.id, turn.reply, turn.reply_ts)
        except StoreError as error:
            log.error("turn_not_stored", error=str(error))

    async def pick(
        self, turn_id: str, option: int, question: Question, channel: ReplyChannel
    ) -> Turn | None:
        """Goes on with the option that the asker chose by button.

        Raises `BadRequest` where the offer is not known any more.
        """
        turn = await self._store.turn(turn_id)
        options = offered(turn.reply) if turn is not None else ()
        if turn is None or not options:
            raise BadRequest("I no longer have that list. Please ask again.")
        if not 0 <= option < len(options):
            raise BadRequest("That choice is not on the list. Please ask again.")
        chosen = replace(
            question,
            text=turn.question.text,
            earlier=turn.question.earlier,
            chosen=options[option].target,
            intent=turn.intent,
        )
        return await self.handle(chosen, channel)

    def _understand(self, question: Question, reference: str) -> Understood:
        hints = hints_of(question, self._addresses)
        if question.chosen is not None:
            hints = TargetHints(exact=_with_try(question.chosen, hints.try_number), run=hints.run)
        diagnosed = any(message.author is Author.BOT for message in question.earlier)
        intent = question.intent or intent_of(
            question.text,
            names_something=hints.exact is not None or bool(hints.names or hints.task),
            in_diagnosed_thread=diagnosed,
        )
        return Understood(question, intent, hints, reference)

    async def _with_late_log(self, turn: Turn, channel: ReplyChannel) -> Turn:
        """Judges anew once a log that was late for the deadline has been read through.

        The reading went on meanwhile: Airflow would finish it in any case, and a huge log decides
        as often as a small one.
        """
        evidence, reply = turn.evidence, turn.reply
        if evidence is None or not isinstance(reply, Diagnosis) or not log_was_late(evidence):
            return turn
        await channel.progress("The log is large. I go on reading it and will amend this answer.")
        cluster = self._clusters[evidence.target.cluster]
        reading, gaps = await cluster.read_log(evidence.target, _LATE_LOG_SECONDS)
        evidence = with_log(evidence, reading, gaps)
        found = Found(evidence.target, reply.understood_as)
        diagnosis = await asyncio.to_thread(
            self._diagnoser.diagnose, reply.reference, found, evidence, reply.links
        )
        passages = await self._knowledge.search(_gist(diagnosis))
        turn = replace(turn, reply=with_passages(diagnosis, passages), evidence=evidence)
        log.info("judged_with_late_log", lines=reading.lines_read if reading else 0)
        return await self._post(turn, channel)

    async def _refine(self, turn: Turn, channel: ReplyChannel) -> Turn:
        reply = turn.reply
        if isinstance(reply, Diagnosis) and turn.evidence is not None:
            explained = await self._explainer.explain(turn.question, reply, turn.evidence)
        elif isinstance(reply, HowTo) and reply.passages:
            explained = await self._explainer.explain_how_to(turn.question, reply)
        else:
            return turn
        if explained.outcome is ModelOutcome.NOT_CONFIGURED:
            return turn
        log.info("model_answered", outcome=explained.outcome, dropped=explained.dropped)
        refined = replace(reply, explanation=explained)
        reply_ts = await channel.post(refined, turn.id) or turn.reply_ts
        turn = replace(turn, reply=refined, reply_ts=reply_ts)
        await self._keep_reply(turn)
        return turn

    async def _diagnose(self, asked: Understood, channel: ReplyChannel) -> Answered:
        found = await self._target(asked)
        if not isinstance(found, Found):
            return Answered(unresolved(asked.reference, found))
        await channel.progress(
            f"Reading every try, the log and the events of {found.target.label()}"
        )
        cluster = self._clusters[found.target.cluster]
        try:
            evidence = await cluster.gather(found.target, self._seconds)
        except AirflowError as error:
            return Answered(NotFound(asked.reference, unreachable(found.target, error)))
        nowhere = missing_from(found.target, evidence)
        if nowhere is not None:
            return Answered(NotFound(asked.reference, nowhere))
        words = (found.understood_as, differing(found.target, evidence))
        evidence = replace(evidence, target=subject_of(evidence))
        found = Found(evidence.target, "; ".join(part for part in words if part))
        links = cluster.links(evidence.target)
        diagnosis = await asyncio.to_thread(
            self._diagnoser.diagnose, asked.reference, found, evidence, links
        )
        passages = await self._knowledge.search(_gist(diagnosis))
        return Answered(with_passages(diagnosis, passages), evidence)

    async def _status(self, asked: Understood, channel: ReplyChannel) -> Answered:
        found = await self._target(asked)
        if not isinstance(found, Found):
            return Answered(unresolved(asked.reference, found))
        cluster = self._clusters[found.target.cluster]
        return Answered(await status_report(cluster, found.target, asked.reference))

    async def _logs(self, asked: Understood, channel: ReplyChannel) -> Answered:
        found = await self._target(asked)
        if not isinstance(found, Found):
            return Answered(unresolved(asked.reference, found))
        await channel.progress(f"Reading the log of {found.target.label()}")
        cluster = self._clusters[found.target.cluster]
        return Answered(await log_report(cluster, found.target, self._seconds, asked.reference))

    async def _health(self, asked: Understood, channel: ReplyChannel) -> Answered:
        wanted = asked.hints.cluster
        clusters = [c for name, c in self._clusters.items() if wanted in (None, name)]
        reports = await cluster_reports(clusters, self._seconds)
        return Answered(HealthReport(asked.reference, reports))

    async def _how_to(self, asked: Understood, channel: ReplyChannel) -> Answered:
        passages = tuple(await self._knowledge.search(asked.question.text))
        if not passages and asked.intent is Intent.UNCLEAR:
            return await self._help(asked, channel)
        return Answered(HowTo(asked.reference, asked.question.text, passages))

    async def _help(self, asked: Understood, channel: ReplyChannel) -> Answered:
        lead = HELP_LEADS.get(asked.intent, "")
        brief = asked.intent is Intent.SMALL_TALK
        return Answered(Help(asked.reference, tuple(self._clusters), lead, brief))

    async def _not_yet(self, asked: Understood, channel: ReplyChannel) -> Answered:
        reply = Unsupported(asked.reference, NOT_DONE[asked.intent], INSTEAD[asked.intent])
        return Answered(reply)

    async def _target(self, asked: Understood) -> Resolution:
        unfinished = wants_unfinished(asked.question.text)
        try:
            return await self._resolver.resolve(asked.hints, self._now(), unfinished=unfinished)
        except AirflowError as error:
            target = asked.hints.exact or Target(asked.hints.cluster or "")
            return unreachable(target, error, next(iter(asked.hints.names), ""))


def _with_try(target: Target, try_number: int | None) -> Target:
    return replace(target, try_number=try_number or target.try_number)


def _gist(diagnosis: Diagnosis) -> str:
    """What to look up in the runbooks: the cause, and the words of the deciding line."""
    deciding = diagnosis.verdict.deciding
    return f"{diagnosis.verdict.title}\n{deciding.text if deciding else ''}"
