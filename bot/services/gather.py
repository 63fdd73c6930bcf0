"""From a question to a case that can be judged, or to a reply that needs no judging."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog

from bot.answering.wording import target_words
from bot.domain.access import Allowed, Decision, Denied
from bot.domain.answers import (
    HealthReport,
    Help,
    HowTo,
    NotFound,
    Reply,
    Unsupported,
)
from bot.domain.cases import Case, LateLog, Manner, Settled
from bot.domain.channel_policies import ChannelPolicy
from bot.domain.errors import AirflowError
from bot.domain.evidence import Evidence, Gap, GapReason
from bot.domain.incidents import Incident
from bot.domain.questions import Author, Intent, Question
from bot.domain.targets import Ambiguous, Found, Nowhere, Resolution, Target, TargetHints
from bot.questions.hints import hints_of
from bot.questions.intents import intent_of, wants_unfinished
from bot.questions.links import ClusterAddress
from bot.services.asked_and_seen import differing, missing_from, subject_of
from bot.services.capacity import Outlooks
from bot.services.diagnose import TASK_LOG
from bot.services.escalation_ports import Humans
from bot.services.ports import Cluster, Knowledge, Meter, ReplyChannel
from bot.services.reply_contents import gaps_of, told_in
from bot.services.reports import cluster_reports, log_report, status_report
from bot.services.requests import keep_request, only_seen
from bot.services.resolve import Resolver
from bot.services.sights import Sight, Sights
from bot.services.unanswered import (
    HELP_LEADS,
    INSTEAD,
    NOT_DONE,
    REMARKS,
    options_of,
    unreachable,
    unresolved,
)
from bot.words import ENGLISH, language_here, say, speaking

log = structlog.get_logger(__name__)

Resolved = TypeVar("Resolved", bound=Found | Ambiguous | Nowhere)

Reporter = Callable[[Question, str], Awaitable[Reply]]
"""Answers a question under a reference."""

Troubles = Callable[[Sight], Awaitable[Sequence[Incident]]]
"""What goes on now that the platform has to answer for. Raises `StoreError`."""

LATE_LOG_SECONDS = 180.0  # Airflow serves 200 MB in about 110 s on a busy machine


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question after its words were read."""

    question: Question
    intent: Intent
    hints: TargetHints
    reference: str
    sight: Sight
    decision: Decision = field(default_factory=Allowed)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a question, and whether it is for the asker alone."""

    reply: Case | Reply
    is_private: bool = False


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
        sights: Sights | None = None,
        outlooks: Outlooks | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        """`seconds` is the deadline for all evidence of one question; `reporters` answer what is
        about no run, by intent. Without `sights` everybody sees everything."""
        self._outlooks = outlooks
        self._troubles = troubles
        self._addresses = addresses
        self._everything = Sight(clusters, resolver)
        self._sights = sights
        self._knowledge = knowledge
        self._meter = meter
        self._now = now
        self._seconds = seconds
        self.humans = humans
        self._replies: Mapping[Intent, Callable[[_Asked, ReplyChannel], Awaitable[_Answer]]]
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
        sight = await self._sight(question)
        with speaking(_spoken(sight.policy)):
            return await self._gathered(question, reference, channel, sight)

    async def _gathered(
        self, question: Question, reference: str, channel: ReplyChannel, sight: Sight
    ) -> Case | Settled:
        if not question.is_addressed and sight.policy.quiet_until(self._now()):
            return Settled(Intent.UNCLEAR, None, self._now())
        # A pasted page takes a tenth of a second to read: not on the event loop.
        asked = await asyncio.to_thread(self._understand, question, reference, sight)
        if not question.is_addressed and asked.intent in REMARKS:
            log.info("remark_left_alone", intent=asked.intent)
            return Settled(asked.intent, None, self._now())
        await channel.acknowledge()
        log.info("question_understood", intent=asked.intent, origin=question.origin)
        asked = replace(asked, decision=await self._decided(asked))
        reply = self._replies.get(asked.intent, self._not_yet)
        answer = await reply(asked, channel)
        come_to = answer.reply
        for gap in gaps_of(come_to):
            self._meter.gap(gap.source)
        manner = _manner(question, sight.policy, answer.is_private)
        if isinstance(come_to, Case):
            return replace(come_to, manner=manner)
        if isinstance(come_to, NotFound):
            come_to = _with_hint(come_to, sight.hint)
        return Settled(asked.intent, come_to, self._now(), manner)

    async def _sight(self, question: Question) -> Sight:
        """What the question may look at. Raises `StoreError`."""
        return self._everything if self._sights is None else await self._sights.of(question)

    async def settled_sight(self, question: Question) -> Sight:
        """The same once it is settled whether its answer is private, whatever is set since."""
        return self._everything if self._sights is None else await self._sights.settled(question)

    async def read_on(
        self, question: Question, evidence: Evidence, channel: ReplyChannel
    ) -> LateLog:
        """The log that was late for the deadline.

        The reading went on meanwhile: Airflow would finish it in any case, and a huge log decides
        as often as a small one. A process that did not begin it reads it anew.
        """
        await channel.progress(
            say("The log is large. I go on reading it and will amend this answer.")
        )
        name = evidence.target.cluster
        sight = await self.settled_sight(question)
        cluster = sight.shown(question.is_private).clusters.get(name)
        try:
            if cluster is None:
                gone = say("The cluster {name} is not configured any more.", name=name)
                raise AirflowError(gone)
            reading, gaps = await cluster.read_log(evidence.target, LATE_LOG_SECONDS)
        except AirflowError as error:
            reading, gaps = None, (Gap(TASK_LOG, GapReason.UNAVAILABLE, str(error)),)
        for gap in gaps:
            self._meter.gap(gap.source)
        log.info("late_log_read", lines=reading.lines_read if reading else 0)
        return LateLog(reading, tuple(gaps))

    async def _decided(self, asked: _Asked) -> Decision:
        """Whether it may be done, which the audit learns of first. Raises `StoreError`."""
        if self._sights is None:
            return Allowed()
        subject = None
        if self.humans is not None and asked.intent is Intent.ESCALATE:
            subject = await self.humans.subject(asked.question)
        access, sight = self._sights.access, asked.sight
        return await keep_request(access, asked.question, asked.intent, asked.hints, sight, subject)

    def _understand(self, question: Question, reference: str, sight: Sight) -> _Asked:
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
        return _Asked(question, intent, hints, reference, sight)

    async def _target(self, asked: _Asked) -> Resolution:
        """As the words were meant when they were said: "today" may be over by now."""
        said_at = asked.question.asked_at
        unfinished = wants_unfinished(asked.question.text)
        try:
            return await asked.sight.resolver.resolve(asked.hints, said_at, unfinished=unfinished)
        except AirflowError as error:
            target = asked.hints.exact or Target(asked.hints.cluster or "")
            return unreachable(target, error, next(iter(asked.hints.names), ""))

    async def _found(self, asked: _Asked) -> tuple[Found, Cluster, bool] | _Answer:
        """The target, the cluster as its readers may see it, and whether they are one alone."""
        found = await self._target(asked)
        if not isinstance(found, Found):
            found = await only_seen(found, asked.sight)
            targets = [option.target for option in options_of(found)]
            is_private = await asked.sight.is_private(targets)
            found = await _without_others(found, asked, asked.sight.shown(is_private))
            return _Answer(unresolved(asked.reference, found), is_private)
        is_private = await asked.sight.is_private([found.target])
        shown = asked.sight.shown(is_private)
        found = await _without_others(found, asked, shown)
        return found, shown.clusters[found.target.cluster], is_private

    async def _case(self, asked: _Asked, channel: ReplyChannel) -> _Answer:
        at = await self._found(asked)
        if isinstance(at, _Answer):
            return at
        found, cluster, is_private = at
        if not is_private:
            subject = target_words(found.target)
            reading = say(
                "Reading every try, the log and the events of {subject} …", subject=subject
            )
            await channel.progress(reading)
        try:
            evidence = await cluster.gather(found.target, self._seconds)
        except AirflowError as error:
            nowhere = unreachable(found.target, error)
            return _Answer(NotFound(asked.reference, nowhere), is_private)
        missing = missing_from(found.target, evidence)
        if missing is not None:
            return _Answer(NotFound(asked.reference, missing), is_private)
        hint = asked.sight.hint if evidence.dag_exists is False else ""
        words = (found.understood_as, differing(found.target, evidence), hint)
        evidence = replace(evidence, target=subject_of(evidence))
        found = Found(evidence.target, "; ".join(part for part in words if part))
        links = tuple(cluster.links(evidence.target))
        return _Answer(Case(asked.intent, found, evidence, links), is_private)

    async def _status(self, asked: _Asked, channel: ReplyChannel) -> _Answer:
        at = await self._found(asked)
        if isinstance(at, _Answer):
            return at
        found, cluster, is_private = at
        return _Answer(await status_report(cluster, found.target, asked.reference), is_private)

    async def _logs(self, asked: _Asked, channel: ReplyChannel) -> _Answer:
        at = await self._found(asked)
        if isinstance(at, _Answer):
            return at
        found, cluster, is_private = at
        if not is_private:
            subject = target_words(found.target)
            await channel.progress(say("Reading the log of {subject} …", subject=subject))
        report = await log_report(cluster, found.target, self._seconds, asked.reference)
        return _Answer(report, is_private)

    async def _health(self, asked: _Asked, channel: ReplyChannel) -> _Answer:
        wanted, sight = asked.hints.cluster, asked.sight
        clusters = [c for name, c in sight.clusters.items() if wanted in (None, name)]
        is_private = await sight.is_private([Target(one.name) for one in clusters])
        reports = await cluster_reports(clusters, self._seconds, self._outlooks)
        troubles: Sequence[Incident] = ()
        if self._troubles is not None and reports:
            names = {one.cluster for one in reports}
            going_on = await self._troubles(sight.shown(is_private))
            troubles = [one for one in going_on if names.intersection(one.clusters)]
        return _Answer(HealthReport(asked.reference, reports, tuple(troubles)), is_private)

    async def _how_to(self, asked: _Asked, channel: ReplyChannel) -> _Answer:
        passages = tuple(await self._knowledge.search(asked.question.text))
        if not passages and asked.intent is Intent.UNCLEAR:
            return await self._help(asked, channel)
        passages = (await asked.sight.shown(False).veil()).over(passages)
        return _Answer(HowTo(asked.reference, asked.question.text, passages))

    async def _help(self, asked: _Asked, channel: ReplyChannel) -> _Answer:
        lead = HELP_LEADS.get(asked.intent, "")
        brief = asked.intent is Intent.SMALL_TALK
        clusters = tuple(asked.sight.shown(False).clusters)
        return _Answer(Help(asked.reference, clusters, lead, brief))

    async def _escalate(self, asked: _Asked, channel: ReplyChannel) -> _Answer:
        if self.humans is None:
            return await self._not_yet(asked, channel)
        if self._sights is not None and isinstance(asked.decision, Denied):
            whom = self._sights.access.no_call
            refusal = Unsupported(asked.reference, NOT_DONE[asked.intent], whom, is_refused=True)
            return _Answer(refusal)
        return _Answer(await self.humans.asked(asked.question, asked.reference))

    async def _not_yet(self, asked: _Asked, channel: ReplyChannel) -> _Answer:
        reply = Unsupported(asked.reference, NOT_DONE[asked.intent], INSTEAD[asked.intent])
        return _Answer(reply)


async def _without_others(found: Resolved, asked: _Asked, shown: Sight) -> Resolved:
    """The words of how it was found may name files that only the asker sees. What the asker named
    is said again whether it is there or not."""
    hints: TargetHints = asked.hints
    exact: str | None = hints.exact.dag_id if hints.exact else None
    said = (*hints.names, *filter(None, (hints.task, exact)))
    return (await shown.veil()).sparing(said).over(found)


def _manner(question: Question, policy: ChannelPolicy, shows_more: bool) -> Manner:
    """`shows_more` than everybody in the channel may see."""
    language = language_here() if language_here() != ENGLISH else ""
    is_private = shows_more or question.is_private
    is_private = is_private or (policy.is_private and bool(question.asker.user_id))
    return Manner(is_private, is_private and not shows_more, language)


def _spoken(policy: ChannelPolicy) -> str:
    """The language that the channel has set; where nothing is, the one of here."""
    is_set = policy.version or policy.language != ENGLISH
    return policy.language if is_set else language_here()


def _with_hint(reply: NotFound, hint: str) -> NotFound:
    nowhere = reply.nowhere
    if not hint or nowhere.unreachable:
        return reply
    remedy = f"{nowhere.remedy} {hint}".strip()
    return replace(reply, nowhere=replace(nowhere, remedy=remedy))


async def _reported(by: Reporter, asked: _Asked, channel: ReplyChannel) -> _Answer:
    reply = await by(asked.question, asked.reference)
    return _Answer(reply, await asked.sight.is_private(told_in(reply)))


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
