"""Joins exceptions into chains and says which one of each explains the failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.diagnosis.logs.raised import Raised
from bot.diagnosis.logs.templates import template_of

# Exceptions of one chain that are kept, and chains of one log.
_LONGEST = 20
_MOST = 60

# A shorter text is found in too many messages by chance.
_QUOTED_MIN = 8


@dataclass(slots=True, eq=False)
class Chain:
    """Linked exceptions, the one that surfaced first, the deepest cause last.

    `handled`: it was logged and the task went on. `after_failure`: it was raised in the wake of
    a failure that already stood. `count`: how often the same was raised.
    """

    raised: list[Raised]
    root: int = 0
    handled: bool = False
    after_failure: bool = False
    count: int = 1

    @property
    def cause(self) -> Raised:
        return self.raised[self.root]

    @property
    def start(self) -> int:
        """Index of the first row of any of them."""
        return min(raised.start for raised in self.raised)

    @property
    def end(self) -> int:
        """Index of the last row of any of them."""
        return max(raised.end for raised in self.raised)

    @property
    def is_wrapper(self) -> bool:
        """Whether nothing in it says more than that something else failed."""
        return all(raised.is_wrapper for raised in self.raised)


def link(raised: Sequence[Raised]) -> list[Chain]:
    """Chains in order of appearance, each with its root."""
    printed: list[list[Raised]] = []
    for item in raised:
        if not printed or item.link is None:
            printed.append([item])
        elif len(printed[-1]) < _LONGEST:
            printed[-1].append(item)
        else:  # the deepest tells more than the middle of an endless chain
            printed[-1][-1] = item
    ordered = [_surfaced_first(chain) for chain in printed]
    return [Chain(chain, _root(chain)) for chain in ordered]


def unique(chains: Sequence[Chain]) -> list[Chain]:
    """The same exceptions logged again are one chain: the last of those that ended the task."""
    best: dict[tuple[tuple[str, str], ...], Chain] = {}
    counts: Counter[tuple[tuple[str, str], ...]] = Counter()
    for chain in chains:
        words = tuple(words_of(raised) for raised in chain.raised)
        counts[words] += 1
        known = best.get(words)
        if known is None or _fate(chain) <= _fate(known):
            best[words] = chain
    for words, chain in best.items():
        chain.count = counts[words]
    found = sorted(best.values(), key=lambda chain: chain.start)
    if len(found) <= _MOST:
        return found
    return found[: _MOST // 4] + found[-_MOST * 3 // 4 :]


def words_of(raised: Raised) -> tuple[str, str]:
    """What two exceptions have in common that are equal but for numbers and ids."""
    return raised.type.rsplit(".", 1)[-1], template_of(raised.message)


def _fate(chain: Chain) -> tuple[bool, bool]:
    return chain.after_failure, chain.handled


def _surfaced_first(printed: list[Raised]) -> list[Raised]:
    """Python prints the deepest first; Java's causes and a group's members come after it."""
    above = [raised for raised in printed if not raised.is_deeper]
    return above[::-1] + [raised for raised in printed if raised.is_deeper]


def _root(chain: Sequence[Raised]) -> int:
    index = 0
    while index + 1 < len(chain):
        here, deeper = chain[index], chain[index + 1]
        # The link is noted on whichever was printed later.
        between = deeper.link if deeper.is_deeper else here.link
        if here.link == "member" and between == "member":
            break  # members of a group stand side by side
        if between == "during" and not (here.is_wrapper or _quotes(here.message, deeper)):
            break
        index += 1
    return index


def _quotes(message: str, deeper: Raised) -> bool:
    """`raise Failed(f"could not load: {error}")` only repeats what it caught."""
    said = deeper.message.strip()
    return len(said) >= _QUOTED_MIN and said in message
