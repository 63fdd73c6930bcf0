"""One or two plain sentences saying why: the runbook's own words with the facts filled in."""

from __future__ import annotations

import re

from bot.diagnosis.findings import Matched
from bot.diagnosis.text import shorten
from bot.domain.evidence import Evidence
from bot.domain.runbooks import KnownFailure
from bot.domain.signals import Signals
from bot.words import say

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_VALUE_MAX = 200


def explain(known: KnownFailure, found: Matched, signals: Signals, evidence: Evidence) -> str:
    """The runbook's `explains`; its title and the deciding line where a fact of it is missing."""
    facts = _facts(found, signals, evidence)
    names = _PLACEHOLDER.findall(known.explains)
    if known.explains and all(name in facts for name in names):
        return _PLACEHOLDER.sub(lambda match: facts[match[1]], say(known.explains))
    line, title = facts.get("line"), say(known.title)
    return f"{title}: {line}" if line else title


def _facts(found: Matched, signals: Signals, evidence: Evidence) -> dict[str, str]:
    """Deepest signal of each name, and what the target and the task instance say."""
    facts: dict[str, str] = {}
    for signal in sorted(signals, key=lambda one: one.depth):
        facts[signal.name] = shorten(signal.value, _VALUE_MAX)
    for signal in reversed((*found.proofs, *found.support)):
        if signal.value:
            facts[signal.name] = shorten(signal.value, _VALUE_MAX)
    if found.proofs:
        facts["line"] = shorten(found.proofs[0].quote.text, _VALUE_MAX)
    chosen, target = evidence.task_instance, evidence.target
    named = {
        "task": chosen.task_id if chosen else target.task_id,
        "dag": target.dag_id,
        "host": chosen.hostname if chosen else None,
        "queue": chosen.queue if chosen else None,
        "try_number": str(chosen.try_number) if chosen and chosen.try_number else None,
        "dag_run_timeout": _seconds(evidence.dag.dag_run_timeout if evidence.dag else None),
        "max_active_runs": _seconds(evidence.dag.max_active_runs if evidence.dag else None),
    }
    facts.update({name: value for name, value in named.items() if value})
    return facts


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"
