"""The verdicts on each source as if no rule had been written for it.

Rules grow out of failures that somebody looked at. So the sources are dealt out in folds, and the
cases of a fold are diagnosed without any signature that, of all cases, hits only in that fold:
what is left was known from elsewhere. What a rule asks about in its `when` stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.diagnosis.signals import signals_from
from bot.domain.runbooks import KnownFailure, Signature
from bot.services.evaluate import Report, Result, Sample, judged

FOLDS = 5


def cross_validate(
    samples: Sequence[Sample], failures: Sequence[KnownFailure], folds: int = FOLDS
) -> Report | None:
    """The results in the order of the samples; None where fewer than two sources are named."""
    named = [sample for sample in samples if sample.source and sample.label]
    if len({sample.source for sample in named}) < 2:
        return None
    hits = _folds_by_signature(named, failures, folds)
    results: dict[str, Result] = {}
    for fold in sorted({_fold(sample, folds) for sample in named}):
        known = Known(tuple(_without(fold, failures, hits)))
        for sample in named:
            if _fold(sample, folds) == fold:
                verdict = diagnose(sample.case.evidence, known)
                results[sample.case.id] = judged(sample.case, verdict, sample.label)
    return Report(tuple(results[sample.case.id] for sample in named))


def _fold(sample: Sample, folds: int) -> int:
    """All cases of one source are in one fold, in every run and order of files."""
    return int.from_bytes(sha256(sample.source.encode()).digest()[:4]) % folds


def _folds_by_signature(
    samples: Sequence[Sample], failures: Sequence[KnownFailure], folds: int
) -> Mapping[Signature, set[int]]:
    found: defaultdict[Signature, set[int]] = defaultdict(set)
    known = Known(failures)
    for sample in samples:
        for signature in known.signatures_hit(signals_from(sample.case.evidence)):
            found[signature].add(_fold(sample, folds))
    return found


def _without(
    fold: int, failures: Sequence[KnownFailure], hits: Mapping[Signature, set[int]]
) -> Iterable[KnownFailure]:
    """The failures without the signatures that this fold alone would have taught."""
    for failure in failures:
        kept = tuple(one for one in failure.signatures if hits.get(one) != {fold})
        # Without any proof left a file would match on its circumstances alone.
        if kept or failure.when.any or failure.judgement or not failure.signatures:
            yield replace(failure, signatures=kept)
