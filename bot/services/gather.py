"""From a question to a case that can be judged, or to a reply that needs no judging."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from bot.answering.wording import target_words
from bot.domain.answers import (
    HealthReport,
    Help,
    HowTo,
    LogReport,
    NotFound,
    Reply,
    StatusReport,
    Unsupported,
)
from bot.domain.cases import Case, LateLog, Settled
from bot.domain.errors import AirflowError
from bot.domain.evidence import Evidence, Gap, GapReason
from bot.domain.questions import Author, Intent, Question
from bot.domain.reports import FailingDags
from bot.domain.targets import Found, Resolution, Target, TargetHints
from bot.questions.hints import hints_of
from bot.questions.intents import intent_of, wants_unfinished
from bot.questions.links import ClusterAddress
from bot.services.asked_and_seen import differing, missing_from, subject_of
from bot.services.diagnose import TASK_LOG, log_was_late
from bot.services.escalation_ports import Humans
from bot.services.ports import Cluster, Knowledge, Meter, ReplyChannel
from bot.services.reports import cluster_reports, log_report, status_report
from bot.services.resolve import Resolver
from bot.services.unanswered import (
    HELP_LEADS,
    INSTEAD,
    NOT_DONE,
    REMARKS,
    unreachable,
    unresolved,
)

log = structlog.get_logger(__name__)

Reporter = Callable[[Question, str], Awaitable[Reply]]
"""Answers a question under a reference."""

LATE_LOG_SECONDS = 180.0  # Airflow serves 200 MB in about 110 s on a busy machine


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question after its words were read."""

    question: Question
    intent: Intent
    hints: TargetHints
    reference: str


class Gatherer:
    """Everything of an answer that looks at Airflow. It holds no state of a conversation."""

    def __init__(
        self,
        *,
        clusters: Mapping[str, Cluster],
        addresses: Sequence[ClusterAddress],
        resolver: Resolver,
        knowledge: Knowledge,
        meter: Meter,
        now: Callable[[], datetime],
        seconds: float,
        reporters: Mapping[Intent, Reporter],
        humans: Humans | None = None,
    ) -> None:
        """`seconds` is the deadline for all evidence of one question; `reporters` answer what is
        about no run, by intent."""
        self._clusters = clusters
        self._addresses = addresses
        self._resolver = resolver
        self._knowledge = knowledge
        self._meter = meter
        self._now = now
        self._seconds = seconds
        self.humans = humans
        self._replies: Mapping[Intent, Callable[[_Asked, ReplyChannel], Awaitable[Case | Reply]]]
        self._replies = {
            Intent.DIAGNOSE: self._case,
            Intent.STATUS: self._status,
            Intent.LOGS: self._logs,
            Intent.HEALTH: self._health,
            Intent.HOW_TO: self._how_to,
            Intent.UNCLEAR: self._how_to,
            Intent.HELP: self._help,
            Intent.SMALL_TALK: self._help,
            Intent.RETRY: self._not_yet,
            Intent.BACKFILL: self._not_yet,
            Intent.ESCALATE: self._escalate,
            Intent.SETTINGS: self._not_yet,
            **{intent: partial(_reported, by) for intent, by in reporters.items()},
        }

    async def gather(
        self, question: Question, reference: str, channel: ReplyChannel
    ) -> Case | Settled:
        """What the question is about and what is seen of it; a reply where that settles it.

        No reply is due to a remark in an engaged thread that calls nobody and asks nothing.
        """
        # A pasted page takes a tenth of a second to read: not on the event loop.
        asked = await asyncio.to_thread(self._understand, question, reference)
        if not question.is_addressed and asked.intent in REMARKS:
            log.info("remark_left_alone", intent=asked.intent)
            return Settled(asked.intent, None, self._now())
        await channel.acknowledge()
        log.info("question_understood", intent=asked.intent, origin=question.origin)
        reply = self._replies.get(asked.intent, self._not_yet)
        come_to = await reply(asked, channel)
        for gap in _gaps_of(come_to):
            self._meter.gap(gap.source)
        if isinstance(come_to, Case):
            return come_to
        return Settled(asked.intent, come_to, self._now())

    async def read_on(self, evidence: Evidence, channel: ReplyChannel) -> LateLog:
        """The log that was late for the deadline.

        The reading went on meanwhile: Airflow would finish it in any case, and a huge log decides
        as often as a small one. A process that did not begin it reads it anew.
        """
        await channel.progress("The log is large. I go on reading it and will amend this answer.")
        name = evidence.target.cluster
        cluster = self._clusters.get(name)
        try:
            if cluster is None:
                raise AirflowError(f"The cluster {name} is not configured any more.")
            reading, gaps = await cluster.read_log(evidence.target, LATE_LOG_SECONDS)
        except AirflowError as error:
            reading, gaps = None, (Gap(TASK_LOG, GapReason.UNAVAILABLE, str(error)),)
        for gap in gaps:
            self._meter.gap(gap.source)
        log.info("late_log_read", lines=reading.lines_read if reading else 0)
        return LateLog(reading, tuple(gaps))

    def _understand(self, question: Question, reference: str) -> _Asked:
        hints = hints_of(question, self._addresses)
        if question.chosen is not None:
            chosen = _with_try(question.chosen, hints.try_number)
            hints = replace(_when_of(hints), exact=chosen)
        diagnosed = any(message.author is Author.BOT for message in question.earlier)
        intent = question.intent or intent_of(
            question.text,
            names_something=hints.exact is not None or bool(hints.names or hints.task),
            in_diagnosed_thread=diagnosed,
        )
        return _Asked(question, intent, hints, reference)

    async def _target(self, asked: _Asked) -> Resolution:
        """As the words were meant when they were said: "today" may be over by now."""
        said_at = asked.question.asked_at
        unfinished = wants_unfinished(asked.question.text)
        try:
            return await self._resolver.resolve(asked.hints, said_at, unfinished=unfinished)
        except AirflowError as error:
            target = asked.hints.exact or Target(asked.hints.cluster or "")
            return unreachable(target, error, next(iter(asked.hints.names), ""))

    async def _case(self, asked: _Asked, channel: ReplyChannel) -> Case | Reply:
        found = await self._target(asked)
        if not isinstance(found, Found):
            return unresolved(asked.reference, found)
        subject = target_words(found.target)
        await channel.progress(f"Reading every try, the log and the events of {subject} …")
        cluster = self._clusters[found.target.cluster]
        try:
            evidence = await cluster.gather(found.target, self._seconds)
        except AirflowError as error:
            return NotFound(asked.reference, unreachable(found.target, error))
        nowhere = missing_from(found.target, evidence)
        if nowhere is not None:
            return NotFound(asked.reference, nowhere)
        words = (found.understood_as, differing(found.target, evidence))
        evidence = replace(evidence, target=subject_of(evidence))
        found = Found(evidence.target, "; ".join(part for part in words if part))
        return Case(asked.intent, found, evidence, tuple(cluster.links(evidence.target)))

    async def _status(self, asked: _Asked, channel: ReplyChannel) -> Reply:
        found = await self._target(asked)
        if not isinstance(found, Found):
            return unresolved(asked.reference, found)
        cluster = self._clusters[found.target.cluster]
        return await status_report(cluster, found.target, asked.reference)

    async def _logs(self, asked: _Asked, channel: ReplyChannel) -> Reply:
        found = await self._target(asked)
        if not isinstance(found, Found):
            return unresolved(asked.reference, found)
        await channel.progress(f"Reading the log of {target_words(found.target)} …")
        cluster = self._clusters[found.target.cluster]
        return await log_report(cluster, found.target, self._seconds, asked.reference)

    async def _health(self, asked: _Asked, channel: ReplyChannel) -> Reply:
        wanted = asked.hints.cluster
        clusters = [c for name, c in self._clusters.items() if wanted in (None, name)]
        return HealthReport(asked.reference, await cluster_reports(clusters, self._seconds))

    async def _how_to(self, asked: _Asked, channel: ReplyChannel) -> Reply:
        passages = tuple(await self._knowledge.search(asked.question.text))
        if not passages and asked.intent is Intent.UNCLEAR:
            return await self._help(asked, channel)
        return HowTo(asked.reference, asked.question.text, passages)

    async def _help(self, asked: _Asked, channel: ReplyChannel) -> Reply:
        lead = HELP_LEADS.get(asked.intent, "")
        brief = asked.intent is Intent.SMALL_TALK
        return Help(asked.reference, tuple(self._clusters), lead, brief)

    async def _escalate(self, asked: _Asked, channel: ReplyChannel) -> Reply:
        if self.humans is None:
            return await self._not_yet(asked, channel)
        return await self.humans.asked(asked.question, asked.reference)

    async def _not_yet(self, asked: _Asked, channel: ReplyChannel) -> Reply:
        return Unsupported(asked.reference, NOT_DONE[asked.intent], INSTEAD[asked.intent])


async def _reported(by: Reporter, asked: _Asked, channel: ReplyChannel) -> Reply:
    return await by(asked.question, asked.reference)


def _when_of(hints: TargetHints) -> TargetHints:
    """Only what the words say of the time that is meant."""
    return TargetHints(
        run=hints.run,
        run_date=hints.run_date,
        day_part=hints.day_part,
        ago=hints.ago,
        run_said=hints.run_said,
    )


def _with_try(target: Target, try_number: int | None) -> Target:
    return replace(target, try_number=try_number or target.try_number)


def _gaps_of(seen: Case | Reply) -> Sequence[Gap]:
    """What could not be had. A log that is still being read may yet come."""
    match seen:
        case Case(evidence=evidence):
            late = log_was_late(evidence)
            return [gap for gap in evidence.gaps if not (late and gap.source == TASK_LOG)]
        case StatusReport(gaps=gaps) | LogReport(gaps=gaps) | FailingDags(gaps=gaps):
            return gaps
        case HealthReport(clusters=clusters):
            return [gap for cluster in clusters for gap in cluster.gaps]
        case _:
            return ()
