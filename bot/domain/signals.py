"""Typed facts drawn from logs and metadata, each with the words that show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.verdicts import Quote


@dataclass(frozen=True, slots=True)
class Signal:
    """One fact. `name` is of the closed vocabulary in `bot.diagnosis.vocabulary`.

    `value` is what a runbook's `when` compares with (text, lower-case words or a number as
    text). `depth` orders explanations: 0 a mere symptom (the last state), higher is nearer to
    the cause (a child system's own error above the operator's wrapper).
    """

    name: str
    value: str
    quote: Quote
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Signals:
    """All facts of one diagnosis, and the names that could not be decided for want of evidence.

    `blind` holds signal names whose absence proves nothing, e.g. `ended_by` when the event log
    was forbidden: a condition on them is undecided, not false.
    """

    items: tuple[Signal, ...]
    blind: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Signal]:
        return iter(self.items)

    def named(self, name: str) -> tuple[Signal, ...]:
        return tuple(signal for signal in self.items if signal.name == name)

    def first(self, name: str) -> Signal | None:
        return next((signal for signal in self.items if signal.name == name), None)
