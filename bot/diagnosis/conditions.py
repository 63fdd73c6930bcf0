"""One condition of a runbook's `when` against the signals: true, false, or not to be seen."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import re2

from bot.domain.runbooks import Condition
from bot.domain.signals import Signal, Signals

_COMPARISON = re.compile(r"(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)")
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """`holds` is None where the signal could not be seen; `signals` are those that make it true."""

    holds: bool | None
    signals: tuple[Signal, ...] = ()


def ask(condition: Condition, signals: Signals) -> Answer:
    """Whether any signal of the condition's name has a value that fits."""
    fits = _test(condition.value)
    found = tuple(signal for signal in signals.named(condition.signal) if fits(signal.value))
    if found:
        return Answer(True, found)
    return Answer(None if condition.signal in signals.blind else False)


@lru_cache(maxsize=4096)
def _test(value: str) -> Callable[[str], bool]:
    if value == "*":
        return bool
    if len(value) > 2 and value[0] == value[-1] == "/":
        pattern = re2.compile("(?i)" + value[1:-1])
        return lambda text: pattern.search(text) is not None
    comparison = _COMPARISON.fullmatch(value.strip())
    if comparison:
        compare, bound = _OPERATORS[comparison[1]], float(comparison[2])
        return lambda text: _compares(text, compare, bound)
    wanted = value.casefold()
    return lambda text: text.casefold() == wanted


def _compares(text: str, compare: Callable[[float, float], bool], bound: float) -> bool:
    try:
        return compare(float(text), bound)
    except ValueError:
        return False
