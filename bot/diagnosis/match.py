"""One known failure against one case: matched with its proofs, ruled out, or undecided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from bot.diagnosis.conditions import ask
from bot.diagnosis.findings import Finding, Matched, RuledOut, Undecided
from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.reason_words import seen_words, wanted_words
from bot.domain.evidence import Evidence
from bot.domain.runbooks import Condition, KnownFailure
from bot.domain.signals import Signal, Signals
from bot.domain.verdicts import Quote
from bot.words import say

_FRAME = re.compile(r'\s*File "[^"]+", line \d')


@dataclass(frozen=True, slots=True)
class _Asked:
    """The answers to one list of conditions, sorted by how they came out."""

    true: tuple[Signal, ...]
    false: tuple[Condition, ...]
    unseen: tuple[Condition, ...]


def match(
    known: KnownFailure, signals: Signals, evidence: Evidence, hits: Sequence[Signal] = ()
) -> Finding:
    """What `known` says. `hits` are the signals in which its signatures were found."""
    every, vetoes = _ask(known.when.all, signals), _ask(known.when.none, signals)
    proofs, unseen, contradicted = _proofs(known, signals, evidence, hits)
    if not _applies(known, signals):
        return RuledOut(say("it occurs in other Airflow versions or executors only"))
    if contradicted is not None:
        return contradicted
    needs_proof = bool(known.signatures or known.when.any or known.judgement)
    if not proofs and (needs_proof or not known.when.all) and not unseen:
        return RuledOut(say("nothing of it was seen"), ())
    best = proofs if needs_proof else every.true
    if vetoes.true:
        veto = vetoes.true[0]
        lines = (veto.quote, *_quotes(best)) if best and not every.false else ()
        seen = seen_words(veto.name, veto.value)
        return RuledOut(say("what was seen speaks against it: {seen}", seen=seen), lines)
    if every.false:
        first = every.false[0]
        wanted = wanted_words(first.signal, first.value)
        reason = say("it would need this, which was not so: {wanted}", wanted=wanted)
        return RuledOut(reason, _quotes(proofs))
    missing = tuple(condition.signal for condition in every.unseen)
    if needs_proof and not proofs:
        missing += unseen
    if missing:
        return Undecided(tuple(dict.fromkeys(missing)), _quotes((*proofs, *every.true)))
    unsure = tuple(condition.signal for condition in vetoes.unseen)
    return Matched(_deepest_first(best), every.true, unsure)


def _proofs(
    known: KnownFailure, signals: Signals, evidence: Evidence, hits: Sequence[Signal]
) -> tuple[tuple[Signal, ...], tuple[str, ...], RuledOut | None]:
    """The proofs found, the signals whose absence hides one, and a judgement's plain no."""
    alternatives = _ask(known.when.any, signals)
    proofs = (*hits, *alternatives.true)
    unseen = tuple(condition.signal for condition in alternatives.unseen)
    if known.judgement is not None:
        finding = JUDGEMENTS[known.judgement](signals, evidence)
        if isinstance(finding, Matched):
            proofs += finding.proofs
        elif isinstance(finding, Undecided):
            unseen += finding.missing
        elif not known.signatures and not known.when.any:
            return (), (), finding
    return tuple(dict.fromkeys(proofs)), unseen, None


def _ask(conditions: Sequence[Condition], signals: Signals) -> _Asked:
    true: list[Signal] = []
    false, unseen = [], []
    for condition in conditions:
        answer = ask(condition, signals)
        if answer.holds:
            true.extend(answer.signals)
        elif answer.holds is None:
            unseen.append(condition)
        else:
            false.append(condition)
    return _Asked(tuple(true), tuple(false), tuple(unseen))


def _applies(known: KnownFailure, signals: Signals) -> bool:
    version, executor = signals.first("airflow"), signals.first("executor")
    if known.airflow and version is not None:
        try:
            if not SpecifierSet(known.airflow).contains(Version(version.value), prereleases=True):
                return False
        except InvalidVersion:
            pass  # a version that cannot be read rules nothing out
    if known.executors and executor is not None:
        return any(name in executor.value.lower() for name in known.executors)
    return True


def _deepest_first(proofs: Sequence[Signal]) -> tuple[Signal, ...]:
    """Deepest first, places in code last: they say where, not what."""
    return tuple(sorted(proofs, key=_order))


def _order(proof: Signal) -> tuple[bool, int, bool, int, str]:
    """Among equals the later line, which is nearer to the end of the try; of the words by which
    it was stopped the first, which the others follow from."""
    line, is_stop = proof.quote.line or 0, proof.name == "stopped"
    is_frame = _FRAME.match(proof.quote.text) is not None
    return is_frame, -proof.depth, not is_stop, line if is_stop else -line, proof.quote.id


def _quotes(found: Sequence[Signal]) -> tuple[Quote, ...]:
    return tuple(dict.fromkeys(signal.quote for signal in found))
