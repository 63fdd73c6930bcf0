"""The door to the last look at texts that leave: names become pseudonyms, secrets stop it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Names:
    """What is known to be a name, besides what shows it by its form (ids of Slack's, addresses,
    hosts). `dags` are given where Dag ids are not to be told either."""

    people: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    dags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret that was still there. It is not quoted: `text` counts from 0 within what was handed
    in, `line` from 1 within that text."""

    kind: str
    text: int
    line: int


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """`texts` in the order of those that were handed in. `replaced` counts names by kind. With any
    of `findings` none of the texts may leave."""

    texts: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    replaced: Mapping[str, int] = field(default_factory=dict)


class Scrubber(Protocol):
    """One for each snapshot: the same name has the same pseudonym in all of its texts, and in no
    other snapshot's. It computes; whoever calls it from a loop does so in a thread."""

    def scrub(self, texts: Sequence[str], names: Names = ...) -> Scrubbed: ...


class Scrubbers(Protocol):
    """Gives the scrubber of a snapshot by its salt: of the same salt, the same pseudonyms."""

    def of(self, salt: bytes) -> Scrubber: ...
