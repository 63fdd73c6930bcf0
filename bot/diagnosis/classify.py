"""The verdict: of all known failures that match, the deepest cause, and how sure that is."""

from __future__ import annotations

from bot.diagnosis.candidates import Candidate, Field, field_of
from bot.diagnosis.confidence import Doubts, calibrated, confidence
from bot.diagnosis.explain import explain
from bot.diagnosis.findings import Matched
from bot.diagnosis.known import Known
from bot.diagnosis.reason_words import thing
from bot.diagnosis.signals import signals_from
from bot.diagnosis.vocabulary import SPOKEN
from bot.domain.evidence import Evidence
from bot.domain.parameters import bent
from bot.domain.signals import Signals
from bot.domain.verdicts import (
    ErrorClass,
    Quote,
    RetryAdvice,
    RuledOut,
    Verdict,
    VerdictKind,
)
from bot.words import mark, say

UNDECIDED = "insufficient_evidence"
"""The cause of a verdict that nothing decides; its runbook says what to look at by hand."""

_QUOTES_MAX = 8
_PROOFS_FIRST = 5
_BESIDE_MAX = 3
_RULED_OUT_MAX = 5
_POSSIBLE_MAX = 3


def diagnose(evidence: Evidence, known: Known) -> Verdict:
    """The verdict on a case: signals drawn, known failures matched, the deepest cause chosen."""
    return classify(signals_from(evidence), known, evidence)


def classify(signals: Signals, known: Known, evidence: Evidence) -> Verdict:
    """The verdict that the signals allow. The order of known failures never matters."""
    field = field_of(signals, known, evidence)
    if not field.candidates:
        return _unknown(field, known, signals, evidence)
    best = field.candidates[0]
    doubts = Doubts(field, evidence)
    sure = calibrated(confidence(doubts))
    is_claim = best.known.verdict is not VerdictKind.UNKNOWN
    if is_claim:
        sure = bent(sure, known.parameters)
    if is_claim and sure < known.parameters.abstain_below:
        return _unknown(field, known, signals, evidence)
    possible = _possible(doubts)
    return Verdict(
        kind=best.known.verdict,
        cause=best.known.cause,
        title=best.known.title,
        confidence=round(sure, 2),
        quotes=_quotes_with_beside(best.found, signals),
        why=explain(best.known, best.found, signals, evidence),
        retry=best.known.retry,
        owner=best.known.owner,
        error_class=best.known.error_class,
        ruled_out=_ruled_out(field),
        also_possible=possible,
        gaps=evidence.gaps,
        possible_titles=_titles(possible, known),
    )


def _unknown(field: Field, known: Known, signals: Signals, evidence: Evidence) -> Verdict:
    """Nothing decides. What came closest is named, and its lines are quoted."""
    runbook = known.get(UNDECIDED)
    close = [one.known.cause for one in field.candidates]
    close += [failure.cause for failure, _ in field.undecided]
    quotes = [quote for one in field.candidates[:_POSSIBLE_MAX] for quote in _quotes(one.found)]
    quotes += [quote for _, finding in field.undecided for quote in finding.lines]
    quotes = quotes or _most_telling(signals)
    possible = tuple(dict.fromkeys(close))[:_POSSIBLE_MAX]
    return Verdict(
        kind=VerdictKind.UNKNOWN,
        cause=UNDECIDED,
        title=runbook.title if runbook else mark("The evidence does not decide"),
        confidence=0.5,
        quotes=tuple(dict.fromkeys(quotes))[:_QUOTES_MAX],
        why=_missing(field, evidence),
        retry=RetryAdvice.UNKNOWN,
        owner=runbook.owner if runbook else "dag_owner",
        error_class=ErrorClass.UNKNOWN,
        ruled_out=_refuted(field)[:_RULED_OUT_MAX],
        also_possible=possible,
        gaps=evidence.gaps,
        possible_titles=_titles(possible, known),
    )


def _most_telling(signals: Signals) -> list[Quote]:
    """What a successful run does not say, else the deepest words of the evidence; the state where
    nobody said anything."""
    new = [one for one in signals.named("beside") if one.value == "new"]
    if new:
        return [signal.quote for signal in new]
    spoken = [signal for signal in signals if signal.name in (*SPOKEN, "stopped", "signal")]
    deepest = max(spoken, key=lambda one: (one.depth, one.quote.line or 0), default=None)
    last = deepest or signals.first("last_line") or signals.first("log") or signals.first("state")
    return [last.quote] if last else []


def _missing(field: Field, evidence: Evidence) -> str:
    sources = dict.fromkeys(gap.source for gap in evidence.gaps)
    if field.undecided:
        failure, finding = field.undecided[0]
        words = ", ".join(map(thing, finding.missing))
        return say(
            "It may be “{title}”, but that hangs on what could not be seen: {missing}.",
            title=say(failure.title),
            missing=words,
        )
    if sources:
        return say(
            "Nothing that was seen decides it, and this was not to be had: {sources}.",
            sources=", ".join(map(say, sources)),
        )
    return say("Nothing that was seen matches a known failure.")


def _quotes(found: Matched) -> tuple[Quote, ...]:
    lines = [signal.quote for signal in (*found.proofs, *found.support)]
    return tuple(dict.fromkeys(lines))[:_QUOTES_MAX]


def _quotes_with_beside(found: Matched, signals: Signals) -> tuple[Quote, ...]:
    """What proves it, and where a task log does, the lines of it that explain the first proof."""
    quotes = _quotes(found)
    if not quotes or quotes[0].source != "task log":
        return quotes
    beside = [one.quote for one in signals.named("beside") if one.quote not in quotes]
    shown = (*quotes[:_PROOFS_FIRST], *beside[:_BESIDE_MAX], *quotes[_PROOFS_FIRST:])
    return tuple(dict.fromkeys(shown))[:_QUOTES_MAX]


def _possible(doubts: Doubts) -> tuple[str, ...]:
    causes = [one.known.cause for one in doubts.close_rivals]
    causes += [failure.cause for failure in doubts.open_questions]
    return tuple(dict.fromkeys(causes))[:_POSSIBLE_MAX]


def _titles(causes: tuple[str, ...], known: Known) -> tuple[str, ...]:
    found = (known.get(cause) for cause in causes)
    return tuple(one.title if one else "" for one in found)


def _ruled_out(field: Field) -> tuple[RuledOut, ...]:
    """Those with evidence of their own: plainly refuted, or explained by what lies deeper."""
    best, rivals = field.candidates[0], field.candidates[1:]
    explained = [
        RuledOut(rival.known.cause, reason, rival.found.proofs[0].quote, rival.known.title)
        for rival in rivals
        if rival.known.verdict is not best.known.verdict
        and rival.known.rank >= 0
        and rival.found.proofs
        and (reason := _how_explained(rival, best))
    ]
    return tuple((*_refuted(field), *explained)[:_RULED_OUT_MAX])


def _how_explained(rival: Candidate, best: Candidate) -> str:
    """Why the best explains the rival; empty where the two merely stand side by side."""
    if best.known.cause in rival.known.symptom_of:
        return say("it is what “{title}” looks like from outside", title=say(best.known.title))
    if rival.found.depth < best.found.depth:
        return say("“{title}” lies deeper and explains it", title=say(best.known.title))
    return ""


def _refuted(field: Field) -> tuple[RuledOut, ...]:
    """Fallbacks are left out: everything speaks a little for them."""
    return tuple(
        RuledOut(failure.cause, finding.reason, finding.lines[0], failure.title)
        for failure, finding in field.refuted
        if failure.rank >= 0
    )
