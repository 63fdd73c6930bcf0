"""What one known failure has to say about one case: matched, ruled out, or cannot tell."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.signals import Signal
from bot.domain.verdicts import Quote
from bot.words import mark


@dataclass(frozen=True, slots=True)
class Matched:
    """The proofs, deepest first. `unsure` names signals that could have ruled it out, unseen."""

    proofs: tuple[Signal, ...]
    support: tuple[Signal, ...] = ()
    unsure: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        return max((proof.depth for proof in self.proofs), default=0)


@dataclass(frozen=True, slots=True)
class RuledOut:
    """It does not fit. `lines` are what spoke for it; none where nothing did."""

    reason: str
    lines: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Undecided:
    """It would fit, but `missing` signals could not be seen. `lines` are what speaks for it."""

    missing: tuple[str, ...]
    lines: tuple[Quote, ...] = ()


Finding = Matched | RuledOut | Undecided

NOTHING = RuledOut(mark("nothing of it was seen"))
