"""Whether what a sensor waited for can come at all."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.diagnosis.findings import NOTHING, Finding, Matched
from bot.domain.evidence import Evidence
from bot.domain.signals import Signals

_EXTERNAL = re.compile(r"ExternalTask\w*Sensor|ExternalDag\w*Sensor", re.I)
_POKING = re.compile(r"Poking for (?:DAG|task|external)|external_task\.py", re.I)


def awaited_run_may_never_come(signals: Signals, evidence: Evidence) -> Finding:
    """A sensor for another Dag's run timed out. It asks for one exact logical date, and most of
    these time out because the other Dag never has a run of that date."""
    timed_out = tuple(s for s in signals.named("exception") if s.value == "AirflowSensorTimeout")
    if not timed_out:
        return NOTHING
    operator = signals.first("operator")
    poking = tuple(s for s in signals.named("text") if _POKING.search(s.value))
    external = operator is not None and _EXTERNAL.search(operator.value)
    if not external and not poking:
        return NOTHING
    # The date it asked for decides, as first asked; that it timed out is the consequence.
    asked = tuple(replace(signal, depth=timed_out[0].depth + 1) for signal in poking[:1])
    return Matched((*asked, *timed_out))
