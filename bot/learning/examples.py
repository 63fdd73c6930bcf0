"""From a stored turn to something to learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.answers import Diagnosis, HowTo
from bot.domain.conversations import Turn
from bot.domain.datasets import Example, Label, Passage, Provenance, Remark
from bot.domain.evidence import Evidence
from bot.domain.questions import Author, EarlierMessage
from bot.domain.runbooks import Passage as Retrieved
from bot.domain.verdicts import Verdict
from bot.learning.failures import failure_of
from bot.learning.judging import Judged

_ID_LENGTH = 16
_EARLIER_MAX = 6  # messages


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
        failure=failure_of(turn.evidence) if diagnosis and turn.evidence else None,
        hosts=_hosts(turn.evidence),
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


def _hosts(evidence: Evidence | None) -> tuple[str, ...]:
    if evidence is None:
        return ()
    tasks = [evidence.task_instance, *evidence.tries]
    return tuple(sorted({one.hostname for one in tasks if one and one.hostname}))
