"""Drafts of runbooks that keep their word as far as a draft can: checked against all examples of
all runbooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.answering.foreign import visible
from bot.answering.runbook_draft import (
    Sketch,
    examples_in,
    is_usable,
    proofs,
    readable,
    runbook_draft,
    sketch_of_case,
    sketch_of_sightings,
)
from bot.diagnosis.near_misses import near_misses
from bot.diagnosis.signs import signs_of
from bot.domain.answers import Diagnosis
from bot.domain.errors import RunbookError
from bot.domain.escalations import Escalation, Truth
from bot.domain.runbooks import KnownFailure
from bot.knowledge.runbook_file import Words, read_runbook
from bot.services.check_runbooks import check_draft

_TRIES = 20
_ALL_TRIES = 4  # against all runbooks, which takes some tenths of a second each
_SIGHTINGS = 3  # examples in one file

NO_WORDS = Words((), ())
"""Drafts go by signatures alone."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A file by its name and text, and the promises that it does not keep."""

    name: str
    title: str
    text: str
    faults: tuple[str, ...] = ()


def checked_draft(
    escalation: Escalation,
    truth: Truth,
    diagnosis: Diagnosis | None,
    known: Sequence[KnownFailure] = (),
) -> Drafted:
    """Of what could tell the case, the first that does; without faults if any comes without."""
    truth = readable(truth)
    # Signatures in general terms first: the words of one failure hold numbers of their own.
    told = [(each, sign) for each in examples_in(diagnosis) for sign in signs_of([each])]
    usable = [one for one in proofs(truth, diagnosis) if is_usable(one[1])]
    choices = [*told[:_TRIES], *usable[:_TRIES], usable[-1]]
    sketches = (sketch_of_case(escalation, truth, diagnosis, *one) for one in choices)
    found = _best(sketches, known)
    if found is None:
        raise AssertionError("the escalation's own name can always be told")
    return found


def drafted_sightings(
    cause: str,
    diagnoses: Sequence[Diagnosis],
    runs: int,
    dags: int,
    at: datetime,
    known: Sequence[KnownFailure],
) -> Drafted | None:
    """Of a failure that no runbook knows; None where its words have nothing in common to tell it
    by."""
    quoted = [examples_in(one) for one in diagnoses]
    examples = [visible(one[0]) for one in quoted if one][:_SIGHTINGS]
    if not examples:
        return None
    sketches = (
        sketch_of_sightings(cause, examples, sign, runs, dags, at) for sign in signs_of(examples)
    )
    return _best(sketches, known)


def faults_of(text: str, name: str, known: Sequence[KnownFailure]) -> tuple[str, ...]:
    """Every promise that the file would not keep beside those in force."""
    try:
        complaints = check_draft(read_runbook(text, name, NO_WORDS), known)
    except RunbookError as error:
        return (str(error),)
    return tuple(one.problem for one in complaints)


def _best(sketches: Iterable[Sketch], known: Sequence[KnownFailure]) -> Drafted | None:
    """The first without faults; of those with faults the one with the fewest."""
    best: Drafted | None = None
    tried = 0
    for sketch in sketches:
        if faults_of(runbook_draft(sketch), f"{sketch.cause}.md", ()):
            continue  # not even by itself
        found = _with_spares(sketch, known)
        tried += 1
        if best is None or len(found.faults) < len(best.faults):
            best = found
        if not found.faults or tried == _ALL_TRIES:
            break
    return best


def _with_spares(sketch: Sketch, known: Sequence[KnownFailure]) -> Drafted:
    """With near misses that it spares; what it catches of them shows as a fault of another kind."""
    name = f"{sketch.cause}.md"
    others = [text for one in known for text in one.catches]
    spares = tuple(
        line
        for line in near_misses(sketch.signs, others)
        if not _catches(replace(sketch, spares=(line,)))
    )
    text = runbook_draft(replace(sketch, spares=spares))
    return Drafted(name, sketch.title, text, faults_of(text, name, known))


def _catches(sketch: Sketch) -> bool:
    return bool(faults_of(runbook_draft(sketch), f"{sketch.cause}.md", ()))
