"""From a stored turn to something to learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from bot.domain.answers import Diagnosis, HowTo
from bot.domain.conversations import Turn
from bot.domain.datasets import Example, Label, Passage, Provenance, Remark
from bot.domain.evidence import Evidence
from bot.domain.questions import Author, EarlierMessage
from bot.domain.runbooks import Passage as Retrieved
from bot.domain.verdicts import Verdict
from bot.learning.judging import Judged

_ID_LENGTH = 16
_EARLIER_MAX = 6  # messages
_NOBODY = {"airflow", "admin", "root", "anonymous", "scheduler", "system"}


@dataclass(frozen=True, slots=True)
class Told:
    """A turn in words: what was seen, line by line with its ids, and what was answered.
    `incident` is the key of what it was about."""

    incident: str
    evidence: str
    answer: str


def example_of(turn: Turn, told: Told, judged: Judged, provenance: Provenance) -> Example | None:
    """None where nothing can be learnt from that kind of answer."""
    reply, asked = turn.reply, turn.question
    if not isinstance(reply, Diagnosis | HowTo):
        return None
    diagnosis = reply if isinstance(reply, Diagnosis) else None
    return Example(
        id=name_of(turn.id),
        provenance=provenance,
        fingerprint=name_of(told.incident),
        asked_at=asked.asked_at,
        language=asked.language or "en",
        question=asked.text,
        answer=told.answer,
        evidence=told.evidence,
        target=diagnosis.target if diagnosis else None,
        earlier=_earlier(asked.earlier),
        passages=_passages(reply.passages),
        said=_label(diagnosis.verdict) if diagnosis else None,
        judgement=judged.judgement,
        source=judged.source,
        correction=judged.correction,
        seen=_seen(turn.evidence) if diagnosis and turn.evidence else None,
        hosts=_hosts(turn.evidence),
        people=_people(turn.evidence),
    )


def name_of(key: str) -> str:
    """The same for the same key; without the key it says nothing."""
    return hashlib.sha256(key.encode()).hexdigest()[:_ID_LENGTH]


def _earlier(messages: Iterable[EarlierMessage]) -> tuple[Remark, ...]:
    """Of the asker and of the bot alone: whoever else wrote in the thread was asked nothing."""
    said = [one for one in messages if one.author in (Author.ASKER, Author.BOT) and one.text]
    return tuple(Remark(one.author is Author.BOT, one.text) for one in said[-_EARLIER_MAX:])


def _passages(found: Iterable[Retrieved]) -> tuple[Passage, ...]:
    return tuple(Passage(one.title, one.text, one.cause or "") for one in found)


def _label(verdict: Verdict) -> Label:
    line = verdict.deciding.text if verdict.deciding else ""
    return Label(verdict.kind, verdict.cause, verdict.confidence, verdict.retry, line)


def _seen(evidence: Evidence) -> Mapping[str, Any]:
    """Without the Dag's own docs, which say nothing of the failure and much of the business."""
    dag = replace(evidence.dag, doc_md=None) if evidence.dag else None
    whole = msgspec.json.encode(replace(evidence, dag=dag))
    return msgspec.json.decode(whole, type=dict[str, Any])


def _people(evidence: Evidence | None) -> tuple[str, ...]:
    """Who did what to Airflow: for what it does itself the event log names the Dag's owner, which
    is a team."""
    if evidence is None:
        return ()
    found = {one.owner for one in evidence.events if one.owner and "_" in one.event}
    runs = [one for one in (evidence.dag_run, *evidence.recent_runs) if one is not None]
    found |= {one.triggering_user for one in runs if one.triggering_user}
    return tuple(sorted(found - _NOBODY))


def _hosts(evidence: Evidence | None) -> tuple[str, ...]:
    if evidence is None:
        return ()
    tasks = [evidence.task_instance, *evidence.tries]
    return tuple(sorted({one.hostname for one in tasks if one and one.hostname}))
