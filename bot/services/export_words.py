"""A turn in words: what was seen, with the ids by which it is cited, and what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.answering.gaps import gap_in_words
from bot.answering.prompts.pack import Item, pack_diagnosis
from bot.diagnosis.incident_key import fingerprint, incident_key
from bot.domain.answers import Claim, Diagnosis, HowTo, ModelOutcome
from bot.domain.conversations import Turn
from bot.domain.evidence import Evidence
from bot.domain.verdicts import VerdictKind
from bot.learning.examples import Told

EVIDENCE_TOKENS = 3_000
_QUOTES = 4


def told(turn: Turn) -> Told | None:
    """None where nothing was diagnosed or explained."""
    reply = turn.reply
    if isinstance(reply, Diagnosis):
        return Told(
            incident=incident_key(reply.verdict, reply.target, turn.evidence),
            evidence=_evidence(reply, turn.evidence or Evidence(reply.target)),
            answer="\n\n".join(filter(None, _answer(reply))),
        )
    if isinstance(reply, HowTo) and reply.passages:
        return Told(
            incident=f"how to:{reply.passages[0].title or fingerprint(turn.question.text)}",
            evidence="\n".join(f"[{one.id}] {one.title}\n{one.text}" for one in reply.passages),
            answer=_explained(reply),
        )
    return None


def _evidence(diagnosis: Diagnosis, evidence: Evidence) -> str:
    """Without what was retrieved or concluded: that would give the verdict away."""
    seen = replace(
        diagnosis, passages=(), verdict=replace(diagnosis.verdict, ruled_out=(), gaps=())
    )
    return "\n".join(_lines(pack_diagnosis(seen, evidence, EVIDENCE_TOKENS).items))


def _lines(items: Sequence[Item]) -> Iterator[str]:
    heading = ""
    for item in items:
        if item.heading != heading:
            heading = item.heading
            yield f"## {heading}"
        yield f"[{item.id}] {item.text}"


def _answer(diagnosis: Diagnosis) -> Iterator[str]:
    verdict, explanation = diagnosis.verdict, diagnosis.explanation
    yield f"**{verdict.kind.headline}: {verdict.title}**"
    yield verdict.why
    if diagnosis.what_happened != verdict.why:
        yield diagnosis.what_happened
    yield _list("Why I say so:", [f"`{one.text}` [{one.id}]" for one in verdict.quotes[:_QUOTES]])
    yield _list("In context:", [_cited(one) for one in explanation.claims])
    yield _list(f"What to do (next is {diagnosis.owner}):", diagnosis.steps)
    yield _list("Besides:", [_cited(one) for one in explanation.next_steps])
    yield diagnosis.retry_text
    if verdict.kind is VerdictKind.UNKNOWN or verdict.gaps:
        yield _list("What I could not see:", [gap_in_words(one) for one in verdict.gaps])


def _explained(reply: HowTo) -> str:
    """In the model's words, where they stood up to the passages."""
    if reply.explanation.outcome is ModelOutcome.USED and reply.explanation.claims:
        said = [*reply.explanation.claims, *reply.explanation.next_steps]
        return "\n".join(_cited(one) for one in said)
    best = reply.passages[0]
    return f"{best.title}\n\n{best.text}"


def _cited(claim: Claim) -> str:
    return f"{claim.text} [{', '.join(claim.cites)}]"


def _list(heading: str, items: Sequence[str]) -> str:
    return "\n".join([heading, *(f"- {one}" for one in items)]) if items else ""
