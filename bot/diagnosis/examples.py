"""The examples in a runbook's front matter, read as evidence. The vocabulary tells their form."""

from __future__ import annotations

import re

from bot.diagnosis.depth import Depth
from bot.diagnosis.logs import read_log_text
from bot.diagnosis.signals import signals_from
from bot.diagnosis.vocabulary import VOCABULARY
from bot.domain.errors import RunbookError
from bot.domain.evidence import Evidence, NamedText, TaskInstance
from bot.domain.signals import Signal, Signals
from bot.domain.targets import Target
from bot.domain.verdicts import Quote

_TEXTS = (
    "scheduler_log",
    "dag_processor_log",
    "triggerer_log",
    "import_error",
    "event_log",
    "message",
)
_FACTS = "signals:"
_PAIR = re.compile(r"\s*(\w+)\s*=\s*([^,]*)")
_CIRCUMSTANCES = frozenset({"state", "run_state", "operator", "executor", "waiting", "pool", "log"})


_STATED_FROM = 1_000  # ids above those that the evidence itself can reach


def example(text: str) -> tuple[Signals, Evidence]:
    """The signals and the evidence that one example stands for."""
    stated: tuple[Signal, ...] = ()
    first, _, rest = text.lstrip().partition("\n")
    if first.startswith(_FACTS):
        stated = tuple(_stated(first.removeprefix(_FACTS)))
        text = rest
    evidence = _evidence(text)
    signals = signals_from(evidence)
    names = {signal.name for signal in stated}
    drawn = tuple(signal for signal in signals if signal.name not in names)
    return Signals((*stated, *drawn), signals.blind), evidence


def _evidence(text: str) -> Evidence:
    target = Target("example")
    first, _, rest = text.lstrip().partition("\n")
    name = first.strip().removesuffix(":")
    if name in _TEXTS and first.strip().endswith(":"):
        return Evidence(target, extra=(NamedText(name, rest),))
    if not text.strip():
        return Evidence(target)
    task = TaskInstance("", "", "", state="failed", try_number=1)
    return Evidence(target, task_instance=task, log=read_log_text(text))


def _stated(pairs: str) -> list[Signal]:
    """`name=value, name=value` as signals. Raises `RunbookError` for an unknown name."""
    found = []
    for number, match in enumerate(_PAIR.finditer(pairs), 1):
        name, value = match[1], match[2].strip()
        if name not in VOCABULARY:
            raise RunbookError(f'the example states the unknown signal "{name}"')
        depth = Depth.STATE if name in _CIRCUMSTANCES else Depth.RECORDED
        quote = Quote(f"M{_STATED_FROM + number}", f"{name} is {value}", "example")
        found.append(Signal(name, value, quote, depth))
    return found
