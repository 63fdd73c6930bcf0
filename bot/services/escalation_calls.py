"""Makes the call for a human out of what was asked, seen and answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.answering.owners import dag_owners
from bot.answering.waiting import held_assets, waiting_dags
from bot.answering.wording import target_words
from bot.diagnosis.incident_key import incident_key
from bot.domain.answers import Diagnosis
from bot.domain.conversations import Turn
from bot.domain.escalation_rules import Occurrence, severity_of
from bot.domain.escalations import (
    Call,
    Fired,
    Party,
    Reach,
    Subject,
    Touched,
)
from bot.domain.evidence import Evidence
from bot.domain.questions import Origin, Question
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from bot.words import mark, say

_QUESTION_MAX = 600
_REACH_MAX = 200


@dataclass(frozen=True, slots=True)
class Caller:
    """`owners` maps an owner of Dags, in lower case, to their Slack id."""

    owners: Mapping[str, str] = field(default_factory=dict)

    def for_turn(
        self, key: str, turn: Turn, fired: Fired, at: datetime, party: Party | None
    ) -> Call:
        """For what `turn` answered. Without a diagnosis it is about nothing but its thread."""
        diagnosis = turn.reply if isinstance(turn.reply, Diagnosis) else None
        if diagnosis is None:
            return self.for_thread(key, turn.question, fired, at, party, turn.id)
        owners = dag_owners(turn.evidence) if turn.evidence is not None else ()
        verdict = diagnosis.verdict
        return Call(
            key=key,
            incident=incident_key(verdict, diagnosis.target, turn.evidence),
            fired=fired,
            severity=severity_of(fired, verdict),
            subject=Subject(
                title=title_of(diagnosis),
                question=_words_of(turn.question),
                turn_id=turn.id,
                verdict=verdict.kind,
                cause=verdict.cause,
                owner=diagnosis.owner,
                dag_owners=owners,
            ),
            at=at,
            party=replace(party, turn_id=turn.id) if party is not None else None,
            reach=reach_of(diagnosis.target, turn.evidence),
            first=self._first(verdict.kind, owners),
        )

    def for_thread(
        self,
        key: str,
        question: Question,
        fired: Fired,
        at: datetime,
        party: Party | None,
        turn_id: str = "",
    ) -> Call:
        thread = question.thread
        named = f"thread:{thread.workspace}:{thread.channel}:{thread.thread}"
        return Call(
            key=key,
            incident=named if _is_open(question) else f"question:{question.id}",
            fired=fired,
            severity=severity_of(fired, None),
            subject=Subject(
                title=mark("Somebody asks for help"),
                question=_words_of(question),
                turn_id=turn_id,
            ),
            at=at,
            party=party,
        )

    def _first(self, kind: VerdictKind, owners: tuple[str, ...]) -> str:
        """The Dag's owner before anybody else, where it is the Dag's code."""
        if kind is not VerdictKind.CODE:
            return ""
        return next((self.owners[one.lower()] for one in owners if one.lower() in self.owners), "")


def title_of(diagnosis: Diagnosis) -> str:
    """In the language of here."""
    verdict = diagnosis.verdict
    return f"{say(verdict.title or verdict.kind.headline)}: {target_words(diagnosis.target)}"


def _words_of(question: Question) -> str:
    """What guests and people of other workspaces say is not kept, nor what they read along."""
    is_kept = not (question.asker.is_external or question.is_shared)
    return question.text[:_QUESTION_MAX] if is_kept else ""


def party_of(question: Question, message: str = "") -> Party | None:
    """The thread of a question, whoever asked: of an alert nobody did, and of some it is not kept.
    Its asker alone where nobody else can see it. None where there is neither."""
    thread, user = question.thread, question.asker.user_id
    if _is_open(question):
        is_told = user or question.origin is not Origin.CLI
        return Party(thread, user, message) if is_told else None
    is_known = user and question.origin in (Origin.SLACK, Origin.PLAYGROUND)
    return Party.alone(thread.workspace, user) if is_known else None


def _is_open(question: Question) -> bool:
    """Whether it stands in a thread, for all who are there."""
    is_thread = question.thread.thread.partition(".")[0].isdecimal()
    return is_thread and not question.is_private


def reach_of(target: Target, evidence: Evidence | None) -> tuple[Reach, ...]:
    """What is known to be hit: the target itself, what fails in its run, and what waits for it."""
    found = [Reach(Touched.CLUSTER, target.cluster)]
    dag = f"{target.cluster}.{target.dag_id}" if target.dag_id else ""
    if dag:
        found.append(Reach(Touched.DAG, dag))
    run = f"{dag} {target.run_id}" if dag and target.run_id else ""
    if run:
        found.append(Reach(Touched.RUN, run))
    if run and target.task_id:
        index = f"[{target.map_index}]" if target.map_index is not None else ""
        found.append(Reach(Touched.TASK, f"{run} {target.task_id}{index}"))
    if evidence is not None and run:
        failed = [one for one in evidence.task_instances if one.state == "failed"]
        found += [Reach(Touched.TASK, f"{run} {_instance(one)}") for one in failed]
        held = [one for one in evidence.task_instances if one.state == "upstream_failed"]
        found += [Reach(Touched.DOWNSTREAM, f"{run} {_instance(one)}") for one in held]
        found += [Reach(Touched.ASSET, one.name) for one in held_assets(evidence)]
        waiting = (f"{target.cluster}.{one}" for one in waiting_dags(evidence))
        found += [Reach(Touched.WAITING_DAG, one) for one in waiting]
    return tuple(dict.fromkeys(found))[:_REACH_MAX]


def _instance(task: object) -> str:
    task_id, index = getattr(task, "task_id", ""), getattr(task, "map_index", -1)
    return f"{task_id}[{index}]" if index >= 0 else str(task_id)


def occurrence_of(target: Target, evidence: Evidence | None, at: datetime) -> Occurrence:
    task = evidence.task_instance if evidence is not None else None
    dag = f"{target.cluster}:{target.dag_id or ''}"
    return Occurrence(at, dag, f"{dag}:{target.task_id or ''}", (task and task.hostname) or "")


def failure_key(target: Target) -> str:
    """The same however often this failure is asked about or reported."""
    places = (target.cluster, target.dag_id, target.run_id, target.task_id)
    numbers = (target.map_index, target.try_number)
    words = [place or "" for place in places]
    return ":".join([*words, *("" if number is None else str(number) for number in numbers)])
