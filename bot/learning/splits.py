"""What is learnt from, tuned on and tested on: by incident and by time, so that nothing leaks.

All that is about one incident is in one split. Splits follow each other in time: what is tested on
was asked after all that was learnt from. An incident that was learnt from and comes back after that
time is left out, since neither holds for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.datasets import Split

_NEVER = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Shares:
    """Of all examples, 0 to 1."""

    validation: float = 0.1
    test: float = 0.1


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where the later splits begin; microseconds since the epoch."""

    validation: int = _NEVER
    test: int = _NEVER


@dataclass(frozen=True, slots=True)
class Incident:
    """`first` is when it was first asked about, in microseconds; `count` of its examples."""

    first: int
    count: int


def cuts_of(newest_first: Iterable[Incident], total: int, shares: Shares) -> Cuts:
    """Incidents come in the order of `first`, the newest first; `total` is of their examples.

    A split takes whole incidents as long as they fit into its share, but at least one, as long as
    another is left for training. Those that begin in the same moment stay together.
    """
    wanted = [share * total for share in (shares.test, shares.validation) if share]
    cuts: list[int] = []
    taken, last = 0, _NEVER
    for incident in newest_first:
        if len(cuts) == len(wanted):
            break
        is_later = incident.first != last
        if is_later and taken and taken + incident.count > wanted[len(cuts)]:
            cuts.append(last)
            taken = 0
        taken, last = taken + incident.count, incident.first
    test = cuts.pop(0) if shares.test and cuts else _NEVER
    return Cuts(validation=cuts[0] if cuts else test, test=test)


def split_of(at: int, first: int, cuts: Cuts) -> Split | None:
    """Of an example asked `at`, whose incident was `first` asked about then. None: left out."""
    if first >= cuts.test:
        return Split.TEST
    if first >= cuts.validation:
        return Split.VALIDATION if at < cuts.test else None
    return Split.TRAIN if at < cuts.validation else None
